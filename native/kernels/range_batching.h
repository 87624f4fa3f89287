// linspace and logspace of tensors under vmap.
#pragma once

#include <torch/library.h>

namespace torch_func {

// Registers the decompositions with a library of the dispatch key FuncTorchBatched.
void registerRangeBatching(torch::Library& vmap);

}  // namespace torch_func
