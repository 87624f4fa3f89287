"""The arguments of a sample, with serialized tensors."""

from __future__ import annotations

import torch
from torch.utils import _pytree as pytree

from programs import copied_program
from values import canonical, is_differentiable, leaves_of


class Frozen:
    """Copies of arguments, whose tensors are serialized before a call can modify them."""

    def __init__(self, arguments, dtype, blob):
        original = leaves_of(arguments)
        self.dtype = dtype
        self.leaves = [canonical(leaf) for leaf in original]
        flat, spec = pytree.tree_flatten(arguments)
        replacement = iter(self.leaves)
        self.arguments = pytree.tree_unflatten(
            [next(replacement) if isinstance(leaf, torch.Tensor) else leaf for leaf in flat], spec
        )
        self.specs = [blob.leaf(leaf) for leaf in self.leaves]
        self.differentiable = [
            i for i, leaf in enumerate(original) if leaf.requires_grad and is_differentiable(self.leaves[i])
        ]

    def described(self, position):
        return {
            "dtype": str(self.dtype).removeprefix("torch."),
            "sample": position,
            "leaves": self.specs,
            "diff": self.differentiable,
        }


def sample_inputs(op, position, arguments, finish, dtype, blob):
    """A sample without cases."""
    frozen = Frozen(arguments, dtype, blob)
    program = copied_program(op.op, op.name, frozen.arguments)
    variants = {}
    if frozen.differentiable and not _is_plain(op, frozen.arguments, finish):
        around = lambda *args, **kwargs: finish(op.gradcheck_wrapper(*args, **kwargs))  # noqa: E731
        variants["differentiable"] = copied_program(op.op, op.name, frozen.arguments, around)
    return {**frozen.described(position), "outs": [], "program": program, "variants": variants, "cases": []}


def _is_plain(op, arguments, finish):
    """Whether the database differentiates the operator itself, not a function around it."""
    args, kwargs = arguments
    result, given = object(), []

    def stand_in(*args, **kwargs):
        given.append(([*args], kwargs))
        return result

    try:
        returned = finish(op.gradcheck_wrapper(stand_in, *args, **kwargs))
    except Exception:  # the wrapper reads the result, which is a plain object here
        return False
    same = [a is b for a, b in zip(pytree.tree_leaves(given), pytree.tree_leaves([arguments]))]
    return returned is result and all(same)
