# The custom functions of classes.ts, for PyTorch.
from torch.autograd import Function
from torch.autograd.function import once_differentiable


class Cube(Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(x):
        return x**3

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx, g):
        return 3 * ctx.saved_tensors[0] ** 2 * g

    @staticmethod
    def jvp(ctx, t):
        return 3 * ctx.saved_tensors[0] ** 2 * t


class OldCube(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        ctx.save_for_forward(x)
        return x**3

    backward = Cube.backward
    jvp = Cube.jvp


class OwnVmap(Cube):
    generate_vmap_rule = False

    @staticmethod
    def vmap(info, in_dims, x):
        # Only this rule puts the batch last.
        return OwnVmap.apply(x.movedim(in_dims[0], -1)), -1


class ScaledMul(Function):
    """Two tensors and a number; the second is broadcast."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x, k, y):
        return k * x * y

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, ctx.k, y = inputs
        ctx.save_for_backward(x, y)
        ctx.save_for_forward(x, y)

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        return (ctx.k * g * y if ctx.needs_input_grad[0] else None), None, (ctx.k * g * x).sum_to_size(y.shape)

    @staticmethod
    def jvp(ctx, dx, dk, dy):
        x, y = ctx.saved_tensors
        return ctx.k * (dx * y + x * dy)


class SinCos(Function):
    """Two outputs, saved themselves."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x):
        return x.sin(), x.cos()

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*output)
        ctx.save_for_forward(*output)

    @staticmethod
    def backward(ctx, gs, gc):
        s, c = ctx.saved_tensors
        return gs * c - gc * s

    @staticmethod
    def jvp(ctx, t):
        s, c = ctx.saved_tensors
        return t * c, -t * s


class Total(Function):
    """Knows the shape of one sample only."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x):
        return x.sum()

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.shape = inputs[0].shape

    @staticmethod
    def backward(ctx, g):
        return g.expand(ctx.shape)

    @staticmethod
    def jvp(ctx, t):
        return t.sum()


class Sorted(Function):
    """One output has no gradient."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x):
        return tuple(x.sort())

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.mark_non_differentiable(output[1])
        ctx.save_for_backward(output[1])
        ctx.save_for_forward(output[1])

    @staticmethod
    def backward(ctx, g, _):
        (i,) = ctx.saved_tensors
        return torch.zeros_like(g).scatter(-1, i, g)

    @staticmethod
    def jvp(ctx, t):
        (i,) = ctx.saved_tensors
        return t.gather(-1, i), None


class Double_(Function):
    """In place."""

    @staticmethod
    def forward(x):
        return x.mul_(2)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.mark_dirty(inputs[0])

    @staticmethod
    def backward(ctx, g):
        return g * 2

    @staticmethod
    def jvp(ctx, t):
        return t.mul_(2)


class Once(Cube):
    @staticmethod
    @once_differentiable
    def backward(ctx, g):
        return 3 * ctx.saved_tensors[0] ** 2 * g


class Same(Function):
    """Returns what it got, and things that are no tensors."""

    @staticmethod
    def forward(x, y):
        return x, 7, None, y

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def backward(ctx, gx, seven, none, gy):
        assert seven is None and none is None
        return gx * 2, gy * 3
