#pragma once
// JavaScript Tensor object <-> at::Tensor.

#include <ATen/core/Tensor.h>
#include <napi.h>

#include "core/environment.h"

namespace torch_func {

// A new JavaScript Tensor that owns `tensor`. An undefined tensor becomes null.
napi_value wrapTensor(Environment& environment, at::Tensor tensor);

// The handle behind a JavaScript value, or null if the value is not a Tensor of this environment.
TensorHandle* tensorHandleOf(Environment& environment, napi_value value);

// The tensor behind a JavaScript value. Throws a TypeError naming `argument` if the value is not a
// Tensor, and a RuntimeError if it has been disposed of.
const at::Tensor& toTensor(Environment& environment, napi_value value, const char* argument);

// What a gradient wrapper holds whose level has ended, through several of them; any other tensor as it
// is. libtorch looks through one such wrapper, and meets an assertion at the next.
const at::Tensor& withoutEndedLevels(const at::Tensor& tensor);

// The tensor to compute with, without ended levels. Throws a RuntimeError for one that has been
// disposed of, and for one that escaped from a call of vmap.
const at::Tensor& operandOf(const TensorHandle& handle, const char* argument);
const at::Tensor& toOperand(Environment& environment, napi_value value, const char* argument);

// A list of tensors as they are, the graph of an ended level included; with `allowNull`, null and undefined entries
// give undefined tensors.
std::vector<at::Tensor> toTensorList(Environment& environment, napi_value value, const char* argument,
                                     bool allowNull = false);
napi_value wrapTensorList(Environment& environment, const std::vector<at::Tensor>& tensors);

// What a value is, in words for error messages: "Tensor", "string", "Date", "null", ...
std::string describe(Environment& environment, napi_value value);

}  // namespace torch_func
