#pragma once
// What the functions that create tensors from data, or read the data of tensors, share.

#include <ATen/core/Tensor.h>
#include <napi.h>

#include "core/environment.h"

namespace torch_func {

c10::ScalarType dtypeArgument(const Napi::Value& value, const char* argument);
c10::Device deviceArgument(Environment& environment, const Napi::Value& value);

// A tensor created from JavaScript data enters the active transforms through lift_fresh, as in PyTorch. Without it an
// in-place operator on it would be an error: the mutation of a captured tensor.
at::Tensor lift(at::Tensor tensor, const c10::Device& device);

// Uninitialized CPU memory, allocated below all transforms.
at::Tensor plainEmpty(c10::IntArrayRef shape, c10::ScalarType dtype);

// The tensor inside gradient wrappers and functional wrappers, whose pending writes it executes. A RuntimeError for a
// batched tensor, which has no values of its own.
at::Tensor plainValue(const at::Tensor& tensor);

// The typed array for the elements of a dtype. Floats of 8 and 16 bits are returned as bits, complex numbers as pairs.
struct ArrayKind {
  napi_typedarray_type type;
  size_t perElement;
};
ArrayKind arrayKind(c10::ScalarType dtype);

}  // namespace torch_func
