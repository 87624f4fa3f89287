"""Runs Python code that writes and reads files, for tests of file formats, and prints its result as JSON."""

import collections
import json
import sys

import numpy
import safetensors
import safetensors.torch
import torch

DTYPES = [
    *("bool uint8 int8 int16 int32 int64 uint16 uint32 uint64").split(),
    *("float8_e4m3fn float8_e4m3fnuz float8_e5m2 float8_e5m2fnuz float8_e8m0fnu").split(),
    *("float16 bfloat16 float32 float64 complex32 complex64 complex128").split(),
]


def sample(dtype, shape):
    """A tensor whose bytes are 0, 37, 74, ... modulo 256: every kind of value, also NaNs. Booleans alternate."""
    kind = getattr(torch, dtype)
    count = int(numpy.prod(shape, dtype=int)) * kind.itemsize
    data = bytes(i * 37 % 256 for i in range(count))
    if dtype == "bool":
        data = bytes(i % 2 for i in range(count))
    return torch.frombuffer(bytearray(data), dtype=kind).reshape(shape) if count else torch.empty(shape, dtype=kind)


def described(value):
    """A value as JSON that shows types: tensors with all their bits."""
    if isinstance(value, torch.Tensor):
        return described_tensor(value)
    if isinstance(value, dict):
        items = [[described(key), described(item)] for key, item in value.items()]
        return {"dict": items, "ordered": isinstance(value, collections.OrderedDict)}
    if isinstance(value, (list, tuple)):
        return {"list" if isinstance(value, list) else "tuple": [described(item) for item in value]}
    if isinstance(value, set):
        return {"set": [described(item) for item in value]}
    if isinstance(value, (bytes, bytearray)):
        return {"bytes": bytes(value).hex()}
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, (int, float)) and abs(value) < 2**53:
        return value
    if isinstance(value, (torch.dtype, torch.layout)):
        return str(value).removeprefix("torch.")
    # Huge integers and non-finite numbers are not JSON; devices and complex numbers are text.
    return {"text": str(value)}


def described_tensor(value):
    if value.is_meta:
        return {"tensor": str(value.dtype).removeprefix("torch."), "shape": list(value.shape), "meta": True}
    plain = value.detach().resolve_conj().resolve_neg().contiguous().reshape(-1)
    result = {
        "tensor": str(value.dtype).removeprefix("torch."),
        "shape": list(value.shape),
        "hex": bytes(plain.view(torch.uint8).tolist()).hex(),
    }
    if value.requires_grad:
        result["requiresGrad"] = True
    if isinstance(value, torch.nn.Parameter):
        result["parameter"] = True
    return result


request = json.load(sys.stdin)
scope = {
    "DTYPES": DTYPES,
    "OrderedDict": collections.OrderedDict,
    "described": described,
    "folder": request["folder"],
    "numpy": numpy,
    "safetensors": safetensors,
    "sample": sample,
    "torch": torch,
}
exec(request["code"], scope)
print(json.dumps(scope.get("result")))
