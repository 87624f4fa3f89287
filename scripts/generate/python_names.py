"""Writes docs/python-helpers.md: which public names of Python's PyTorch exist in the package.

    python_names.py            writes the page
    python_names.py --check    compares only; exits with 1 and says what differs
    ... --exports FILE         takes the package's names from a JSON document (`-`: stdin) instead of
                               from the compiled package: {"torch": ["abs", ...], "torch.Tensor": ...}

Every public name of the modules below exists in camel case, goes by another name, or is listed here
with the reason why not; a name without either is an error.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import types
from pathlib import Path

sys.dont_write_bytecode = True

import torch  # noqa: E402
import torch.masked  # noqa: E402
import torch.signal.windows  # noqa: E402

from names import camel_case  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
PAGE = Path("docs/python-helpers.md")

MODULES = {
    "torch": torch,
    "torch.Tensor": torch.Tensor,
    "torch.linalg": torch.linalg,
    "torch.fft": torch.fft,
    "torch.special": torch.special,
    "torch.signal.windows": torch.signal.windows,
    "torch.masked": torch.masked,
}

# Python names that go by another name than their own in camel case.
OTHER_NAMES = {
    "torch": {
        "dtype": "the type `torch.Dtype`: a dtype is a string",
        "from_numpy": "`torch.frombuffer`",
        "layout": "the type `torch.Layout`: a layout is a string",
        "legacy_contiguous_format": "`torch.contiguousFormat`",
        "memory_format": "the type `torch.MemoryFormat`: a memory format is a string",
        "set_printoptions": "`torch.setPrintOptions`",
        "Size": "an array of numbers",
    },
    "torch.Tensor": {
        "data_ptr": "`x.data()` for the values",
        "const_data_ptr": "`x.data()` for the values",
        "numpy": "`x.sharedData()`; `x.data()` for a copy",
        "storage": "`x.data()` for the values",
        "untyped_storage": "`x.data()` for the values",
    },
    "torch.linalg": {"LinAlgError": "`torch.LinAlgError`"},
}

# Why a name is not there: patterns of names (whole) or of the types of their values.
REASONS: tuple[tuple[str, str, str], ...] = (
    ("name", r"Tensor|common_args|common_notes|multi_dim_common|factory_common_args|PRIVATE_OPS|TYPE_CHECKING"
     r"|USE_\w+|classproperty|get_file_path|prepare_multiprocessing_environment|profiler_\w+|PyTorchFile\w+"
     r"|ThroughputBenchmark|Benchmark\w+|thread_safe_generator|init_num_threads|get_device_module"
     r"|\w*Logger\w*|Capsule|DeviceObjType|StreamObjType|compiled_with_cxx11_abi|has_\w+",
     "An implementation detail of the Python package that is visible in its namespace."),
    ("type", r"pybind11_type",
     "A class of TorchScript or of another part of PyTorch's C++ core that only has Python bindings."),
    ("name", r"ScriptFunction|JITException|fork|wait|import_ir_module\w*|parse_\w+|merge_type_from_type_comment"
     r"|unify_type_list|cond|while_loop|sym_\w+|Sym\w+",
     "Belongs to TorchScript, `torch.compile` or symbolic shapes, which trace Python."),
    ("name", r"\w*Storage|is_storage|StorageBase|storage_type|is_shared|share_memory_",
     "Storages are not exposed: `x.sharedData()` is their memory, `torch.frombuffer` creates a tensor over memory, and "
     "`x.share()` shares it with other threads."),
    ("name", r"(BFloat16|Bool|Byte|Char|Double|Float|Half|Int|Long|Short)Tensor|set_default_tensor_type",
     "A legacy tensor type: use a dtype and a device."),
    ("name", r"Disable\w+|as_subclass", "`__torch_function__` and tensor subclasses are a Python protocol."),
    ("name", r"MaskedTensor|(as_|is_)?masked_tensor", "A tensor subclass that PyTorch marks as a prototype."),
    ("name", r"GradScaler|autocast\w*|\w+_autocast\w*", "Automatic mixed precision is not part of the package."),
    ("name", r"record_stream", "CUDA streams and events are not part of the package."),
    ("name", r"FatalError|AcceleratorError", "Thrown as `torch.RuntimeError`."),
    ("name", r"set_flush_denormal", "Would change the floating-point arithmetic of JavaScript on the same thread."),
    ("name", r"set_anomaly_enabled", "Use `torch.autograd.setDetectAnomaly`."),
    ("name", r"bit(s\d+.*)?|bits\d.*|float[48]_\w+|u?int[1-7]|q\w*int\d\w*|qscheme|per_(channel|tensor)_\w+"
     r"|is_quantized|quantized_\w+",
     "Quantised, sub-byte and 8-bit floating dtypes are not part of the package."),
    ("name", r"symeig|eig|solve|lstsq|matrix_rank|reinforce|volatile",
     "Removed from PyTorch: the name only raises an error that names its replacement."),
    ("name", r"from_dlpack|to_dlpack", "JavaScript has no DLPack."),
    ("name", r"apply_|map_|map2_", "Calls a Python function for each element; use operators."),
    ("name", r"grad_dtype", "A gradient has the dtype of its tensor."),
    ("name", r"is_(ipu|maia|mps|mtia|vulkan|xla|xpu)|ipu|mtia|xpu", "The package has the devices cpu, cuda and meta."),
    ("name", r"is_nested", "Nested tensors are available through their operators only."),
    ("name", r"name", "Always null: a remnant of named variables."),
    ("name", r"AVG|SUM", "Part of distributed training."),
)  # fmt: skip

# Exported only for their errors, which say what to use.
REFUSED = dict.fromkeys(("Event", "Stream"), "CUDA streams and events are not part of the package.")

LIST_EXPORTS = """
const torch = require(process.argv[1]);
const names = (value) => Object.getOwnPropertyNames(value);
console.log(JSON.stringify({
  'torch': names(torch), 'torch.Tensor': names(torch.Tensor.prototype), 'torch.linalg': names(torch.linalg),
  'torch.fft': names(torch.fft), 'torch.special': names(torch.special),
  'torch.signal.windows': names(torch.signal.windows), 'torch.masked': names(torch.masked),
}));
"""


def compiled_exports() -> dict[str, list[str]]:
    command = ["node", "-e", LIST_EXPORTS, str(ROOT / "dist" / "index.js")]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def public_names(module: object) -> dict[str, str]:
    """The public names of a module or class, each with the name of its value's type."""
    names: dict[str, str] = {}
    for name in sorted(dir(module)):
        if name.startswith("_"):
            continue
        value = getattr(module, name, None)
        if not isinstance(value, types.ModuleType):
            names[name] = type(value).__name__
    return names


def reason(name: str, value_type: str) -> str | None:
    for kind, pattern, text in REASONS:
        if re.fullmatch(pattern, name if kind == "name" else value_type):
            return text
    return None


def listing(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def page(exports: dict[str, list[str]]) -> str:
    counts: list[str] = []
    others: list[str] = []
    missing: dict[str, dict[str, list[str]]] = {}
    unexplained: list[str] = []
    for title, module in MODULES.items():
        known = set(exports[title])
        public = public_names(module)
        present = 0
        for name, value_type in public.items():
            other = OTHER_NAMES.get(title, {}).get(name)
            if name in REFUSED:
                missing.setdefault(REFUSED[name], {}).setdefault(title, []).append(name)
            elif camel_case(name) in known:
                present += 1
            elif other is not None:
                others.append(f"| `{title}.{name}` | {other} |")
            elif (why := reason(name, value_type)) is not None:
                missing.setdefault(why, {}).setdefault(title, []).append(name)
            else:
                unexplained.append(f"{title}.{name}")
        counts.append(f"| `{title}` | {len(public)} | {present} |")
    if unexplained:
        raise SystemExit(
            f"Neither exported nor explained: {', '.join(unexplained)}.\n"
            f"Add them to lib/functional/, or a reason to {Path(__file__).relative_to(ROOT)}."
        )
    lines = [
        "# Public names of Python's PyTorch: which exist here",
        "",
        "Generated by `scripts/generate/python_names.py` "
        f"from PyTorch {torch.__version__.partition('+')[0]} and the package's exports;",
        "a test checks that it is up to date.",
        "",
        "The package exports a name in camelCase: `torch.cartesian_prod` is `torch.cartesianProd`. Most names",
        "are operators ([operators.md](operators.md)). Functions that PyTorch implements in Python are in",
        "`lib/functional/`, `lib/signal/` and `lib/masked/`.",
        "",
        "| Namespace | Public names in Python | Here |",
        "| --------- | ---------------------: | ---: |",
        *counts,
        "",
        "## By another name",
        "",
        "| In Python | Here |",
        "| --------- | ---- |",
        *others,
        "",
        "## Not available",
    ]
    for _, _, why in REASONS:
        if why not in missing:
            continue
        lines += ["", why, ""]
        lines += [f"- `{title}`: {listing(names)}" for title, names in missing[why].items()]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    parser.add_argument("--exports", metavar="FILE", help="JSON document of the package's names; - for stdin")
    options = parser.parse_args()
    if options.exports is None:
        exports = compiled_exports()
    else:
        text = sys.stdin.read() if options.exports == "-" else Path(options.exports).read_text(encoding="utf-8")
        exports = json.loads(text)
    text = page(exports)
    path = ROOT / PAGE
    if options.check:
        if path.exists() and path.read_text(encoding="utf-8") == text:
            return 0
        print(f"{PAGE} is out of date: compile the package and run scripts/generate/python_names.py", file=sys.stderr)
        return 1
    path.write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
