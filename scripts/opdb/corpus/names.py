"""The public names of PyTorch's callables."""

from __future__ import annotations

import torch
import torch.masked
import torch.signal

# If a callable is in several namespaces, the first one gives its name.
_NAMESPACES = (
    "nn.functional",
    "linalg",
    "fft",
    "special",
    "masked",
    "signal.windows",
    "sparse",
    "",
    "Tensor",
    "nested",
)
_HIDDEN = {"__class__", "__init__", "__new__", "__repr__", "__str__", "__hash__", "__dir__", "__format__"}


def _namespace(name: str):
    value = torch
    for part in filter(None, name.split(".")):
        value = getattr(value, part)
    return value


def _collect() -> dict[int, str]:
    names: dict[int, str] = {}
    for namespace in _NAMESPACES:
        value = _namespace(namespace)
        # Private aliases of public functions come last.
        for name in sorted(dir(value), key=lambda name: (name.startswith("_"), name)):
            if name in _HIDDEN or (name.startswith("__") and namespace != "Tensor"):
                continue
            member = getattr(value, name, None)
            if callable(member):
                names.setdefault(id(member), f"torch.{namespace}.{name}".replace("..", "."))
    return names


_names = _collect()


def public_name(function, hint: str | None = None) -> str | None:
    """`torch.nn.functional.relu`, `torch.Tensor.add_`, `torch.ops.aten.slice.Tensor`; None for anything else."""
    # The name of the operator has precedence over other names, unless it is private.
    if hint is not None and not hint.startswith(("torch.", "_")):
        try:
            if _namespace(hint) is function:
                return f"torch.{hint}"
        except AttributeError:
            pass
    if isinstance(function, torch._ops.OpOverload):
        return f"torch.ops.{function.namespace}.{function._schema.name.split('::')[1]}.{function._overloadname}"
    if isinstance(function, torch._ops.OpOverloadPacket):
        return "torch.ops." + function._qualified_op_name.replace("::", ".")
    found = _names.get(id(function))
    if found is not None:
        return found
    # A function mode receives a property as the getter of its descriptor.
    if getattr(function, "__name__", None) == "__get__":
        return f"torch.Tensor.{function.__self__.__name__}.__get__"
    return None
