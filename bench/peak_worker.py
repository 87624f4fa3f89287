# The Python side of peaks.mjs: repeats a case and prints its memory in bytes. Arguments: the case and the
# number of calls.

import json
import re
import sys

import torch
from torch import func

from cases import CASES
from results import sums
from workloads import WORKLOADS

name, count = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(1)


def status(key):
    with open("/proc/self/status") as file:
        return int(re.search(rf"{key}:\s+(\d+)", file.read()).group(1)) * 1024


# The first use of the transforms belongs to the import: it loads modules.
func.vmap(func.jacrev(torch.sin))(torch.ones(2, 3))
func.jvp(func.jacfwd(torch.sin), (torch.ones(3),), (torch.ones(3),))

imported = status("VmRSS")
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")  # resets the peak
call = {**CASES, **WORKLOADS}[name]()
for _ in range(count):
    result = call()
peak = status("VmHWM")
print(json.dumps({"imported": imported, "peak": peak, "sums": sums(result)}))
