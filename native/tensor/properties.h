#pragma once
// What a tensor is: shape, dtype, device, its place in the autograd graph.

#include <napi.h>

namespace torch_func {

void defineProperties(Napi::Object exports);

}  // namespace torch_func
