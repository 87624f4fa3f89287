"""Runs parity cases in PyTorch: a JSON document on stdin, another on stdout; see cases.ts."""

import base64
import json
import math
import sys
import textwrap
import warnings

import numpy
import torch
import torch.func
import torch.nn.functional as F
from torch import nn

INTEGERS = {
    torch.bool,
    torch.uint8,
    torch.int8,
    torch.int16,
    torch.int32,
    torch.int64,
    torch.uint16,
    torch.uint32,
    torch.uint64,
}


def number(value):
    """Numbers as JSON can hold them: what it has no number for comes as text."""
    return float(value) if isinstance(value, str) else value


def build(spec):
    """The tensor of an input; elements are numbers, texts, or pairs for complex numbers."""
    dtype = getattr(torch, spec["dtype"])
    if dtype.is_complex:
        values = [complex(number(re), number(im)) for re, im in spec["values"]]
    elif dtype in INTEGERS:
        values = [int(value) for value in spec["values"]]
    else:
        values = [number(value) for value in spec["values"]]
    return torch.tensor(values, dtype=dtype).reshape(spec["shape"])


def encode_tensor(x):
    x = x.detach()
    if x._is_zerotensor():
        # Zeros without memory, which numpy refuses.
        x = x.clone()
    result = {"kind": "tensor", "dtype": str(x.dtype).removeprefix("torch."), "shape": list(x.shape)}
    if x.device.type == "meta":
        return {**result, "elements": "meta", "data": ""}
    x = x.resolve_conj().resolve_neg().contiguous()
    if x.dtype in INTEGERS:
        elements = "integers"
        data = x.numpy().astype(numpy.uint64 if x.dtype == torch.uint64 else numpy.int64)
    else:
        # float64 holds every narrower dtype exactly; complex numbers are pairs.
        elements = "floats"
        wide = x.to(torch.complex128) if x.dtype.is_complex else x.to(torch.float64)
        data = torch.view_as_real(wide).numpy() if x.dtype.is_complex else wide.numpy()
    return {**result, "elements": elements, "data": base64.b64encode(data.tobytes()).decode()}


def encode(value):
    if isinstance(value, torch.Tensor):
        return encode_tensor(value)
    if isinstance(value, dict):
        return {"kind": "object", "keys": list(value), "items": [encode(item) for item in value.values()]}
    if isinstance(value, (tuple, list)):
        return {"kind": "array", "items": [encode(item) for item in value]}
    if value is None or isinstance(value, (bool, str)):
        return {"kind": "plain", "value": value}
    if isinstance(value, int):
        return {"kind": "integer", "value": str(value)}
    if isinstance(value, float):
        return {"kind": "float", "value": value if math.isfinite(value) else str(value)}
    if isinstance(value, complex):
        return {"kind": "complex", "value": [value.real, value.imag]}
    if isinstance(value, (torch.dtype, torch.layout, torch.memory_format)):
        return {"kind": "plain", "value": str(value).removeprefix("torch.")}
    if isinstance(value, torch.device):
        return {"kind": "plain", "value": str(value)}
    raise TypeError(f"a parity case returned {type(value).__name__}, which cannot be compared")


def compiled(source, names):
    """An expression, or the body of a function with a return; the names of torch.func are in scope."""
    source = textwrap.dedent(source).strip()
    body = source if "return " in source else f"return ({source})"
    definition = f"def case({', '.join(names)}):\n{textwrap.indent(body, '    ')}\n"
    scope = {**vars(torch.func), **globals()}
    exec(compile(definition, f"<{source[:60]}>", "exec"), scope)
    return scope["case"]


def run(case):
    function = compiled(case["python"], list(case["inputs"]))
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float32)
    inputs = {name: build(spec) for name, spec in case["inputs"].items()}
    try:
        return {"result": encode(function(**inputs))}
    except NameError:
        raise
    except Exception as error:
        name = type(error).__name__.removeprefix("_")
        return {"error": name, "message": str(error)}


def main():
    # As many threads as the other side: sums are then made in the same order.
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    document = json.load(sys.stdin)
    json.dump({"version": torch.__version__, "answers": [run(case) for case in document["cases"]]}, sys.stdout)


main()
