#pragma once
// Hooks in JavaScript on each tensor that a node saves for backward.

#include <napi.h>

namespace torch_func {

// Installs an engine that uses these hooks; once per process, before any graph is built.
void installHookingEngine();

// Whether hooks for all levels are active on this thread.
bool savedTensorHooksInForce();

}  // namespace torch_func
