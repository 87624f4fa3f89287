#pragma once
// Hooks on the gradient of a tensor, written in JavaScript.

#include <napi.h>

namespace torch_func {

void defineHooks(Napi::Object exports);

}  // namespace torch_func
