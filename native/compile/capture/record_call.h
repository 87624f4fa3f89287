#pragma once
// The graph of a call, for the hooks of the tests.

#include <napi.h>

#include <vector>

#include "compile/graph/graph.h"
#include "core/environment.h"

namespace torch_func::compile {

// The graph of `function(arguments)`, which returns a list of tensors; `inputs` are the tensors of `arguments`. Throws
// a TypeError that names `hook` for a value that is not a function, and a RuntimeError if the call cannot be repeated.
Graph recordCall(Environment& environment, const char* hook, const Napi::Value& function,
                 const std::vector<at::Tensor>& inputs, const Napi::Value& arguments);

}  // namespace torch_func::compile
