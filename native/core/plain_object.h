#pragma once

#include "core/environment.h"

namespace torch_func {

// Whether an object is one of a literal: of options, or a node of a pytree. The value must be an object.
bool isPlainObject(Environment& environment, napi_value value);

}  // namespace torch_func
