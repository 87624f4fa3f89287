#pragma once
// Custom functions (torch.autograd.Function): the node that calls a backward written in JavaScript.

#include <napi.h>

namespace torch_func {

void defineFunctionNodes(Napi::Object exports);

}  // namespace torch_func
