"""Where the operator surface departs from what torchgen alone would bind, and why.

PyTorch binds a few operators by hand. Some of those bindings take exactly the arguments of the
aten overloads, so the table can serve them like any other; the others need code of their own, in
lib/, and are listed here so that docs/operators.md can say where they are.
"""

from __future__ import annotations

# Operators that torchgen skips because PyTorch binds them by hand, although the hand-written
# binding takes the arguments of the aten overloads. Value: the namespaces that have them.
HAND_BOUND_BUT_PLAIN: dict[str, tuple[str, ...]] = {
    "contiguous": ("methods",),
    "copy_": ("methods",),
    "get_device": ("methods",),
    "nonzero": ("methods", "torch"),
    "range": ("torch",),
    "set_": ("methods",),
    "sparse_bsc_tensor": ("torch",),
    "sparse_bsr_tensor": ("torch",),
    "sparse_compressed_tensor": ("torch",),
    "sparse_coo_tensor": ("torch",),
    "sparse_csc_tensor": ("torch",),
    "sparse_csr_tensor": ("torch",),
}

# Operators whose hand-written counterpart in lib/ does what Python's hand-written binding does.
# Key: aten operator, value: how TypeScript reaches it.
HAND_WRITTEN: dict[str, str] = {
    "_local_scalar_dense": "Tensor.item",
    "_to_copy": "Tensor.to",
    "_version": "Tensor._version",
    "dim": "Tensor.dim",
    "index": "Tensor.index",
    "is_contiguous": "Tensor.isContiguous",
    "is_leaf": "Tensor.isLeaf",
    "item": "Tensor.item",
    "lift_fresh": "torch.tensor",
    "mH": "Tensor.mH",
    "mT": "Tensor.mT",
    "matrix_H": "Tensor.H",
    "numel": "Tensor.numel",
    "numpy_T": "Tensor.T",
    "requires_grad_": "Tensor.requiresGrad_",
    "retains_grad": "Tensor.retainsGrad",
    "size": "Tensor.size",
    "slice": "Tensor.index",
    "storage_offset": "Tensor.storageOffset",
    "stride": "Tensor.stride",
    "to": "Tensor.to",
    "unique_dim": "torch.unique",
    "unique_dim_consecutive": "torch.uniqueConsecutive",
}

# Argument types for which JavaScript has no value to pass; overloads that need one are reached
# neither by name nor through torch.ops.aten.
TYPES_WITHOUT_VALUE = ("CellParamsBase", "Storage", "Stream")

# Operators whose Tensor arguments take plain numbers too: PyTorch's own list,
# `should_allow_numbers_as_tensors` in torch/csrc/utils/python_arg_parser.cpp. The addon reads it
# from native/operators/numbers_as_tensors.h, which is generated.
NUMBERS_AS_TENSORS = frozenset(
    name + suffix
    for name in (
        "add",
        "div",
        "divide",
        "floor_divide",
        "mul",
        "multiply",
        "sub",
        "subtract",
        "true_divide",
    )
    for suffix in ("", "_")
) | {"_conj", "_to_copy", "copy", "copy_", "to"}

# Integer parameters that may exceed 2^53, where a bigint is exact.
WIDE_INTEGERS = frozenset({"from", "high", "low", "to"})
