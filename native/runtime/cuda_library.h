#pragma once
// The CUDA part of libtorch, which the addon is not linked against.

#include <string>

namespace torch_func {

// Loads libtorch_cuda from the folder of the libtorch_cpu in use, if it is there. Loading it registers libtorch's CUDA
// kernels and hooks. libtorch looks the hooks up once, when it is first asked about a device, so load it before.
void loadCudaLibrary();

// Why it could not be loaded; empty if it was, or if this libtorch has none.
const std::string& cudaLoadError();

// The file of the libtorch_cpu in use.
std::string libtorchFile();

// The symbol of this name in the loaded libraries, or null.
void* findSymbol(const char* name);

}  // namespace torch_func
