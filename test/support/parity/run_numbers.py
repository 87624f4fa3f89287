"""Every way of a number into a tensor and out, for every dtype: the results of PyTorch as text."""

import json
import sys
import warnings

import torch

warnings.simplefilter("ignore")


def parse(text: str) -> object:
    return eval(text, {"inf": float("inf"), "nan": float("nan")})


def routes(value: object, dtype: torch.dtype) -> dict:
    def assigned():
        tensor = torch.zeros(2, dtype=dtype)
        tensor[0] = value
        return tensor[0]

    def masked():
        return torch.zeros(1, dtype=dtype).masked_fill_(torch.tensor([True]), value)[0]

    zero, one = torch.zeros((), dtype=dtype), torch.ones((), dtype=dtype)
    return {
        "tensor": lambda: torch.tensor(value, dtype=dtype),
        "list": lambda: torch.tensor([value], dtype=dtype)[0],
        "newTensor": lambda: zero.new_tensor(value),
        "full": lambda: torch.full((), value, dtype=dtype),
        "newFull": lambda: zero.new_full((), value),
        "scalarTensor": lambda: torch.scalar_tensor(value, dtype=dtype),
        "fill_": lambda: zero.clone().fill_(value),
        "indexPut_": assigned,
        "maskedFill_": masked,
        "add": lambda: zero.add(value),
        "add_": lambda: zero.clone().add_(value),
        "mul": lambda: one.mul(value),
        "eq": lambda: zero.eq(value),
        "clamp": lambda: zero.clamp(min=value),
        "copysign": lambda: one.copysign(value),
    }


def outcome(route) -> list:
    try:
        tensor = route()
    except Exception as error:
        return ["error", type(error).__name__]
    name = str(tensor.dtype).removeprefix("torch.")
    if tensor.dtype.is_complex:
        number = tensor.to(torch.complex128).item()
        return [name, repr(number.real), repr(number.imag)]
    if tensor.dtype.is_floating_point:
        return [name, repr(tensor.double().item())]
    return [name, repr(tensor.item())]


request = json.load(sys.stdin)
result = {
    dtype: {
        text: {name: outcome(route) for name, route in routes(parse(text), getattr(torch, dtype)).items()}
        for text in request["values"]
    }
    for dtype in request["dtypes"]
}
json.dump(result, sys.stdout)
