#pragma once
// Hooks written in JavaScript: on the gradient of a tensor, on a node of the graph, and on what a node saves.

#include <napi.h>

namespace torch_func {

void defineHooks(Napi::Object exports);

}  // namespace torch_func
