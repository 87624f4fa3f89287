"""The functions of exported-functions.ts in Python, and what Python makes of the programs that were exported from them.

`run(folder, names)` loads NAME.pt2 and NAME-calls.pt for each, and writes NAME-results.pt: for each call the results
and the arguments after it, of the program and of the function here.
"""

import copy
import os
import warnings

import torch
from torch import nn
from torch.func import functional_call, grad, hessian, jacfwd, jacrev, jvp, vmap
from torch.nn import functional as F

warnings.filterwarnings("ignore")
torch.set_num_threads(1)

TWINS = {}


def twin(make):
    """Registers a function that makes the callable, given the state of the exported module."""
    TWINS[make.__name__] = make
    return make


def loaded(module, state, mode=False):
    module = module.double()
    module.load_state_dict(state)
    return module.train(mode).requires_grad_(False)


def arm(x):
    return torch.stack([x.prod(), x[0].sin(), torch.where(x > 0.5, x, 1.0).sum(), (x * 2).exp()[1:].sum()])


@twin
def jacobian(_):
    return vmap(jacrev(arm))


@twin
def forward_jacobian(_):
    return vmap(jacfwd(arm))


@twin
def hessians(_):
    return vmap(hessian(lambda x: (x.sin() * x.roll(1)).sum().tanh() + x.logsumexp(0)))


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(3, 5)
        self.out_layer = nn.Linear(5, 2)

    def forward(self, x):
        return self.out_layer(self.hidden(x).tanh())


@twin
def mlp_jacobian(state):
    net = loaded(Mlp(), {key.removeprefix("net."): value for key, value in state.items()})
    return lambda x: vmap(jacrev(net))(x)


@twin
def hvp(state):
    net = loaded(Mlp(), {key.removeprefix("net."): value for key, value in state.items()})
    params = dict(net.named_parameters())

    def call(x, tangent):
        def loss(p):
            return functional_call(net, p, (x,)).square().mean()

        return jvp(grad(loss), (params,), ({key: tangent.expand(p.shape) for key, p in params.items()},))[1]

    return call


@twin
def cnn(state):
    net = nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(48, 2))
    net = loaded(net, {key.removeprefix("net."): value for key, value in state.items()})
    params = dict(net.named_parameters())

    def call(x, y):
        def loss(p, x, y):
            return F.cross_entropy(functional_call(net, p, (x[None],)), y[None])

        return vmap(grad(loss), (None, 0, 0))(params, x, y)

    return call


@twin
def lstm(state):
    return loaded(nn.LSTM(3, 4, num_layers=2, batch_first=True, bidirectional=True), state)


@twin
def encoder(state):
    return loaded(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), state)


@twin
def attention(_):
    return lambda q, k, mask: F.scaled_dot_product_attention(q, k, k, mask)


@twin
def fourier(_):
    def call(x):
        y = torch.fft.fft(x)
        return {"power": y.abs().square(), "back": torch.fft.ifft(y * (1 + 2j)), "conj": y.conj() * x, "real": y.real}

    return call


class Stateful(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(3)
        self.register_buffer("running_total", torch.zeros(3))
        self.register_buffer("last_input", torch.zeros(4, 3), persistent=False)
        self.register_buffer("count", torch.tensor(0))

    def forward(self, x):
        self.running_total += x.sum(0)
        self.last_input = x * 2
        self.count = self.count + 1
        y = self.norm(x) * self.running_total
        x.mul_(0.5)
        return y, x, self.count


@twin
def stateful(state):
    return loaded(Stateful(), state, mode=True)


@twin
def structures(_):
    def call(batch, power, pair, *, scale, nothing):
        y = batch["x"] ** power + batch["more"][0]
        return {"sum": y.sum(), "list": (y, (pair[0] * pair[1],)), "rest": (None, 3, 0.5, True), "scaled": y * scale}

    return call


@twin
def integers(_):
    def call(x, empty):
        return (
            *(x.cumsum(0), x * 2.0, x * 2, x // 3, x.bool(), x.to(torch.uint8), x.sum() + 2**40, x.float().mean()),
            *(empty.sum(1), torch.cat([empty, empty]), empty.to(torch.int64), torch.zeros(0, 3, dtype=torch.float64)),
        )

    return call


@twin
def closures(_):
    table = torch.arange(6.0, dtype=torch.float64).reshape(2, 3)
    # What the recorded call has left there.
    total = torch.linspace(-1, 1, 3, dtype=torch.float64)

    def call(x):
        total.add_(x)
        return table @ x, table.T, total * 2

    return call


@twin
def dtypes(_):
    def call(half, brain, single, byte, flag, complex64):
        return (
            *(half * 2, brain + 1, single.to(torch.float64), byte + byte, flag.logical_not(), complex64 * 1j),
            *(flag & True, byte.to(torch.bfloat16), single.to(torch.complex128), half.to(torch.int16)),
        )

    return call


@twin
def layouts(_):
    def call(x, image):
        weight = torch.linspace(-1, 1, 18, dtype=torch.float64).reshape(1, 2, 3, 3)
        y = F.conv2d(image, weight)
        return (
            x.t() * 2,
            x.t().contiguous().view(-1),
            y.to(memory_format=torch.channels_last),
            x[:, ::2],
            x.unfold(1, 2, 1),
        )

    return call


@twin
def noise(_):
    def call(x):
        torch.manual_seed(3)
        return F.dropout(x, 0.5), torch.rand(3, dtype=torch.float64), torch.randn_like(x)

    return call


@twin
def lists(_):
    def call(x):
        a, b, c = x.split([1, 2, 1])
        return (
            x.topk(2)[0],
            x.topk(2)[1],
            *x.unbind()[:2],
            torch.stack([a.sum(), b.prod(), c.mean()]),
            x[:1].unbind()[0],
        )

    return call


@twin
def values(_):
    def call(x):
        return (
            *(
                x.clamp(-0.5, float("inf")),
                x.masked_fill(x > 0, float("nan")).isnan(),
                x * -0.0,
                x.pow(3),
                x.abs().pow(0.5),
            ),
            *(
                x.to(torch.float32) * 0.1,
                torch.full_like(x, 1e300),
                x.copysign(torch.full_like(x, -0.0)),
                (x * 10).to(torch.int64).bitwise_xor(5),
            ),
        )

    return call


@twin
def dynamic_jacobian(_):
    return vmap(jacrev(arm))


@twin
def dynamic_cnn(state):
    return cnn(state)


@twin
def dynamic_mlp(state):
    return mlp_jacobian(state)


@twin
def dynamic_structures(_):
    def call(inputs):
        x, pair = inputs["x"], inputs["pair"]
        return (
            *(x.mean(0), pair[0].t() @ x, x.reshape(-1), x.repeat(2, 1), torch.cat([x, x * pair[1]]).var(0)),
            x.mean(),
        )

    return call


@twin
def solves(_):
    b = torch.linspace(1, 3, 3, dtype=torch.float64)
    return vmap(jacrev(lambda a: torch.linalg.solve(a, b)))


@twin
def medians(_):
    return lambda x: (x.unsqueeze(1).repeat(1, 3).median(), x)


@twin
def tied(state):
    return lambda x: x @ state["first"].t() @ state["second"]


def run(folder, names):
    for name in names:
        file = os.path.join(folder, name)
        program = torch.export.load(f"{file}.pt2").module()
        given = torch.load(f"{file}-calls.pt")
        function = TWINS[name](copy.deepcopy(given["state"]))
        results = []
        for call in given["calls"]:
            entry = {}
            for key, f in (("program", program), ("twin", function)):
                args, kwargs = copy.deepcopy((call["args"], call["kwargs"]))
                torch.manual_seed(3)
                entry[key] = {"result": f(*args, **kwargs), "after": args}
            results.append(entry)
        buffers = {key: value.clone() for key, value in program.named_buffers() if "lifted" not in key}
        torch.save({"calls": results, "buffers": buffers}, f"{file}-results.pt")
