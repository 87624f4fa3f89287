#pragma once
// The CUDA libraries that libtorch uses, found at run time: the addon is not linked against them.

#include <string>

namespace torch_func::compile {

// A library with the symbols of NVRTC and of the CUDA driver. Throws, and says why, if they cannot be loaded.
void* cudaLibraries();

// The address of a function in a loaded library or its dependencies. Throws if the function is missing.
void* symbolOf(void* library, const char* name);

template <typename Function>
void find(void* library, const char* name, Function* function) {
  *function = reinterpret_cast<Function>(symbolOf(library, name));
}

}  // namespace torch_func::compile
