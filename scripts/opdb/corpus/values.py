"""Serialization of values: JSON for their structure, one binary file for the elements of tensors."""

from __future__ import annotations

import math

import torch
from torch.utils import _pytree as pytree

_PLAIN = (torch.dtype, torch.layout, torch.memory_format)


class NotSerialisable(Exception):
    """Raised for a value that has no counterpart outside of Python."""


def leaves_of(tree) -> list[torch.Tensor]:
    """The tensors of a tree of arguments, in order. Raises NotSerialisable if a value cannot be serialized."""
    found = []
    for leaf in pytree.tree_leaves(tree):
        if isinstance(leaf, torch.Tensor):
            if leaf.layout != torch.strided:
                raise NotSerialisable(f"an argument of layout {leaf.layout}")
            if leaf.device.type != "cpu":
                raise NotSerialisable(f"an argument on {leaf.device}")
            if type(leaf) not in (torch.Tensor, torch.nn.Parameter):
                raise NotSerialisable(f"an argument of class {type(leaf).__name__}")
            found.append(leaf)
        elif isinstance(leaf, slice):
            for part in (leaf.start, leaf.stop, leaf.step):
                if not isinstance(part, (int, type(None))):
                    raise NotSerialisable("a slice of tensors")
        elif not (
            leaf is None
            or leaf is Ellipsis
            or isinstance(leaf, (bool, int, float, complex, str, torch.device, *_PLAIN))
        ):
            raise NotSerialisable(f"an argument of class {type(leaf).__name__}")
    return found


def is_differentiable(value) -> bool:
    return isinstance(value, torch.Tensor) and (value.is_floating_point() or value.is_complex())


def raw_bytes(x: torch.Tensor) -> bytes:
    """The elements in order, in the tensor's own dtype."""
    x = x.detach().resolve_conj().resolve_neg()
    if x.numel() == 0:
        return b""
    # Copied, because a tensor with one element is contiguous whatever its strides are.
    return x.clone(memory_format=torch.contiguous_format).reshape(-1).view(torch.uint8).numpy().tobytes()


def canonical(x: torch.Tensor) -> torch.Tensor:
    """A copy of the tensor in memory of its own, with the same strides, as tensors.ts creates it."""
    x = x.detach()
    if x.is_conj() or x.is_neg():
        x = x.resolve_conj().resolve_neg()
    if x.is_contiguous() or x.numel() == 0:
        return x.clone(memory_format=torch.contiguous_format)
    return span_of(x).clone().as_strided(x.shape, x.stride())


def span_of(x: torch.Tensor) -> torch.Tensor:
    """The memory between the first and the last element of a strided tensor, as a 1-D tensor."""
    length = 1 + sum((size - 1) * stride for size, stride in zip(x.shape, x.stride()))
    return x.as_strided((length,), (1,), x.storage_offset())


class Blob:
    """The binary part of an entry. Equal contents are stored once."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size = 0
        self._known: dict[bytes, int] = {}

    def add(self, data: bytes) -> int:
        known = self._known.get(data)
        if known is not None:
            return known
        # Aligned for every dtype.
        padding = -self.size % 16
        self.parts.append(b"\0" * padding + data)
        offset = self.size + padding
        self.size = offset + len(data)
        self._known[data] = offset
        return offset

    def leaf(self, x: torch.Tensor):
        """A tensor argument: [dtype, shape, offset], and the strides of a non-contiguous tensor."""
        dtype = str(x.dtype).removeprefix("torch.")
        if x.is_contiguous() or x.numel() == 0:
            return [dtype, list(x.shape), self.add(raw_bytes(x))]
        span = span_of(x)
        return [dtype, list(x.shape), self.add(raw_bytes(span)), {"strides": list(x.stride()), "length": span.numel()}]

    def result(self, x: torch.Tensor, keep_values: bool = True):
        x = x.detach()
        dtype = str(x.dtype).removeprefix("torch.")
        if x.layout != torch.strided:
            return {
                "T": [dtype, list(x.shape), self.add(raw_bytes(x.to_dense()))],
                "layout": str(x.layout).removeprefix("torch."),
            }
        if x.device.type != "cpu" or not keep_values:
            return {"T": [dtype, list(x.shape), -1]}
        return {"T": [dtype, list(x.shape), self.add(raw_bytes(x))]}


def encode(value, tensor):
    """A tree as JSON. `tensor` encodes the tensors. Objects have one key, their kind."""
    if isinstance(value, torch.Tensor):
        return tensor(value)
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else {"i": str(value)}
    if isinstance(value, float):
        return {"f": value if math.isfinite(value) else str(value)}
    if isinstance(value, complex):
        return {"c": [encode(value.real, tensor), encode(value.imag, tensor)]}
    if value is Ellipsis:
        return {"e": 1}
    if isinstance(value, slice):
        return {"s": [value.start, value.stop, value.step]}
    if isinstance(value, _PLAIN):
        return str(value).removeprefix("torch.")
    if isinstance(value, torch.device):
        return str(value)
    if isinstance(value, (list, tuple)):
        return [encode(item, tensor) for item in value]
    if isinstance(value, dict):
        return {"d": {str(key): encode(item, tensor) for key, item in value.items()}}
    raise NotSerialisable(f"a value of class {type(value).__name__}")
