#pragma once
// Operators as JavaScript functions: one boxed call path through the dispatcher for all of them.

#include <napi.h>

namespace torch_func {

// operator(displayName, overloads, isMethod) and the like; see lib/native.ts.
void defineOperators(Napi::Object exports);

}  // namespace torch_func
