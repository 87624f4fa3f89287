#pragma once
// The CUDA half of libtorch, which the addon is not linked against.

#include <string>

namespace torch_func {

// Loads libtorch_cuda from beside the libtorch_cpu in use, if it is there. libtorch registers its
// CUDA kernels and hooks when that library is loaded; they are looked up once and for all at the
// first question about a device, so this must come before.
void loadCudaLibrary();

// Why the CUDA half could not be loaded; empty if it was, or if this libtorch has none.
const std::string& cudaLoadError();

// The file of the libtorch_cpu in use.
std::string libtorchFile();

// What a loaded library exports under this name, or null.
void* findSymbol(const char* name);

}  // namespace torch_func
