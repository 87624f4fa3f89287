#pragma once

namespace torch_func {

// Lets the allocator of libtorch_cuda, if it is loaded, provoke collections. See Note [Collections are provoked].
void provokeCudaCollections();

}  // namespace torch_func
