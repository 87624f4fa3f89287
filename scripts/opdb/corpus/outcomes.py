"""All cases of one entry: its samples in every mode, with the outcomes in PyTorch."""

from __future__ import annotations

import functools
import random
import re
import sys
import time
import warnings

import torch
from torch.utils import _pytree as pytree

import database
import modes
from inputs import Frozen, sample_inputs
from names import public_name
from programs import copied_program, program_of
from values import Blob, NotSerialisable, canonical, encode, is_differentiable, leaves_of

MAX_RESULT = 600_000
# The results of these operators are uninitialized memory.
UNINITIALISED = re.compile(r"^(new_)?empty|^resize_|^torch\.ops\.aten\.empty")
FALLBACK = re.compile(r"the batching rule for (\S+?)\. ")

SUBSETS = {
    torch.float32: ("vjp", "jvp"),
    torch.complex128: ("grad", "autograd", "vjp", "jvp", "vmap_vjp", "vmap_jvp", "vjp_vjp", "jvp_vjp"),
    torch.bfloat16: ("vjp",),
}


class TooLarge(Exception):
    """Raised for a result that is too large to store."""


def _first_line(error):
    lines = str(error).strip().splitlines()
    return lines[0][:2000] if lines else ""


def outcome_of(run, blob, keep_values):
    """`{ok}` or `{error, message}`, and the operators for which the vmap fallback ran."""
    torch.manual_seed(0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            value = run()
        except Exception as error:  # an error of PyTorch is an outcome
            outcome = {"error": type(error).__name__.removeprefix("_"), "message": _first_line(error)}
            value = None
        else:
            size = sum(x.numel() for x in pytree.tree_leaves(value) if isinstance(x, torch.Tensor))
            if size > MAX_RESULT:
                raise TooLarge(f"a result of {size} elements")
            outcome = {"ok": encode(value, lambda x: blob.result(x, keep_values))}
    slow = sorted({match for w in caught for match in FALLBACK.findall(str(w.message))})
    if slow:
        outcome["slow"] = slow
    return outcome


def _mixed_dims(leaves, rng):
    """Random batch dimensions: None for some leaves, any dimension for the others."""
    while True:
        dims = [None if rng.random() < 0.4 else rng.choice([-1, *range(leaf.dim() + 1)]) for leaf in leaves]
        if any(dim is not None for dim in dims):
            return dims


def sample_cases(op, position, arguments, dtype, main, seed, blob):
    """A sample with all of its cases."""
    frozen = Frozen(arguments, dtype, blob)
    leaves, arguments, differentiable = frozen.leaves, frozen.arguments, frozen.differentiable
    fresh = lambda: [canonical(leaf) for leaf in leaves]  # noqa: E731
    program = copied_program(op.op, op.name, arguments)
    sample = modes.Sample(op.op, arguments, leaves, differentiable)
    keep = not UNINITIALISED.search(op.name)
    cases = []
    skipped = []

    def add(mode, run, keep_values=keep, **more):
        sample.leaves = fresh()
        begin = time.monotonic()
        try:
            cases.append({"mode": mode, **more, **outcome_of(run, blob, keep_values)})
        except (TooLarge, NotSerialisable) as error:
            skipped.append({"mode": mode, "why": str(error)})
        if time.monotonic() - begin > 5:
            print(f"slow: {database.title(op)} {mode} {time.monotonic() - begin:.1f} s", file=sys.stderr)

    result = None

    def eager():
        nonlocal result
        result = sample.call(sample.leaves)
        return result

    add("eager", eager)
    tensors = [x for x in pytree.tree_leaves(result) if isinstance(x, torch.Tensor)]
    sample.outputs = [(x.dtype, list(x.shape)) for x in tensors if is_differentiable(x)]
    variants = {}
    for mode, variant in (("method", op.method_variant), ("inplace", op.inplace_variant)):
        if variant is None or (mode == "method" and public_name(op.op, op.name) == public_name(variant)):
            continue
        in_place = mode == "inplace"
        try:
            variants[mode] = copied_program(variant, None, arguments)
        except NotSerialisable as error:
            skipped.append({"mode": mode, "why": str(error)})
            continue
        except Exception:  # the wrapper rejects this sample
            continue
        add(mode, lambda v=variant, i=in_place: modes.run_variant(sample, v, i))
    takes_out = op.supports_out and "fn" in program and not isinstance(op.op, torch._ops.OpOverloadPacket)
    if takes_out and _can_be_given(result):
        spec = [[str(x.dtype).removeprefix("torch."), list(x.shape)] for x in tensors]
        add("out", lambda: modes.run_out(sample, tensors), out=spec)
        # PyTorch's argument parser rejects `out` with some arguments, which is not an outcome of the operator.
        if cases and cases[-1].get("error") == "TypeError":
            cases.pop()
    if leaves and tensors:
        add("vmap", lambda: modes.run_vmap(sample, [0] * len(leaves)))
        dims = _mixed_dims(leaves, random.Random(database.entry_seed(seed, database.title(op), dtype, position)))
        add("vmap_mixed", lambda: modes.run_vmap(sample, dims), dims=dims)
    if differentiable and sample.outputs:
        for mode, run in modes.DERIVATIVES.items():
            if not main and mode not in SUBSETS.get(dtype, ()):
                continue
            if modes.fits(mode, sample):
                add(mode, lambda run=run: run(sample))
    described_sample = {
        **frozen.described(position),
        "outs": [[str(d).removeprefix("torch."), shape] for d, shape in sample.outputs],
        "program": program,
        "variants": variants,
        "cases": cases,
    }
    tolerance = database.tolerance_of(op, dtype)
    if tolerance is not None:
        described_sample["tolerance"] = tolerance
    return described_sample, skipped


def error_samples(op, blob):
    """The calls of the database that must fail. Each is a sample with one case."""
    found = []
    # Python itself handles its operators with non-tensor values.
    if op.error_inputs_func is None or op.name.startswith("__"):
        return found
    for position, error_input in enumerate(op.error_inputs("cpu")):
        given = error_input.sample_input
        arguments = ([given.input, *given.args], dict(given.kwargs))
        try:
            flat, spec = pytree.tree_flatten(arguments)
            leaves = [canonical(leaf) for leaf in leaves_of(arguments)]
            if sum(leaf.numel() for leaf in leaves) > MAX_RESULT:
                continue
            replacement = iter(leaves)
            flat = [next(replacement) if isinstance(leaf, torch.Tensor) else leaf for leaf in flat]
            arguments = pytree.tree_unflatten(flat, spec)
            # A wrapper that fails cannot be recorded.
            if public_name(op.op, op.name) is None:
                return found
            described = [blob.leaf(leaf) for leaf in leaves]
            program = program_of(op.op, op.name, arguments, leaves)
            sample = modes.Sample(op.op, arguments, leaves, [])
            outcome = outcome_of(functools.partial(sample.call, leaves), blob, False)
        except NotSerialisable:
            continue
        dtype = str(leaves[0].dtype).removeprefix("torch.") if leaves else "float32"
        found.append(
            {
                "dtype": dtype,
                "sample": position,
                "leaves": described,
                "diff": [],
                "outs": [],
                "program": program,
                "variants": {},
                "cases": [{"mode": "error", **outcome}],
            }
        )
    return found


def _marks(op):
    """The derivatives that the database tests for an entry."""
    return {
        "forward": op.supports_forward_ad,
        "reverse": op.supports_autograd,
        "reverseTwice": op.supports_gradgrad,
        "forwardOverReverse": op.supports_fwgrad_bwgrad,
    }


def _can_be_given(result):
    """Whether the results are strided tensors, which can be passed as `out`."""
    items = result if isinstance(result, (list, tuple)) else [result]
    return len(items) > 0 and all(isinstance(x, torch.Tensor) and x.layout == torch.strided for x in items)


def entry_cases(op, seed, counts, inputs_only=False, largest=database.MAX_ELEMENTS):
    """The JSON and the binary part of an entry. `counts` has the number of samples in the main and in other dtypes."""
    blob = Blob()
    entry = {"op": op.name, "variant": op.variant_test_name, "marks": _marks(op), "samples": [], "skipped": []}
    main, others = database.dtypes_of(op)
    if main is None:
        entry["skipped"].append({"mode": "all", "why": "no dtype of it exists on the CPU"})
        return entry, b""
    for dtype in (main, *others):
        count = counts[0] if dtype == main else counts[1]
        if count == 0:
            continue
        try:
            samples, reasons = database.choose_samples(op, dtype, count, seed, largest)
        except Exception as error:
            name = str(dtype).removeprefix("torch.")
            entry["skipped"].append(
                {"mode": "all", "why": f"the database makes no {name} sample: {_first_line(error)}"}
            )
            continue
        if not samples:
            why = sorted(set(reasons)) or ["no sample in the database"]
            entry["skipped"].append({"mode": "all", "why": "; ".join(why)})
        for position, arguments, finish in samples:
            try:
                if inputs_only:
                    described, skipped = sample_inputs(op, position, arguments, finish, dtype, blob), []
                else:
                    described, skipped = sample_cases(op, position, arguments, dtype, dtype == main, seed, blob)
            except NotSerialisable as error:
                entry["skipped"].append({"mode": "all", "why": str(error)})
                continue
            except Exception as error:  # the database's wrapper fails
                entry["skipped"].append({"mode": "all", "why": f"it does not run in PyTorch: {_first_line(error)}"})
                continue
            entry["samples"].append(described)
            entry["skipped"].extend(skipped)
    if not inputs_only:
        entry["samples"].extend(error_samples(op, blob))
    entry["skipped"] = [dict(t) for t in sorted({tuple(sorted(s.items())) for s in entry["skipped"]})]
    return entry, b"".join(blob.parts)
