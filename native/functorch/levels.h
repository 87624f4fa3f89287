#pragma once
// functorch's interpreter stack: pushing and popping levels, wrapping and unwrapping tensors.

#include <napi.h>

#include "core/environment.h"

namespace torch_func {

// Leaves the forward modes that a thread which ends, in the middle of a transform perhaps, has entered.
void leaveDualLevels(Environment& environment);

}  // namespace torch_func
