#pragma once
// JavaScript Tensor object <-> at::Tensor.

#include <ATen/core/Tensor.h>
#include <napi.h>

#include "core/environment.h"

namespace torch_func {

// A new JavaScript Tensor that owns `tensor`. An undefined tensor becomes null.
napi_value wrapTensor(Environment& environment, at::Tensor tensor);

// The handle of a JavaScript value, or null if the value is not a Tensor of this environment.
TensorHandle* tensorHandleOf(Environment& environment, napi_value value);

// The tensor of a JavaScript value. Throws a TypeError that names `argument` if the value is not a Tensor, and a
// RuntimeError if it has been disposed of.
const at::Tensor& toTensor(Environment& environment, napi_value value, const char* argument);

// Unwraps gradient wrappers whose level has ended, repeatedly; returns any other tensor unchanged. libtorch itself
// unwraps one such wrapper, and fails an assertion at a second.
const at::Tensor& withoutEndedLevels(const at::Tensor& tensor);

// The tensor to compute with, without ended levels. Throws a RuntimeError for a disposed tensor, and for one that
// escaped from a call of vmap.
const at::Tensor& operandOf(const TensorHandle& handle, const char* argument);
const at::Tensor& toOperand(Environment& environment, napi_value value, const char* argument);

// A list of tensors. Keeps wrappers of ended levels, whose graph may be needed. With `allowNull`, null and undefined
// entries become undefined tensors.
std::vector<at::Tensor> toTensorList(Environment& environment, napi_value value, const char* argument,
                                     bool allowNull = false);
napi_value wrapTensorList(Environment& environment, const std::vector<at::Tensor>& tensors);

// The type of a value for error messages: "Tensor", "string", "Date", "null", ...
std::string describe(Environment& environment, napi_value value);

}  // namespace torch_func
