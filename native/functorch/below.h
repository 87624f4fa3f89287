#pragma once
// What a custom function needs to be carried from one level of functorch's stack to the next below, as
// libtorch does it for operators: which level is on top, leaving it for a time, moving tensors across it.

#include <napi.h>

namespace torch_func {

void defineLowering(Napi::Object exports);

}  // namespace torch_func
