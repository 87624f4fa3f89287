#pragma once
// The reverse-mode engine, grad modes, and the rules that PyTorch keeps in its Python binding.

#include <napi.h>

namespace torch_func {

void defineAutograd(Napi::Object exports);

}  // namespace torch_func
