#pragma once
// The C library's memory, for a process that is all ours.

#include <napi.h>

namespace torch_func {

void defineMallocPolicy(Napi::Object exports);

}  // namespace torch_func
