#pragma once
// Settings of libtorch's global context: determinism and the precision of float32 products.

#include <napi.h>

namespace torch_func {

void defineContext(Napi::Object exports);

}  // namespace torch_func
