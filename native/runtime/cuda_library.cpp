// Loads libtorch_cuda, and finds symbols by name.

#include "runtime/cuda_library.h"

#include <ATen/Version.h>
#include <dlfcn.h>

#include <filesystem>
#include <mutex>
#include <system_error>

namespace torch_func {

namespace {

std::string loadError;

void load() {
  const std::filesystem::path file = std::filesystem::path(libtorchFile()).replace_filename("libtorch_cuda.so");
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return;
  // Never closed: its kernels stay in the dispatcher's tables until the process ends.
  if (dlopen(file.c_str(), RTLD_LAZY | RTLD_GLOBAL) == nullptr) loadError = dlerror();
}

}  // namespace

void loadCudaLibrary() {
  static std::once_flag once;
  std::call_once(once, load);
}

const std::string& cudaLoadError() { return loadError; }

std::string libtorchFile() {
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(&at::get_cpu_capability), &info) == 0 || info.dli_fname == nullptr) return "";
  return info.dli_fname;
}

void* findSymbol(const char* name) { return dlsym(RTLD_DEFAULT, name); }

}  // namespace torch_func
