#pragma once
// What lib/format needs to know of a tensor in order to print it.

#include <napi.h>

namespace torch_func {

void definePrinting(Napi::Object exports);

}  // namespace torch_func
