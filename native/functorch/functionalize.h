#pragma once
// The wrappers of the functionalization pass.

#include <napi.h>

namespace torch_func {

void defineFunctionalize(Napi::Object exports);

}  // namespace torch_func
