"""PyTorch's operator database, and the choice of its samples."""

from __future__ import annotations

import random
import sys
import types
import unittest
import zlib

import numpy
import torch

from values import NotSerialisable, leaves_of

# The database imports this package only for its own tests.
_stub = types.ModuleType("expecttest")
_stub.TestCase = unittest.TestCase
sys.modules.setdefault("expecttest", _stub)

from torch.testing._internal.common_device_type import toleranceOverride  # noqa: E402
from torch.testing._internal.common_methods_invocations import op_db  # noqa: E402

MAX_ELEMENTS = 4096
# The main dtype is the first of these that an operator supports: its cases run in all modes, those of others in some.
MAIN_DTYPES = (torch.float64, torch.complex128, torch.int64, torch.bool, torch.float32, torch.uint8)
OTHER_DTYPES = (torch.float32, torch.complex128, torch.int64, torch.bool, torch.bfloat16)
# A few entries have thousands of samples. The choice is made among the first ones.
MAX_CANDIDATES = 400


def title(op) -> str:
    return f"{op.name}.{op.variant_test_name}" if op.variant_test_name else op.name


def entries(pattern=None):
    found = [op for op in op_db if pattern is None or pattern.search(title(op))]
    return sorted(found, key=title)


def entry_seed(seed: int, *parts) -> int:
    """A separate seed for each entry, so that the choice does not depend on other entries."""
    return zlib.crc32("/".join([str(seed), *map(str, parts)]).encode())


def dtypes_of(op):
    """The main dtype, or None, and the list of other dtypes."""
    supported = op.supported_dtypes("cpu")
    main = next((dtype for dtype in MAIN_DTYPES if dtype in supported), None)
    if main is None:
        return None, []
    return main, [dtype for dtype in OTHER_DTYPES if dtype in supported and dtype != main]


def choose_samples(op, dtype, count: int, seed: int, largest: int = MAX_ELEMENTS):
    """A seeded choice of samples that can be serialized, and the reasons why others cannot.

    A sample is a tuple: its position, its arguments, and the function that the database applies to results before it
    differentiates them.
    """
    seed = entry_seed(seed, title(op), dtype)
    torch.manual_seed(seed)
    numpy.random.seed(seed % 2**32)
    random.seed(seed)
    requires_grad = op.supports_autograd and (dtype.is_floating_point or dtype.is_complex)
    candidates, reasons, large = [], [], []
    for position, sample in enumerate(op.sample_inputs("cpu", dtype, requires_grad=requires_grad)):
        if position >= MAX_CANDIDATES:
            break
        arguments = ([sample.input, *sample.args], dict(sample.kwargs))
        try:
            leaves = leaves_of(arguments)
            sizes = [leaf.numel() if leaf.layout == torch.strided else 0 for leaf in leaves]
        except NotSerialisable as error:
            reasons.append(str(error))
            continue
        found = (position, arguments, sample.output_process_fn_grad)
        if sizes and max(sizes) > largest:
            reasons.append(f"a tensor of more than {largest} elements")
            large.append((max(sizes), *found))
            continue
        candidates.append(found)
    if not candidates and large:
        # An entry that has only large samples is represented by the smallest of them.
        candidates.append(min(large, key=lambda c: c[:2])[1:])
    # The first sample is usually the simplest one. If one sample is chosen, it may be any.
    chosen = candidates[:1] if count > 1 else []
    rest = candidates[len(chosen) :]
    random.Random(seed).shuffle(rest)
    # Samples without empty tensors are preferred.
    rest.sort(key=lambda c: any(leaf.numel() == 0 for leaf in leaves_of(c[1])))
    chosen += rest[: count - len(chosen)]
    return sorted(chosen, key=lambda c: c[0]), reasons


def tolerance_of(op, dtype):
    """The largest relative and absolute tolerance that PyTorch's tests of the entry allow, or None."""
    widest = None
    for decorator in op.decorators or ():
        inner = getattr(decorator, "decorators", [decorator])
        classes = getattr(decorator, "cls_name", None)
        if classes not in (
            None,
            "TestCommon",
            "TestOperators",
            "TestVmapOperatorsOpInfo",
            "TestUnaryUfuncs",
            "TestBwdGradients",
            "TestFwdGradients",
        ):
            continue
        for each in inner:
            if isinstance(each, toleranceOverride) and dtype in each.d:
                found = each.d[dtype]
                widest = (
                    (found.rtol, found.atol)
                    if widest is None
                    else (max(widest[0], found.rtol), max(widest[1], found.atol))
                )
    return widest
