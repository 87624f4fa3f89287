"""The modes of the parity run, in PyTorch. scripts/parity/modes.ts implements the same modes in TypeScript."""

from __future__ import annotations

import torch
from torch.func import grad, hessian, jacfwd, jacrev, jvp, vjp, vmap
from torch.utils import _pytree as pytree

from values import is_differentiable

MAX_JACOBIAN = 16_384
MAX_HESSIAN = 10_000
MAX_BATCHED_HESSIAN = 2_500
BATCH = 2


def ramp(shape, dtype, k=0):
    """A cotangent or tangent, the same as in tensors.ts."""
    numel = 1
    for size in shape:
        numel *= size
    line = torch.linspace(-1 + k / 8, 1.5, numel, dtype=torch.float64)
    if dtype.is_complex:
        line = torch.complex(line, line.flip(0))
    return line.to(dtype).reshape(shape)


def second(x):
    """The second example of a batch: a scaled copy, which stays in the domain of nearly every operator."""
    return x.detach() * 0.75 if is_differentiable(x) else x.detach()


def batched(x, dim=0):
    return torch.stack([x.detach(), second(x)], dim)


def scalar_of(outputs):
    """The sum of squares of all outputs: a real scalar with a second derivative."""
    total = None
    for out in outputs:
        square = (out * out.conj()).real if out.is_complex() else out * out
        square = square.sum()
        total = square if total is None else total + square
    return total


class Sample:
    """A call whose tensor arguments can be replaced."""

    def __init__(self, function, arguments, leaves, differentiable):
        self.function = function
        flat, self.spec = pytree.tree_flatten(arguments)
        self.flat = flat
        self.places = [i for i, leaf in enumerate(flat) if isinstance(leaf, torch.Tensor)]
        self.leaves = leaves
        self.differentiable = differentiable
        self.outputs = []

    def call(self, leaves, function=None):
        flat = list(self.flat)
        for place, leaf in zip(self.places, leaves):
            flat[place] = leaf
        args, kwargs = pytree.tree_unflatten(flat, self.spec)
        return (function or self.function)(*args, **kwargs)

    def tensors(self, *leaves):
        """All output tensors."""
        return tuple(leaf for leaf in pytree.tree_leaves(self.call(leaves)) if isinstance(leaf, torch.Tensor))

    def f(self, *inputs):
        """The floating-point and complex outputs as a function of the differentiable inputs."""
        leaves = list(self.leaves)
        for place, value in zip(self.differentiable, inputs):
            leaves[place] = value
        return tuple(leaf for leaf in pytree.tree_leaves(self.call(leaves)) if is_differentiable(leaf))

    def s(self, *inputs):
        return scalar_of(self.f(*inputs))

    @property
    def inputs(self):
        return [self.leaves[i] for i in self.differentiable]

    def cotangents(self):
        return tuple(ramp(shape, dtype, k) for k, (dtype, shape) in enumerate(self.outputs))

    def tangents(self):
        return tuple(ramp(x.shape, x.dtype, k) for k, x in enumerate(self.inputs))

    @property
    def n_in(self):
        return sum(x.numel() for x in self.inputs)

    @property
    def n_out(self):
        return sum(torch.Size(shape).numel() for _, shape in self.outputs)


def _argnums(sample):
    return tuple(range(len(sample.differentiable)))


def _pullback(sample):
    n = len(sample.differentiable)
    return lambda *args: vjp(sample.f, *args[:n])[1](args[n:])


def _vjp(sample):
    outputs, pullback = vjp(sample.f, *sample.inputs)
    return outputs, pullback(sample.cotangents())


def _autograd(sample):
    inputs = [x.detach().clone().requires_grad_() for x in sample.inputs]
    pairs = [(y, ct) for y, ct in zip(sample.f(*inputs), sample.cotangents()) if y.requires_grad]
    return torch.autograd.grad([y for y, _ in pairs], inputs, [ct for _, ct in pairs], allow_unused=True)


def _vmap_vjp(sample):
    args = [*sample.inputs, *sample.cotangents()]
    return vmap(_pullback(sample), randomness="different")(*map(batched, args))


def _vmap_jvp(sample):
    n = len(sample.differentiable)
    args = [*sample.inputs, *sample.tangents()]
    push = lambda *args: jvp(sample.f, tuple(args[:n]), tuple(args[n:]))  # noqa: E731
    return vmap(push, randomness="different")(*map(batched, args))


def _vjp_vjp(sample):
    args = [*sample.inputs, *sample.cotangents()]
    outputs, pullback = vjp(_pullback(sample), *args)
    return pullback(tuple(ramp(x.shape, x.dtype, k) for k, x in enumerate(outputs)))


def _jvp_vjp(sample):
    args = (*sample.inputs, *sample.cotangents())
    return jvp(_pullback(sample), args, tuple(ramp(x.shape, x.dtype, k) for k, x in enumerate(args)))


def _real(sample):
    return not any(x.is_complex() for x in sample.inputs) and not any(dtype.is_complex for dtype, _ in sample.outputs)


DERIVATIVES = {
    "grad": lambda s: grad(s.s, argnums=_argnums(s))(*s.inputs),
    "autograd": _autograd,
    "vjp": _vjp,
    "jvp": lambda s: jvp(s.f, tuple(s.inputs), s.tangents()),
    "vmap_vjp": _vmap_vjp,
    "vmap_jvp": _vmap_jvp,
    "jacrev": lambda s: jacrev(s.f, argnums=_argnums(s))(*s.inputs),
    "jacfwd": lambda s: jacfwd(s.f, argnums=_argnums(s), randomness="same")(*s.inputs),
    "hessian": lambda s: hessian(s.s, argnums=_argnums(s))(*s.inputs),
    "vmap_hessian": lambda s: vmap(hessian(s.s, argnums=_argnums(s)))(*map(batched, s.inputs)),
    "vjp_vjp": _vjp_vjp,
    "jvp_vjp": _jvp_vjp,
}


def fits(mode, sample) -> bool:
    """Whether the result of a mode is defined and small enough. Jacobians are defined for real functions only."""
    if mode in ("jacrev", "jacfwd"):
        return _real(sample) and sample.n_in * sample.n_out <= MAX_JACOBIAN
    if mode == "hessian":
        return _real(sample) and sample.n_in**2 <= MAX_HESSIAN
    if mode == "vmap_hessian":
        return _real(sample) and sample.n_in**2 <= MAX_BATCHED_HESSIAN
    return True


def run_vmap(sample, in_dims):
    args = [x if dim is None else batched(x, dim) for x, dim in zip(sample.leaves, in_dims)]
    return vmap(sample.tensors, in_dims=tuple(in_dims), randomness="different")(*args)


def run_variant(sample, function, in_place):
    leaves = [x.clone() for x in sample.leaves] if in_place else sample.leaves
    result = sample.call(leaves, function)
    return [result, leaves[0]] if in_place else result


def run_out(sample, results):
    """Passes tensors as `out`. Returns the result and these tensors."""
    given = [torch.zeros_like(x, memory_format=torch.contiguous_format) for x in results]
    out = given[0] if len(given) == 1 else tuple(given)
    returned = sample.call(sample.leaves, lambda *args, **kwargs: sample.function(*args, **kwargs, out=out))
    return [returned, given]
