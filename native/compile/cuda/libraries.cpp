// Loads NVRTC and the CUDA driver.

#include "compile/cuda/libraries.h"

#include <dlfcn.h>

#include <filesystem>
#include <stdexcept>

#include "runtime/cuda_library.h"

namespace torch_func::compile {

void* symbolOf(void* library, const char* name) {
  void* symbol = dlsym(library, name);
  if (symbol == nullptr) throw std::runtime_error(std::string("the loaded CUDA libraries do not export ") + name);
  return symbol;
}

namespace {

struct Loaded {
  void* library = nullptr;
  std::string problem;
};

// libtorch calls NVRTC and the driver through a library of its own, which depends on those that it was built with and
// says where they are. Never closed, like libtorch_cuda.
Loaded load() {
  const auto file = std::filesystem::path(libtorchFile()).replace_filename("libcaffe2_nvrtc.so");
  Loaded result{dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL), {}};
  if (result.library == nullptr) {
    const char* problem = dlerror();
    result.problem = problem == nullptr ? file.string() : problem;
  }
  return result;
}

}  // namespace

void* cudaLibraries() {
  static const Loaded loaded = load();
  if (loaded.library != nullptr) return loaded.library;
  throw std::runtime_error("NVRTC and the CUDA driver could not be loaded: " + loaded.problem);
}

}  // namespace torch_func::compile
