#pragma once
// The function that adds the exports of native/jit/ to the addon.

#include <napi.h>

namespace torch_func {

void defineJit(Napi::Object exports);  // exports.cpp

}  // namespace torch_func
