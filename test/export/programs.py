"""Small programs with the parts of torch.export: control flow, structures, sizes, mutations, modes.

`write(folder)` writes NAME.pt2 and NAME-expected.pt for each: a list of calls, each with its arguments, the named ones,
and the result; and the buffers after them. `check(folder)` runs the programs of files that were written again.
"""

import collections
import warnings

import torch
from torch import nn
from torch._higher_order_ops.associative_scan import associative_scan, associative_scan_op
from torch._higher_order_ops.map import map as torch_map
from torch._higher_order_ops.scan import scan
from torch._higher_order_ops.while_loop import while_loop
from torch.export import Dim

warnings.filterwarnings("ignore")
# Threads that wait for each other cost more than such small tensors.
torch.set_num_threads(1)

Point = collections.namedtuple("Point", ["left", "right"])
torch.utils._pytree._register_namedtuple(Point, serialized_type_name="programs.Point")

PROGRAMS = {}


def program(*args, kwargs=None, dynamic=None, calls=(), decompose=False, no_grad=False):
    """Registers the class below it, with example arguments and the arguments of further calls."""

    def register(cls):
        PROGRAMS[cls.__name__.lower()] = (cls, args, kwargs or {}, dynamic, calls, decompose, no_grad)
        return cls

    return register


X = torch.linspace(-1, 1, 6, dtype=torch.float64).reshape(3, 2)


@program(X, calls=[(-X,), (X + 1,)])
class Cond(nn.Module):
    def forward(self, x):
        def yes(x):
            return x.sin(), x.sum()

        def no(x):
            return x.cos() * 2, x.prod()

        return torch.cond(x.sum() > 0.5, yes, no, (x,))


@program(X, X[0])
class Map(nn.Module):
    def forward(self, x, y):
        return torch_map(lambda row, y: (row * y).cumsum(0), x, y)


@program(X)
class Scan(nn.Module):
    def forward(self, x):
        def step(carry, row):
            carry = carry * 0.5 + row
            return carry, carry.sin()

        return scan(step, torch.zeros(2, dtype=x.dtype), x)


@program(X[0], calls=[(X[2],), (X[1] * 0,)])
class While(nn.Module):
    def forward(self, x):
        def test(i, x):
            return (i < 4) & (x.abs().sum() < 20)

        def body(i, x):
            return i + 1, x * 3 + 1

        return while_loop(test, body, (torch.tensor(0), x))


@program(torch.linspace(0.5, 1.5, 14, dtype=torch.float64).reshape(7, 2))
class Associative(nn.Module):
    def forward(self, x):
        def combine(a, b):
            return a[0] * b[0], a[1] * b[0] + b[1]

        return associative_scan(combine, (x, x.cos()), dim=0, combine_mode="generic")


@program(torch.linspace(0.5, 1.5, 10, dtype=torch.float64).reshape(5, 2))
class Pointwise(nn.Module):
    def forward(self, x):
        # Python's function refuses the mode "pointwise" on CPUs; its operator does not.
        return associative_scan_op(lambda a, b: (a * b,), (x,), ())[0]


@program(
    {"a": X, "b": [X[0], (X[1],)]},
    2,
    None,
    kwargs={"scale": X[0], "pair": Point(X, X * 2)},
)
class Structures(nn.Module):
    def forward(self, inputs, power, nothing, *, scale, pair):
        y = inputs["a"] ** power + inputs["b"][0] * scale
        return {
            "sum": y.sum(),
            "pair": Point(y, pair.left + pair.right),
            "rest": [(inputs["b"][1][0],), None, 3, 0.5, "text"],
        }


@program(
    torch.arange(12).reshape(4, 3),
    dynamic=({0: Dim.DYNAMIC},),
    calls=[(torch.arange(30).reshape(10, 3),)],
)
class Numbers(nn.Module):
    """Integers, floats and booleans keep their types."""

    def forward(self, x):
        n = x.shape[0]
        return (
            x * 2.0,
            x * 2,
            x + True,
            x / n,
            x * (n * 0.5),
            torch.full((n // 2,), 1.0),
            torch.full((n % 3 + n,), 7),
            x.to(torch.float32).sum() + 2**40,
            torch.where(x > n, x, -1.0),
            n * 2 + 1,
            x[1:, ::2],
            torch.arange(n, 0, -1),
        )


@program(
    torch.arange(8.0),
    torch.arange(4.0),
    dynamic=({0: 2 * Dim("half", max=50)}, {0: Dim("half", max=50)}),
    calls=[(torch.arange(12.0), torch.arange(6.0))],
)
class Derived(nn.Module):
    def forward(self, x, y):
        return x.reshape(-1, 2) + y.unsqueeze(1)


@program(X, calls=[(X + 1,)])
class Mutations(nn.Module):
    """Writes to a buffer, to its argument, and to a buffer that is not part of the state."""

    def __init__(self):
        super().__init__()
        self.register_buffer("total", torch.zeros(2, dtype=torch.float64))
        self.register_buffer("scratch", torch.ones(2, dtype=torch.float64), persistent=False)
        self.inner = nn.Module()
        self.inner.register_buffer("count", torch.tensor(0))

    def forward(self, x):
        self.total += x.sum(0)
        self.scratch.mul_(2)
        self.inner.count += 1
        x.add_(self.scratch)
        return x * self.total, self.inner.count


@program(X, calls=[(X + 1,)], decompose=True)
class Functional(Mutations):
    """The same in functional operators."""


@program(X, decompose=True)
class Writes(nn.Module):
    """Writes to parts of a tensor, of which decomposing makes functional copies."""

    def forward(self, x):
        y = x.clone()
        y[:, 1] = x[:, 0].sin()
        y[0] = 2.0
        return torch.nn.functional.pad(y[None], (1, 1), mode="circular")


@program(X)
class Constants(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=torch.float64)

    def forward(self, x):
        return x @ self.table + torch.tensor([0.5, -0.5], dtype=torch.float64)


@program(X)
class Modes(nn.Module):
    """Parts without gradients."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 2, dtype=torch.float64)

    def forward(self, x):
        y = self.linear(x)
        with torch.no_grad():
            z = self.linear(x * 2)
        return y + z.sin()


@program(X.float())
class Autocast(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 2)

    def forward(self, x):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            y = self.linear(x)
        return y, x * 2


@program(torch.tensor([1, 0, 3, 0, 5]), calls=[(torch.tensor([0, 0, 1, 0, 0]),)])
class Unbacked(nn.Module):
    """Sizes that depend on values, with assertions about them."""

    def forward(self, x):
        n = x.max().item()
        torch._check(n >= 1)
        torch._check(n <= 5)
        return x.nonzero(), torch.ones(n), x[:n].sum()


@program(X, X)
class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(2, 2, dtype=torch.float64)
        self.b = nn.Linear(2, 2, dtype=torch.float64)
        self.b.weight = self.a.weight

    def forward(self, x, y):
        return self.a(x) + self.b(y)


@program(X.to(torch.complex128))
class Kinds(nn.Module):
    """Arguments of many kinds, and operators with several results."""

    def forward(self, x):
        y = x * (1 + 2j)
        values, indices = y.real.sort(dim=0, descending=True)
        parts = torch.split(y.real, [1, 2])
        index = torch.ones(4, 3, 2)[:, torch.tensor([0, 2]), None]
        return (
            y,
            values,
            indices,
            *parts,
            index,
            y.real.to(torch.float32, memory_format=torch.contiguous_format),
            torch.zeros(2, 3, dtype=torch.int16),
            torch.einsum("ij,kj->ik", y, y),
            torch.nn.functional.pad(y.real, (1, 1), value=float("inf")),
            torch.std_mean(y.real, dim=0, correction=0),
            torch.empty(0, 3, dtype=torch.bool),
        )


@program(
    torch.linspace(-1, 1, 24, dtype=torch.float64).reshape(2, 3, 4).sin(),
    torch.tensor([[False, False, True], [False, False, False]]),
    no_grad=True,
)
class Fastpath(nn.Module):
    """The fused layer that PyTorch chooses without gradients."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(
                4, 2, 8, batch_first=True, dtype=torch.float64, activation=f, norm_first=f == "relu"
            )
            for f in ("gelu", "relu")
        )
        self.eval()

    def forward(self, x, mask):
        for layer in self.layers:
            attention, norm1, norm2 = layer.self_attn, layer.norm1, layer.norm2
            x = torch._transformer_encoder_layer_fwd(
                x,
                4,
                2,
                attention.in_proj_weight,
                attention.in_proj_bias,
                attention.out_proj.weight,
                attention.out_proj.bias,
                layer.activation_relu_or_gelu == 2,
                layer.norm_first,
                norm1.eps,
                norm1.weight,
                norm1.bias,
                norm2.weight,
                norm2.bias,
                layer.linear1.weight,
                layer.linear1.bias,
                layer.linear2.weight,
                layer.linear2.bias,
                mask,
                1,
            )
        return x


@program(torch.linspace(-1, 1, 24, dtype=torch.float64).reshape(1, 2, 3, 4).sin())
class Masked(nn.Module):
    """Attention with a boolean mask, of which one row is empty, and with a mask of numbers."""

    def forward(self, x):
        mask = torch.tensor([[True, False, True], [False, False, False], [True, True, True]])
        y = nn.functional.scaled_dot_product_attention(x, x.cos(), x, attn_mask=mask, scale=0.7)
        return y + nn.functional.scaled_dot_product_attention(x, x, x.sin(), attn_mask=mask.to(x.dtype) * 2)


def clone(value):
    return torch.utils._pytree.tree_map(lambda leaf: leaf.clone() if isinstance(leaf, torch.Tensor) else leaf, value)


def plain(value):
    """Named tuples as tuples, which torch.load with weights_only reads."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value.detach().clone() if isinstance(value, torch.Tensor) else value


def write(folder, names):
    for name in names:
        cls, args, kwargs, dynamic, calls, decompose, no_grad = PROGRAMS[name]
        torch.manual_seed(0)
        model = cls()
        with torch.set_grad_enabled(not no_grad):
            exported = torch.export.export(model, clone(args), clone(kwargs), dynamic_shapes=dynamic)
        if decompose:
            exported = exported.run_decompositions()
        torch.export.save(exported, f"{folder}/{name}.pt2")
        records = []
        for call in [args, *calls]:
            given = (clone(call), clone(kwargs))
            result = model(*given[0], **given[1])
            records.append(
                {"args": plain(call), "kwargs": plain(kwargs), "result": plain(result), "after": plain(given[0])}
            )
        buffers = {key: buffer.clone() for key, buffer in model.named_buffers()}
        torch.save({"calls": records, "buffers": buffers}, f"{folder}/{name}-expected.pt")


def check(folder, names):
    """Runs NAME-again.pt2 as `write` runs the model; writes NAME-again-expected.pt."""
    for name in names:
        _, args, kwargs, _, calls, _, no_grad = PROGRAMS[name]
        model = torch.export.load(f"{folder}/{name}-again.pt2").module()
        records = []
        for call in [args, *calls]:
            given = (clone(call), clone(kwargs))
            with torch.set_grad_enabled(not no_grad):
                result = model(*given[0], **given[1])
            records.append({"result": plain(result), "after": plain(given[0])})
        buffers = {key: buffer.clone() for key, buffer in model.named_buffers()}
        torch.save({"calls": records, "buffers": buffers}, f"{folder}/{name}-again-expected.pt")
