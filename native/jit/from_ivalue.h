#pragma once
// The types of TorchScript -> JavaScript.

#include <ATen/core/ivalue.h>
#include <napi.h>

#include "core/environment.h"

namespace torch_func::jit {

// Tuples and lists become arrays, those of named tuples with their names; dicts objects, or Maps if their keys are not
// strings; objects of script classes plain objects with their attributes; enums their names.
napi_value fromIValue(Environment& environment, const c10::IValue& value);

}  // namespace torch_func::jit
