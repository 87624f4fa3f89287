"""The programs of samples, which ../programs.ts runs: a call of the operator, or the calls of a Python wrapper.

Some callables of the database are lambdas (``lambda x: x.clone().exponential_()``). They are recorded by running them
once under a function mode, which intercepts each call of a public function, but no calls inside of it.
"""

from __future__ import annotations

import contextlib
import functools
import inspect

import torch
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree

from names import public_name
from values import NotSerialisable, canonical, encode

# Functions that dispatch on a boolean argument have no signature of their own.
_REQUIRED = {
    **{f"torch.nn.functional.max_pool{d}d": ("input", "kernel_size") for d in (1, 2, 3)},
    **{f"torch.nn.functional.max_pool{d}d_with_indices": ("input", "kernel_size") for d in (1, 2, 3)},
    **{f"torch.nn.functional.adaptive_max_pool{d}d": ("input", "output_size") for d in (1, 2, 3)},
}


def _call(function, name, args, kwargs, refer):
    """One call, with its required arguments by position, as in TypeScript."""
    args, kwargs = list(args), dict(kwargs)
    for parameter in _required(function, name)[len(args) :]:
        if parameter not in kwargs:
            break
        args.append(kwargs.pop(parameter))
    if name == "torch.Tensor.__getitem__":
        # A tuple is several indices, a list is one index.
        args = [args[0], *(args[1] if isinstance(args[1], tuple) else [args[1]])]
    return {"fn": name, "args": encode(args, refer), "kwargs": encode(kwargs, refer)["d"]}


def _required(function, name):
    if name in _REQUIRED:
        return _REQUIRED[name]
    if not inspect.isfunction(function):
        return ()
    parameters = inspect.signature(function).parameters.values()
    return [p.name for p in parameters if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]


class _Recorder(TorchFunctionMode):
    def __init__(self, leaves):
        super().__init__()
        self.steps = []
        self.kept = list(leaves)
        self.references = {id(leaf): {"t": position} for position, leaf in enumerate(leaves)}

    def reference(self, tensor):
        if id(tensor) not in self.references:
            raise NotSerialisable("a tensor that no recorded call made")
        return self.references[id(tensor)]

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        tensors = [leaf for leaf in pytree.tree_leaves(result) if isinstance(leaf, torch.Tensor)]
        # Properties of a tensor, such as its shape, are not recorded: their values are arguments of later calls.
        if not tensors:
            return result
        name = public_name(func)
        if name is None:
            raise NotSerialisable(f"a call of {getattr(func, '__qualname__', func)}")
        self.steps.append(_call(func, name, args, kwargs, self.reference))
        self.kept.append(result)
        position = len(self.steps) - 1
        self._refer(result, {"r": [position]})
        return result

    def as_one(self, function, name):
        """Records the function as a single step, even if it calls public functions."""

        @functools.wraps(function)
        def call(*args, **kwargs):
            step = _call(function, name, args, kwargs, self.reference)
            with torch._C.DisableTorchFunction():
                result = function(*args, **kwargs)
            self.steps.append(step)
            self.kept.append(result)
            self._refer(result, {"r": [len(self.steps) - 1]})
            return result

        return call

    def _refer(self, value, reference):
        if isinstance(value, torch.Tensor):
            self.references.setdefault(id(value), reference)
        elif isinstance(value, (list, tuple)):
            for i, item in enumerate(value):
                self._refer(item, {"r": [*reference["r"], i]})


@contextlib.contextmanager
def _recorded_seeds(recorder):
    seed = torch.manual_seed

    def manual_seed(value):
        recorder.steps.append({"seed": int(value)})
        return seed(value)

    torch.manual_seed = manual_seed
    try:
        yield
    finally:
        torch.manual_seed = seed


def program_of(function, hint, arguments, leaves):
    """`{fn, args, kwargs}` for a public function, or `{steps, result}` for the calls of a wrapper."""
    args, kwargs = arguments
    name = public_name(function, hint)
    if name is not None:
        references = {id(leaf): {"t": position} for position, leaf in enumerate(leaves)}
        refer = lambda tensor: references[id(tensor)]  # noqa: E731
        return _call(function, name, args, kwargs, refer)
    recorder = _Recorder(leaves)
    with _recorded_seeds(recorder), recorder:
        result = function(*args, **kwargs)
    return {"steps": recorder.steps, "result": encode(result, recorder.reference)}


def program_around(around, function, hint, arguments, leaves):
    """The program of a Python wrapper that takes a function as its first argument."""
    args, kwargs = arguments
    recorder = _Recorder(leaves)
    name = public_name(function, hint)
    inner = function if name is None else recorder.as_one(function, name)
    with _recorded_seeds(recorder), recorder:
        result = around(inner, *args, **kwargs)
    return {"steps": recorder.steps, "result": encode(result, recorder.reference)}


def copied_program(function, hint, arguments, around=None):
    """The program of a call, recorded with copies of the arguments, because a wrapper may modify them."""
    flat, spec = pytree.tree_flatten(arguments)
    copies = [canonical(leaf) if isinstance(leaf, torch.Tensor) else leaf for leaf in flat]
    copied = pytree.tree_unflatten(copies, spec)
    torch.manual_seed(0)
    leaves = [leaf for leaf in copies if isinstance(leaf, torch.Tensor)]
    if around is not None:
        return program_around(around, function, hint, copied, leaves)
    return program_of(function, hint, copied, leaves)
