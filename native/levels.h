#pragma once
// functorch's interpreter stack: pushing and popping levels, wrapping and unwrapping tensors.

#include <napi.h>

namespace torch_func {

void defineLevels(Napi::Object exports);

}  // namespace torch_func
