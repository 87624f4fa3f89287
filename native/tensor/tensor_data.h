#pragma once
// Values in and out: tensors from JavaScript data, and their values back.

#include <napi.h>

namespace torch_func {

void defineData(Napi::Object exports);

}  // namespace torch_func
