"""Writes the corpus: samples of every operator of PyTorch's operator database, and their outcomes in each mode.

main.py FOLDER [--seed N] [--ops REGEX] [--main-samples N] [--other-samples N] [--largest N] [--inputs] writes
FOLDER/manifest.json, cases.jsonl (a line per entry) and values.bin. ../corpus.ts documents the fields.
With --inputs the corpus has samples without cases: nothing that PyTorch computes.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import sys
import time
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch

import database
from outcomes import entry_cases

_options = argparse.Namespace()


def _run(position: int):
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    counts = (_options.main_samples, _options.other_samples)
    return position, *entry_cases(_entries()[position], _options.seed, counts, _options.inputs, _options.largest)


def _entries():
    return database.entries(re.compile(_options.ops) if _options.ops else None)


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[KPython: {done} of {total} operators")
    elif done == total:
        sys.stderr.write(f"Python: {done} operators\n")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ops")
    parser.add_argument("--main-samples", type=int, default=4)
    parser.add_argument("--other-samples", type=int, default=1)
    parser.add_argument("--largest", type=int, default=database.MAX_ELEMENTS)
    parser.add_argument("--inputs", action="store_true")
    parser.add_argument("--processes", type=int, default=max(1, len(os.sched_getaffinity(0))))
    parser.parse_args(namespace=_options)
    begin = time.monotonic()
    entries = _entries()
    os.makedirs(_options.folder, exist_ok=True)
    # Small chunks, so that the processes end at about the same time.
    results: dict[int, tuple] = {}
    with multiprocessing.get_context("fork").Pool(_options.processes) as pool:
        for position, entry, blob in pool.imap_unordered(_run, range(len(entries)), chunksize=2):
            results[position] = (entry, blob)
            _progress(len(results), len(entries))
    manifest = {"torch": torch.__version__, "seed": _options.seed, "entries": []}
    offset = line_offset = 0
    with (
        open(os.path.join(_options.folder, "cases.jsonl"), "wb") as lines,
        open(os.path.join(_options.folder, "values.bin"), "wb") as values,
    ):
        for position in range(len(entries)):
            entry, blob = results[position]
            line = json.dumps(entry, separators=(",", ":")).encode() + b"\n"
            blob += b"\0" * (-len(blob) % 16)
            cases = sum(len(sample["cases"]) for sample in entry["samples"])
            manifest["entries"].append(
                {
                    "op": entry["op"],
                    "variant": entry["variant"],
                    "cases": cases,
                    "line": [line_offset, len(line)],
                    "values": [offset, len(blob)],
                }
            )
            lines.write(line)
            values.write(blob)
            line_offset += len(line)
            offset += len(blob)
    # Written last: a folder with a manifest is complete.
    with open(os.path.join(_options.folder, "manifest.json"), "w") as file:
        json.dump(manifest, file, separators=(",", ":"))
    cases = sum(entry["cases"] for entry in manifest["entries"])
    samples = sum(len(entry["samples"]) for entry, _ in results.values())
    print(
        f"{cases} cases of {samples} samples of {len(entries)} operators in {time.monotonic() - begin:.0f} s",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
