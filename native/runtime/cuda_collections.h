#pragma once

namespace torch_func {

// Lets the allocator of the loaded libtorch_cuda provoke collections. See Note [Collections are provoked].
void provokeCudaCollections();

}  // namespace torch_func
