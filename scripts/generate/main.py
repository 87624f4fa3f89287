"""Writes what is generated from the operator list inside the PyTorch wheel.

These are lib/generated, docs/operators.md and native/operators/numbers_as_tensors.h.

    main.py            writes what changed
    main.py --check    compares only; exits with 1 and the differences when something is stale

Needs an interpreter with torch and PyYAML; `npm run generate` finds one.
"""

from __future__ import annotations

import argparse
import difflib
import itertools
import re
import sys
from pathlib import Path

sys.dont_write_bytecode = True

from catalog import catalog, native_functions, version  # noqa: E402
from emit import generated_files, numbers_as_tensors  # noqa: E402
from report import report  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
GENERATED = Path("lib/generated")
REPORT = Path("docs/operators.md")
NUMBERS = Path("native/operators/numbers_as_tensors.h")
PROJECT = ROOT / "scripts" / "setup" / "project.mjs"
DIFFERENCE_LINES = 40


def build() -> dict[Path, str]:
    """Every file the generator owns, relative to the repository's root, with its text."""
    functions = native_functions()
    entries = catalog(functions)
    files = {GENERATED / name: text for name, text in generated_files(entries).items()}
    files[REPORT] = report(functions, entries)
    files[NUMBERS] = numbers_as_tensors()
    return files


def differences(files: dict[Path, str]) -> list[str]:
    problems: list[str] = []
    for path, text in files.items():
        on_disk = ROOT / path
        if not on_disk.exists():
            problems.append(f"{path} is missing")
            continue
        current = on_disk.read_text(encoding="utf-8")
        if current != text:
            lines = difflib.unified_diff(
                current.splitlines(), text.splitlines(), str(path), "generated anew", lineterm="", n=1
            )
            problems.append("\n".join(itertools.islice(lines, DIFFERENCE_LINES)))
    surplus = {p.relative_to(ROOT) for p in (ROOT / GENERATED).glob("*")} - files.keys()
    problems += [f"{path} is not generated any more" for path in sorted(surplus)]
    return problems


def write(files: dict[Path, str]) -> int:
    written = 0
    for path, text in files.items():
        on_disk = ROOT / path
        if on_disk.exists() and on_disk.read_text(encoding="utf-8") == text:
            continue
        on_disk.parent.mkdir(parents=True, exist_ok=True)
        on_disk.write_text(text, encoding="utf-8", newline="\n")
        print(f"wrote {path}")
        written += 1
    for stale in sorted((ROOT / GENERATED).glob("*")):
        if stale.relative_to(ROOT) not in files:
            stale.unlink()
            print(f"removed {stale.relative_to(ROOT)}")
            written += 1
    return written


def expected_series() -> str:
    """The release series whose operators the project is built against."""
    found = re.search(r"torchVersion = '(\d+\.\d+)\.", PROJECT.read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f"{PROJECT} names no torchVersion")
    return found[1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    check = parser.parse_args().check
    series = expected_series()
    if not version().startswith(f"{series}."):
        print(f"found torch {version()} in {sys.executable}, expected {series}.x", file=sys.stderr)
        return 2
    files = build()
    if not check:
        if write(files) == 0:
            print(f"all {len(files)} generated files are up to date")
        return 0
    problems = differences(files)
    if problems:
        print("\n\n".join(problems), file=sys.stderr)
        print(
            f"\n{len(problems)} of {len(files)} generated files differ; run `npm run generate`",
            file=sys.stderr,
        )
        return 1
    print(f"all {len(files)} generated files are up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
