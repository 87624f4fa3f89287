#pragma once
// JavaScript -> the types of TorchScript.

#include <ATen/core/function_schema.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>
#include <napi.h>

#include <string>
#include <vector>

#include "core/environment.h"

namespace torch_func::jit {

// Converts a value. Throws a TypeError that starts with `place` if it does not fit the type.
c10::IValue toIValue(Environment& environment, napi_value value, const c10::TypePtr& type, const std::string& place);

// The stack of a call: `self`, then the arguments. A plain object that follows the positional arguments holds named
// ones. Throws a TypeError that names the method and the argument, and shows the method's signature.
std::vector<c10::IValue> bindArguments(Environment& environment, const c10::FunctionSchema& schema, c10::IValue self,
                                       const std::vector<napi_value>& arguments);

// The signature of a method as Python writes it, without `self`.
std::string signatureOf(const c10::FunctionSchema& schema);

}  // namespace torch_func::jit
