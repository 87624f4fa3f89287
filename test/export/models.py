"""Models that the tests of torch.export load: written as programs, as checkpoints, and with expected values.

`write(folder, dtype)` writes, for each model, NAME.pt2, in float64 NAME-decomposed.pt2 (core ATen operators), NAME.pt
(the weights) and NAME-expected.pt: inputs, outputs, and derivatives that torch.func computes of the model itself.
`check(folder)` runs the programs of files that were written again.
"""

import warnings

import torch
from torch import nn
from torch.export import Dim
from torch.func import functional_call, grad, hessian, jacrev, jvp
from torch.nn import functional as F

warnings.filterwarnings("ignore")
# Threads that wait for each other cost more than such small tensors.
torch.set_num_threads(1)


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 8), nn.GELU(), nn.Linear(8, 2))

    def forward(self, x):
        return self.layers(x)


class Cnn(nn.Module):
    """A CNN with BatchNorm."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.conv2 = nn.Conv2d(4, 6, 3, stride=2)
        self.head = nn.Linear(6, 3)
        with torch.no_grad():
            self.norm.running_mean.copy_(torch.linspace(-0.2, 0.2, 4))
            self.norm.running_var.copy_(torch.linspace(0.5, 1.5, 4))

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.norm(self.conv1(x))), 2)
        x = F.silu(self.conv2(x))
        return F.log_softmax(self.head(x.mean((-2, -1))), dim=-1)


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = F.softplus(self.bn1(self.conv1(x)))
        return F.softplus(self.bn2(self.conv2(y)) + self.shortcut(x))


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(2, 4, 3, padding=1)
        self.layers = nn.Sequential(Block(4, 4, 1), Block(4, 8, 2))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(8, 2)

    def forward(self, x):
        return self.fc(torch.flatten(self.pool(self.layers(self.stem(x))), 1))


class Recurrent(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.rnn = kind(3, 5, num_layers=2, batch_first=True, bidirectional=True)
        self.head = nn.Linear(10, 2)

    def forward(self, x):
        return self.head(self.rnn(x)[0][:, -1])


class Encoder(nn.Module):
    """A transformer encoder."""

    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True, activation="gelu")
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(8, 2)

    def forward(self, x):
        return self.head(self.encoder(x).mean(1))


class Attention(nn.Module):
    """Attention with a causal mask, and a mask of padding that depends on the values."""

    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.query = nn.Linear(8, 8)
        self.register_buffer("causal", torch.triu(torch.ones(4, 4, dtype=torch.bool), 1), persistent=False)

    def forward(self, x):
        padding = (x.detach().sum(-1) < -6.0) & (torch.arange(4) > 0)
        y, weights = self.attention(self.query(x), x, x, attn_mask=self.causal, key_padding_mask=padding)
        z = F.scaled_dot_product_attention(y.unsqueeze(1), x.unsqueeze(1), x.unsqueeze(1), is_causal=True)
        return z.squeeze(1).sum(1) + weights.square().sum((1, 2), keepdim=True).squeeze(1)


class Mixture(nn.Module):
    """Two experts, chosen by the values of the sample."""

    def __init__(self):
        super().__init__()
        self.experts = nn.ModuleList([nn.Linear(3, 2), nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))])

    def forward(self, x):
        if torch.compiler.is_exporting():
            return torch.cond(x.sum() > 0, self.first, self.second, (x,))
        # torch.func cannot transform torch.cond.
        return self.first(x) if x.sum() > 0 else self.second(x)

    def first(self, x):
        return self.experts[0](x).sin()

    def second(self, x):
        return self.experts[1](x)


class Bag(nn.Module):
    """Embedding bags, weighted by the input."""

    def __init__(self):
        super().__init__()
        self.bag = nn.EmbeddingBag(10, 4, mode="sum")
        self.table = nn.Embedding(10, 4, padding_idx=0)
        self.head = nn.Linear(8, 2)
        self.register_buffer("tokens", torch.tensor([[1, 4, 4], [0, 9, 3]]))

    def forward(self, x):
        tokens = self.tokens[:1].expand(x.shape[0], 3)
        if torch.compiler.is_exporting():
            bag = self.bag(tokens, per_sample_weights=x)
        else:
            # Python has neither forward mode nor second derivatives of embedding bags.
            bag = (F.embedding(tokens, self.bag.weight) * x.unsqueeze(-1)).sum(1)
        return self.head(torch.cat([bag, self.table(tokens).mean(1) * x.sum(1, keepdim=True)], 1)).tanh()


class Fourier(nn.Module):
    """A layer with complex weights in the frequency domain."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.complex(torch.linspace(-1, 1, 5), torch.linspace(0.5, -0.5, 5)))
        self.scale = nn.Parameter(torch.tensor(0.5))

    def forward(self, x):
        spectrum = torch.fft.rfft(x, dim=-1) * self.weight
        return (
            torch.fft.irfft(spectrum, n=8) * self.scale + torch.view_as_real(spectrum).square().sum((-1, -2))[:, None]
        )


class Stateful(nn.Module):
    """Counts its calls and keeps a mean of its inputs."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 2)
        self.register_buffer("mean", torch.zeros(3))
        self.register_buffer("count", torch.tensor(0))

    def forward(self, x):
        self.count.add_(1)
        self.mean.mul_(0.9).add_(x.detach().mean(0) * 0.1)
        return self.linear(x - self.mean) * self.count


class Dynamic(nn.Module):
    """Two dynamic dimensions: the sizes are part of the results."""

    def __init__(self):
        super().__init__()
        self.proj = nn.Linear(4, 6)

    def forward(self, x):
        batch, length, _ = x.shape
        y = self.proj(x).reshape(batch, length, 2, 3).transpose(1, 2).reshape(batch * 2, length, 3)
        y = torch.bmm(y, y.transpose(1, 2)) / (length + 1) ** 0.5 + torch.arange(length, dtype=x.dtype)
        return y.reshape(batch, 2, -1)[:, :, : length // 2 + 1].sum((1, 2)) * (2 * batch + 1)


def models():
    """Name: the model, the shape of a sample, and the dynamic shapes."""
    batch = Dim("batch", max=64)
    dynamic = ({0: batch},)
    return {
        "mlp": (Mlp(), (3,), dynamic),
        "cnn": (Cnn().eval(), (1, 8, 8), dynamic),
        "resnet": (ResNet().eval(), (2, 6, 6), dynamic),
        "lstm": (Recurrent(nn.LSTM), (4, 3), dynamic),
        "gru": (Recurrent(nn.GRU), (4, 3), dynamic),
        "encoder": (Encoder().eval(), (4, 8), dynamic),
        "attention": (Attention().eval(), (4, 8), dynamic),
        "mixture": (Mixture(), (3,), None),
        "bag": (Bag(), (3,), dynamic),
        "fourier": (Fourier(), (8,), dynamic),
        "stateful": (Stateful(), (3,), dynamic),
        "dynamic": (Dynamic(), (5, 4), ({0: Dim.DYNAMIC, 1: Dim.DYNAMIC},)),
    }


def double_complex(model, dtype):
    """`model.to(dtype)`, which leaves complex numbers as wide as they are."""
    model.to(dtype)
    for module in model.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            if parameter.is_complex():
                setattr(module, name, nn.Parameter(parameter.detach().to(dtype.to_complex())))
    return model


def direction(like):
    return torch.linspace(-1, 1, max(like.numel(), 1), dtype=like.dtype)[: like.numel()].reshape(like.shape)


def expectations(model, x):
    """Derivatives of the model, one sample at a time: what vmap has to agree with."""
    params = {name: p.detach() for name, p in model.named_parameters()}
    buffers = {name: b.detach().clone() for name, b in model.named_buffers()}

    def call(params, x):
        fresh = {name: b.clone() for name, b in buffers.items()}
        return functional_call(model, {**params, **fresh}, (x.unsqueeze(0),)).squeeze(0)

    def loss(params, x):
        return call(params, x).square().sum()

    # The fused kernels of attention and of recurrent networks have no forward mode.
    math = torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH)
    with math, torch.backends.mkldnn.flags(enabled=False):
        return derivatives(x, buffers, call, loss, model, params)


def outputs(model, buffers, x):
    """The outputs of a batch; a mixture chooses its expert for one sample at a time."""
    fresh = {name: b.clone() for name, b in buffers.items()}
    if isinstance(model, Mixture):
        return torch.cat([model(row) for row in x.split(1)])
    return functional_call(model, fresh, (x,))


def derivatives(x, buffers, call, loss, model, params):
    samples = list(x)
    tangents = {name: direction(p) for name, p in params.items()}
    return {
        "x": x,
        "y": outputs(model, buffers, x).detach(),
        "jacobians": torch.stack([jacrev(lambda s: call(params, s))(s) for s in samples]),
        "gradients": {
            name: torch.stack([g[name] for g in [grad(loss)(params, s) for s in samples]]) for name in params
        },
        "hvp": jvp(lambda p: grad(loss)(p, samples[0]), (params,), (tangents,))[1],
        "hessian": hessian(lambda s: loss(params, s))(samples[0]),
    }


def derivatives_in_x(model, x):
    """Derivatives of a program in its inputs, by autograd: it writes to its buffers, which torch.func refuses."""
    params = {name: p.detach() for name, p in model.named_parameters()}
    buffers = {name: b.detach().clone() for name, b in model.named_buffers()}

    def call(s):
        fresh = {name: b.clone() for name, b in buffers.items()}
        return functional_call(model, {**params, **fresh}, (s.unsqueeze(0),)).squeeze(0)

    return {
        "jacobians": torch.stack([torch.autograd.functional.jacobian(call, s) for s in x]),
        "hessian": torch.autograd.functional.hessian(lambda s: call(s).square().sum(), x[0]),
    }


def write(folder, dtype):
    dtype = getattr(torch, dtype)
    for name, (model, shape, dynamic) in models().items():
        torch.manual_seed(0)
        for module in model.modules():
            if hasattr(module, "reset_parameters") and not isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.reset_parameters()
        double_complex(model, dtype)
        x = torch.randn(3, *shape, dtype=dtype)
        with torch.no_grad():
            program = torch.export.export(model, (x if dynamic else x[:1],), dynamic_shapes=dynamic)
        torch.export.save(program, f"{folder}/{name}.pt2")
        if dtype == torch.float64:
            decomposed = program.run_decompositions()
            torch.export.save(decomposed, f"{folder}/{name}-decomposed.pt2")
        torch.save(model.state_dict(), f"{folder}/{name}.pt")
        expected = expectations(model, x)
        torch.save(expected, f"{folder}/{name}-expected.pt")
        if dtype == torch.float64:
            # Decomposing removes detach(): the derivatives of this program in its inputs are not those of the model.
            own = derivatives_in_x(decomposed.module(), x) if name == "stateful" else {}
            torch.save({**expected, **own}, f"{folder}/{name}-decomposed-expected.pt")


def check(folder):
    """Runs NAME-again.pt2 on the inputs that `write` has used; writes NAME-again.pt."""
    for name in models():
        for file in (name, f"{name}-decomposed"):
            x = torch.load(f"{folder}/{file}-expected.pt")["x"]
            program = torch.export.load(f"{folder}/{file}-again.pt2").module()
            with torch.no_grad():
                # The mixture chooses its expert for one sample at a time.
                y = torch.cat([program(row) for row in x.split(1)]) if name == "mixture" else program(x)
            torch.save(y, f"{folder}/{file}-again.pt")
