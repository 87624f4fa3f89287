# The Python side of timing.mjs: answers requests, one line of JSON each, until the input ends.

import json
import sys
import time

import torch

from cases import CASES
from files import FILE_CASES
from results import sums
from workloads import WORKLOADS

torch.set_num_threads(1)
CALLS = {**CASES, **WORKLOADS, **FILE_CASES}
calls = {}


def repeat(call, count):
    start, cpu = time.perf_counter(), time.process_time()
    for _ in range(count):
        call()
    return {"seconds": time.perf_counter() - start, "cpuSeconds": time.process_time() - cpu}


for line in sys.stdin:
    request = json.loads(line)
    name, count = request["name"], request["count"]
    if name not in calls:
        calls[name] = CALLS[name]()
    answer = sums(calls[name]()) if count == 0 else repeat(calls[name], count)
    print(json.dumps(answer), flush=True)
