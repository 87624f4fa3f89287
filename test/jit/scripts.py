"""TorchScript files for the tests, with what Python's PyTorch computes from them."""

import pathlib
import sys
from enum import Enum
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "export"))
from models import Cnn, Encoder, Fourier, Mlp, Recurrent, ResNet, expectations


class Branches(nn.Module):
    """Control flow on sizes, and tensors made from numbers."""

    def __init__(self):
        super().__init__()
        self.proj = nn.Linear(3, 3)

    def forward(self, x):
        scale = torch.tensor([1.5, -0.5, 2.0], dtype=x.dtype)
        if x.size(1) > 2:
            x = x * scale
        total = torch.tensor(0.5, dtype=x.dtype) + x.square().mean(1).sum()
        for i in range(x.dim() + 1):
            x = self.proj(x).sin() + i
        return x * total


class Chooser(nn.Module):
    """Control flow on values."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 2)
        self.second = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))

    def forward(self, x):
        if x.sum() > 0:
            return self.first(x).sin()
        steps = 0
        while float(x.square().sum()) > 1.0 and steps < 3:
            x = x * 0.5
            steps += 1
        return self.second(x) * steps


class Forked(nn.Module):
    """torch.jit.fork and wait."""

    def __init__(self):
        super().__init__()
        self.left = nn.Linear(3, 2)
        self.right = nn.Linear(3, 2)

    def forward(self, x):
        future = torch.jit.fork(self.left, x)
        right = self.right(x).tanh()
        return torch.jit.wait(future).sin() * right


class Pair(NamedTuple):
    total: Tensor
    count: int


class Mode(Enum):
    HARD = 1
    SOFT = 2


class Values(nn.Module):
    """Every type of argument, result and attribute."""

    words: list[str]
    table: dict[str, int]
    limits: tuple[int, float]
    last: Tensor | None

    def __init__(self):
        super().__init__()
        self.words = ["a", "b"]
        self.table = {"x": 2**40, "y": 1}
        self.limits = (1, 2.5)
        self.last = None
        self.flag = True
        self.number = 2**62
        self.z = complex(1, -2)
        self.mode = Mode.SOFT
        self.name = "given"
        self.plain = torch.ones(2)
        self.where = torch.device("cpu")
        self.nested = [[1, 2], [3]]

    def forward(self, x: Tensor, n: int = 2, scale: float = 0.5, flag: bool = False, word: str = "w") -> Tensor:
        return x * n * scale + (1 if flag else 0) + len(word)

    @torch.jit.export
    def echo_int(self, x: int) -> int:
        return x

    @torch.jit.export
    def echo_float(self, x: float) -> float:
        return x

    @torch.jit.export
    def echo_complex(self, x: complex) -> complex:
        return x

    @torch.jit.export
    def echo_bool(self, x: bool) -> bool:
        return x

    @torch.jit.export
    def echo_str(self, x: str) -> str:
        return x

    @torch.jit.export
    def echo_optional(self, x: int | None = None) -> int | None:
        return x

    @torch.jit.export
    def echo_ints(self, x: list[int]) -> list[int]:
        return x

    @torch.jit.export
    def echo_tensors(self, x: list[Tensor]) -> list[Tensor]:
        return x

    @torch.jit.export
    def echo_tuple(self, x: tuple[int, tuple[str, Tensor]]) -> tuple[int, tuple[str, Tensor]]:
        return x

    @torch.jit.export
    def echo_dict(self, x: dict[str, Tensor]) -> dict[str, Tensor]:
        return x

    @torch.jit.export
    def echo_map(self, x: dict[int, str]) -> dict[int, str]:
        return x

    @torch.jit.export
    def echo_pair(self, x: Pair) -> Pair:
        return Pair(x.total * 2, x.count + 1)

    @torch.jit.export
    def echo_any(self, x: Any) -> Any:
        return x

    @torch.jit.export
    def echo_device(self, x: torch.device) -> torch.device:
        return x

    @torch.jit.export
    def echo_mode(self, x: Mode) -> Mode:
        return x

    @torch.jit.export
    def echo_optional_tensors(self, x: list[Tensor | None]) -> int:
        count = 0
        for item in x:
            if item is not None:
                count += 1
        return count

    @torch.jit.export
    def named(self, x: dict[str, Tensor], scale: float = 2.0) -> Tensor:
        return x["a"] * scale

    @torch.jit.export
    def structure(self, x: Tensor) -> tuple[dict[str, Tensor], list[tuple[int, Tensor]], str | None]:
        return {"y": x.sin(), "__proto__": x}, [(i, x + i) for i in range(2)], None

    @torch.jit.export
    def fail(self, x: Tensor, kind: int) -> Tensor:
        if kind == 0:
            raise ValueError("kind is zero")
        if kind == 1:
            raise NotImplementedError("kind is one")
        assert kind != 2, "kind is two"
        with torch.no_grad():
            return x @ torch.ones(7, 2)

    @torch.jit.export
    def remember(self, x: Tensor) -> None:
        self.last = x
        self.number = 3
        self.words.append("c")

    @torch.jit.export
    def read(self, x: Tensor) -> list[float]:
        y: list[float] = x.tolist()
        return y

    @torch.jit.export
    def made(self, x: Tensor) -> Tensor:
        total = torch.zeros(2, dtype=x.dtype)
        total += x
        values = torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=x.dtype)
        values[0] += x
        return values.sum(0) * total * torch.as_tensor(2.0)


class Counter(nn.Module):
    """Replaces a buffer, writes to another, and differs between the modes."""

    def __init__(self):
        super().__init__()
        self.register_buffer("count", torch.zeros((), dtype=torch.float64))
        self.register_buffer("sum", torch.zeros(2, dtype=torch.float64))
        self.norm = nn.BatchNorm1d(2, dtype=torch.float64)
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        self.count = self.count + 1
        self.sum.add_(x.detach().sum(0))
        return self.drop(self.norm(x)) * self.count


class Tied(nn.Module):
    """One parameter under two names, a shared submodule, an absent parameter."""

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(2, 2, bias=False)
        self.b = nn.Linear(2, 2, bias=False)
        self.b.weight = self.a.weight
        self.layers = nn.ModuleList([self.a, nn.Tanh()])
        self.table = nn.ModuleDict({"x": nn.Linear(2, 2)})

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return self.table["x"](self.b(x))


class Hooked(nn.Module):
    """Forward hooks that are part of the script."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(2, 2)
        self.register_forward_pre_hook(before)
        self.register_forward_hook(after)

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x) + 1


def before(self, input: tuple[Tensor]) -> tuple[Tensor]:
    return (input[0] + 1,)


def after(self, input: tuple[Tensor], output: Tensor) -> Tensor:
    return output * input[0]


class Restored(nn.Module):
    """A state of its own, which a method of the script reads."""

    def __init__(self):
        super().__init__()
        self.weight = torch.ones(2)
        self.factor = 3
        self.training = True

    @torch.jit.export
    def __getstate__(self):
        return (self.weight, self.factor * 2, self.training)

    @torch.jit.export
    def __setstate__(self, state: tuple[Tensor, int, bool]):
        self.weight = state[0] + 1
        self.factor = state[1]
        self.training = state[2]

    def forward(self, x):
        return x * self.weight * self.factor


def scaled(x: Tensor) -> Tensor:
    return x * 3


def write_others(folder):
    """Scripts that are made in other ways, with what they give for ones."""
    torch.manual_seed(0)
    frozen = torch.jit.freeze(torch.jit.script(nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)).eval()))
    scripts = {
        "hooked": torch.jit.script(Hooked()),
        "restored": torch.jit.script(Restored()),
        "frozen": frozen,
        "function": torch.jit.script(scaled),
    }
    for name, script in scripts.items():
        torch.jit.save(script, f"{folder}/{name}.pt")
    results = {name: torch.jit.load(f"{folder}/{name}.pt")(torch.ones(1, 2)).detach() for name in scripts}
    torch.save(results, f"{folder}/others.pt")


def write_quantized(folder):
    linear = nn.Sequential(nn.Linear(2, 3))
    quantized = torch.ao.quantization.quantize_dynamic(linear, {nn.Linear})
    torch.jit.save(torch.jit.script(quantized), f"{folder}/quantized.pt")


def models():
    """Name: the model, the shape of a sample, and whether it is traced."""
    return {
        "mlp": (Mlp(), (3,), False),
        "mlp-traced": (Mlp(), (3,), True),
        "cnn": (Cnn().eval(), (1, 8, 8), False),
        "cnn-traced": (Cnn().eval(), (1, 8, 8), True),
        "resnet": (ResNet().eval(), (2, 6, 6), False),
        "lstm": (Recurrent(nn.LSTM), (4, 3), False),
        "gru": (Recurrent(nn.GRU), (4, 3), False),
        "encoder": (Encoder().eval(), (4, 8), False),
        "fourier": (Fourier(), (8,), False),
        "branches": (Branches(), (3,), False),
        "chooser": (Chooser(), (3,), False),
        "forked": (Forked(), (3,), False),
    }


def write_models(folder):
    for name, (model, shape, is_traced) in models().items():
        torch.manual_seed(0)
        model.to(torch.float64)
        for parameter_name, parameter in list(model.named_parameters(recurse=False)):
            if parameter.is_complex():
                setattr(model, parameter_name, nn.Parameter(parameter.detach().to(torch.complex128)))
        x = torch.randn(3, *shape, dtype=torch.float64)
        script = torch.jit.trace(model, (x,)) if is_traced else torch.jit.script(model)
        torch.jit.save(script, f"{folder}/{name}.pt")
        torch.save(expectations(model, x), f"{folder}/{name}-expected.pt")


def write_values(folder):
    torch.jit.save(
        torch.jit.script(Values()), f"{folder}/values.pt", _extra_files={"note.txt": "noted", "more/x": b"\x00"}
    )
    torch.jit.save(torch.jit.script(Tied()), f"{folder}/tied.pt")
    torch.manual_seed(0)
    torch.jit.save(torch.jit.script(Counter()), f"{folder}/counter.pt")


def step(folder):
    """A step of Adam of the scripted MLP, and a masked dropout with its seed."""
    module = torch.jit.load(f"{folder}/mlp.pt")
    optimizer = torch.optim.Adam(module.parameters(), lr=0.1)
    x = torch.linspace(-1, 1, 12, dtype=torch.float64).reshape(4, 3)
    losses = []
    for _ in range(3):
        optimizer.zero_grad()
        loss = module(x).square().sum()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    torch.save({"state": dict(module.state_dict()), "losses": losses}, f"{folder}/step.pt")


def count(folder):
    """Two calls in training mode and one in evaluation mode."""
    module = torch.jit.load(f"{folder}/counter.pt")
    x = torch.linspace(-1, 1, 6, dtype=torch.float64).reshape(3, 2)
    torch.manual_seed(3)
    outputs = [module(x).detach(), module(x).detach(), module.eval()(x).detach()]
    torch.save({"outputs": outputs, "state": dict(module.state_dict())}, f"{folder}/count.pt")


def names(folder):
    module = torch.jit.load(f"{folder}/tied.pt")
    return {
        "modules": [name for name, _ in module.named_modules()],
        "parameters": [name for name, _ in module.named_parameters()],
        "state": list(module.state_dict()),
        "text": str(module),
    }


def reload(folder, name):
    """What Python sees of a file that was written here."""
    extra = {"note.txt": ""}
    module = torch.jit.load(f"{folder}/{name}", _extra_files=extra)
    x = torch.linspace(-1, 1, 12, dtype=torch.float64).reshape(4, 3)
    torch.save({"y": module(x).detach(), "state": dict(module.state_dict())}, f"{folder}/reloaded.pt")
    note = extra["note.txt"]
    return note.decode() if isinstance(note, bytes) else note
