#pragma once
// Random state: the default generators, and Generator objects with a state of their own.

#include <napi.h>

namespace torch_func {

void defineRandom(Napi::Object exports);

}  // namespace torch_func
