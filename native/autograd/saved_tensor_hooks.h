#pragma once
// Hooks, written in JavaScript, on every tensor that a node saves for backward.

#include <napi.h>

namespace torch_func {

// Puts an engine in place that asks this file for the hooks; once per process, before any graph is run.
void installHookingEngine();

// Whether hooks are in force on this thread.
bool savedTensorHooksInForce();

}  // namespace torch_func
