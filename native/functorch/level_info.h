#pragma once
// The kind of a level of functorch's interpreter stack, by name.

#include <ATen/functorch/Interpreter.h>

namespace torch_func {

// 'grad' (also for vjp), 'jvp', 'vmap' or 'functionalize'.
const char* kindName(at::functorch::TransformType type);

}  // namespace torch_func
