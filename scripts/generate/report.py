"""docs/operators.md: how each of the dispatcher's aten overloads is reached, or why it is not."""

from __future__ import annotations

import re
from collections.abc import Iterable

import torch
from torchgen.api import cpp
from torchgen.model import NativeFunction
from torchgen.packaged.autograd import gen_python_functions as bindings

from catalog import Entry, is_hidden, is_without_value, version
from exceptions import HAND_WRITTEN, TYPES_WITHOUT_VALUE

_TITLES = {
    "methods": "methods of `Tensor`",
    "torch": "`torch`",
    "linalg": "`torch.linalg`",
    "fft": "`torch.fft`",
    "special": "`torch.special`",
    "nnFunctional": "`torch.nn.functional`",
    "sparse": "`torch.sparse`",
    "nested": "`torch.nested`",
}

# Reason -> what it means. The order is that of the page.
_REASONS = {
    "Variants that PyTorch's code generator adds": (
        "Tagged `generated` in the operator list: out=, functional and in-place forms that exist "
        "for compilers and other backends. Python has no bindings for them."
    ),
    "Halves of differentiable operators": (
        "`*_backward`, `*_forward` and `*_jvp`, which the derivative formulas call. Python's "
        "binding generator skips them by name."
    ),
    "Other internals": "Skipped by name in Python's binding generator.",
    "Numbers in place of tensors": (
        "Python has no bindings for these either: the overload that takes a tensor accepts a number."
    ),
    "Registered outside the operator list": (
        "Not in `native_functions.yaml`: added in C++, for TorchScript or distributed autograd."
    ),
}

_DERIVATIVE_PATTERN = re.compile(r".*_(backward|forward|jvp)(_|$)|.*_backward_impl$")


def _aten_overloads() -> list[str]:
    """Every aten overload the dispatcher knows, without `aten::`."""
    prefix = "aten::"
    names = set(torch._C._dispatch_get_all_op_names())
    return sorted(name.removeprefix(prefix) for name in names if name.startswith(prefix))


def _argument_types(overload: str) -> list[str]:
    name, _, overload_name = overload.partition(".")
    for schema in torch._C._jit_get_schemas_for_operator(f"aten::{name}"):
        if schema.overload_name == overload_name:
            return [str(argument.type) for argument in schema.arguments]
    raise LookupError(f"aten::{overload} has no schema")


def _reason(overload: str, function: NativeFunction | None) -> str:
    if function is None:
        return "Registered outside the operator list"
    name = cpp.name(function.func)
    if "generated" in function.tags:
        return "Variants that PyTorch's code generator adds"
    if str(function.func) in bindings.SKIP_PYTHON_BINDINGS_SIGNATURES:
        return "Numbers in place of tensors"
    if not any(pattern.match(name) for pattern in bindings.SKIP_PYTHON_BINDINGS):
        raise ValueError(f"aten::{overload} is bound in Python but not here, and nothing says why")
    return "Halves of differentiable operators" if _DERIVATIVE_PATTERN.match(name) else "Other internals"


def _is_hand_written(function: NativeFunction) -> bool:
    """Whether lib/ has code for it; an out= form is not what that code stands for."""
    name = str(function.func.name.name)
    return name in HAND_WRITTEN and not function.func.is_out_fn() and "generated" not in function.tags


def _table(header: tuple[str, str], rows: Iterable[tuple[str, str]]) -> list[str]:
    """A Markdown table padded as the project's formatter pads it; numbers stand on the right."""
    lines = [header, *rows]
    first, second = (max(len(line[column]) for line in lines) for column in (0, 1))
    numeric = all(row[1].isdigit() for row in lines[1:])
    align = str.rjust if numeric else str.ljust
    text = [f"| {a.ljust(first)} | {align(b, second)} |" for a, b in lines]
    rule = f"| {'-' * first} | {'-' * (second - 1) + ':' if numeric else '-' * second} |"
    return [text[0], rule, *text[1:]]


def _listing(overloads: list[str]) -> str:
    return ", ".join(f"`{overload}`" for overload in overloads)


def report(functions: list[NativeFunction], catalog: dict[str, list[Entry]]) -> str:
    by_name = {str(function.func.name): function for function in functions}
    groups = {
        namespace: [group for entry in entries for group in entry.groups] for namespace, entries in catalog.items()
    }
    as_method = {str(group.base.func.name) for group in groups["methods"]}
    as_function = {
        str(group.base.func.name)
        for namespace, members in groups.items()
        if namespace != "methods"
        for group in members
    }
    as_out = {
        str(group.outplace.func.name) for members in groups.values() for group in members if group.outplace is not None
    }
    typed = as_method | as_function | as_out

    overloads = _aten_overloads()
    unknown = typed - set(overloads)
    if unknown:
        raise ValueError(f"not in the dispatcher: {', '.join(sorted(unknown))}")

    hand_written: list[str] = []
    without_value: list[str] = []
    through_ops: dict[str, list[str]] = {reason: [] for reason in _REASONS}
    for overload in overloads:
        if overload in typed:
            continue
        function = by_name.get(overload)
        if is_without_value(_argument_types(overload)):
            without_value.append(overload)
        elif function is not None and _is_hand_written(function):
            hand_written.append(overload)
        else:
            through_ops[_reason(overload, function)].append(overload)

    stale = HAND_WRITTEN.keys() - {overload.partition(".")[0] for overload in hand_written}
    if stale:
        raise ValueError(f"listed as hand-written for no reason: {', '.join(sorted(stale))}")

    total_ops = sum(map(len, through_ops.values()))
    lines = [
        "# PyTorch's operators: how each is reached",
        "",
        f"Generated by `scripts/generate` from the dispatcher of PyTorch {version()}. `npm run generate`",
        "regenerates this page, and CI checks that it is up to date.",
        "",
        f"The dispatcher registers {len(overloads)} overloads under `aten::`. The typed API is the part that",
        "PyTorch exposes to Python. torchgen, the generator of PyTorch's own bindings, decides which",
        "operators have a name, in which namespace, and in which order their overloads are tried.",
        "",
        *_table(
            ("How an overload is reached", "Overloads"),
            [
                ("By name, with generated types", str(len(typed))),
                ("\u2003as a function", str(len(as_function))),
                ("\u2003as a method", str(len(as_method))),
                ("\u2003as the `out` option of one of these", str(len(as_out))),
                ("By name, written by hand", str(len(hand_written))),
                ("Through `torch.ops.aten` only", str(total_ops)),
                ("Not at all: no JavaScript value for an argument", str(len(without_value))),
                ("All", str(len(overloads))),
            ],
        ),
        "",
        "An overload that is both a function and a method counts once in the first row.",
        "",
        "## Names",
        "",
        *_table(
            ("Namespace", "Names"),
            [(title, str(len(catalog[namespace]))) for namespace, title in _TITLES.items()],
        ),
        "",
        "## Written by hand",
        "",
        "PyTorch's bindings are also hand-written, because their Python arguments differ from the operator's.",
        "",
        *_table(
            ("Overload", "In TypeScript"),
            [(f"`{overload}`", f"`{HAND_WRITTEN[overload.partition('.')[0]]}`") for overload in hand_written],
        ),
        "",
        "## Through `torch.ops.aten` only",
    ]
    for reason, meaning in _REASONS.items():
        members = through_ops[reason]
        lines += ["", f"### {reason} ({len(members)})", "", meaning, "", _listing(members)]
    hidden = sorted(
        {
            str(function.func.name.name)
            for function in functions
            if bindings.should_generate_py_binding(function)
            and bindings.is_py_torch_function(function)
            and is_hidden(str(function.func.name.name))
        }
    )
    lines += [
        "",
        "## Not reachable",
        "",
        f"These take {', '.join(TYPES_WITHOUT_VALUE[:-1])} or {TYPES_WITHOUT_VALUE[-1]} objects, which have no",
        "JavaScript counterpart.",
        "",
        _listing(without_value),
        "",
        "## Functions that `torch` hides",
        "",
        "PyTorch has bindings for these but removes them from the `torch` module, so they are absent here",
        "as well. Names with double underscores are methods.",
        "",
        _listing(hidden),
    ]
    return "\n".join(lines) + "\n"
