# A peer in Python: answers requests, one line of JSON each, until the input ends (worker.mjs has the protocol).
# Arguments: the peer, and `cpu` or `cuda`.

import importlib
import json
import os
import platform
import re
import sys
import time

PEERS = {
    "torch": ("torch_rows", "Eager"),
    "torch-compile": ("torch_rows", "Compiled"),
    "jax": ("jax_rows", "Jit"),
    "casadi": ("casadi_rows", "VirtualMachine"),
    "casadi-c": ("casadi_rows", "CompiledC"),
}

# What libraries print must not mix with the answers.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def answer(value):
    print(json.dumps(value), file=answers, flush=True)


def status(key):
    with open("/proc/self/status") as file:
        return int(re.search(rf"{key}:\s+(\d+)", file.read()).group(1)) * 1024


def reset_peak():
    """Resident memory now, from which the peak counts; None where the system cannot reset the peak."""
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
        return status("VmRSS")
    except OSError:
        return None


class Worker:
    def __init__(self, peer):
        self.peer = peer
        self.call = None
        self.batch = 1
        self.imported = None

    def open(self, row):
        self.peer.first_use()
        self.imported = reset_peak() if self.peer.device == "cpu" else 0
        self.call = self.peer.rows[row]()
        start = time.perf_counter()
        self.call()
        return {"first": time.perf_counter() - start}

    def run(self, seconds):
        calls, elapsed, start = 0, 0, time.perf_counter()
        while elapsed < seconds:
            for _ in range(self.batch):
                self.call()
            calls += self.batch
            elapsed = time.perf_counter() - start
        self.batch = max(1, int(calls / elapsed / 1000))
        return {"calls": calls, "seconds": elapsed}

    def peak(self):
        peak = status("VmHWM") if self.peer.device == "cpu" else self.peer.device_peak()
        return {"peak": None if None in (peak, self.imported) else max(0, peak - self.imported)}

    def save(self, folder):
        leaves = []
        for i, array in enumerate(self.peer.arrays(self.call())):
            file = os.path.join(folder, f"{i}.bin")
            array.tofile(file)
            leaves.append({"file": file, "dtype": str(array.dtype), "shape": list(array.shape)})
        return {"leaves": leaves}


def main(name, device):
    module, kind = PEERS[name]
    try:
        peer = getattr(importlib.import_module(module), kind)(device)
    except (ImportError, RuntimeError) as error:
        answer({"unavailable": str(error)})
        return
    versions, threads = peer.describe()
    answer({"rows": list(peer.rows), "versions": {"Python": platform.python_version(), **versions}, "threads": threads})
    worker = Worker(peer)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer(getattr(worker, request.pop("do"))(**request))
        except Exception as error:
            lines = str(error).strip().splitlines()
            answer({"error": f"{type(error).__name__}: {lines[0] if lines else ''}"})


main(*sys.argv[1:3])
