#pragma once
// x[...] and x[...] = value, with Python's rules.

#include <napi.h>

namespace torch_func {

void defineIndexing(Napi::Object exports);

}  // namespace torch_func
