// Compiles kernels with NVRTC.

#include "compile/cuda/nvrtc.h"

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include "compile/cuda/libraries.h"

namespace torch_func::compile {

const Nvrtc& Nvrtc::ofLibtorch() {
  static const Nvrtc nvrtc(cudaLibraries());
  return nvrtc;
}

namespace {

// NVRTC opens a library of built-in functions by its name alone: the one that lies beside it.
void loadBuiltins(void* function) {
  Dl_info info;
  if (dladdr(function, &info) == 0 || info.dli_fname == nullptr) return;
  std::error_code ignored;
  for (const auto& file :
       std::filesystem::directory_iterator(std::filesystem::path(info.dli_fname).parent_path(), ignored)) {
    const std::string name = file.path().filename();
    if (name.starts_with("libnvrtc-builtins") && name.find(".alt.") == std::string::npos) {
      dlopen(file.path().c_str(), RTLD_NOW | RTLD_LOCAL);
    }
  }
}

}  // namespace

Nvrtc::Nvrtc(void* library) {
  find(library, "nvrtcGetErrorString", &getErrorString_);
  find(library, "nvrtcCreateProgram", &createProgram_);
  find(library, "nvrtcCompileProgram", &compileProgram_);
  find(library, "nvrtcDestroyProgram", &destroyProgram_);
  find(library, "nvrtcGetProgramLogSize", &getProgramLogSize_);
  find(library, "nvrtcGetProgramLog", &getProgramLog_);
  find(library, "nvrtcGetCUBINSize", &getCubinSize_);
  find(library, "nvrtcGetCUBIN", &getCubin_);
  find(library, "nvrtcGetPTXSize", &getPtxSize_);
  find(library, "nvrtcGetPTX", &getPtx_);
  find(library, "nvrtcGetNumSupportedArchs", &getNumSupportedArchs_);
  find(library, "nvrtcGetSupportedArchs", &getSupportedArchs_);
  loadBuiltins(reinterpret_cast<void*>(createProgram_));
}

void Nvrtc::check(int error, const char* what) const {
  if (error != 0) throw std::runtime_error(std::string(what) + ": " + getErrorString_(error));
}

std::string Nvrtc::get(Handle program, int (*sizeOf)(Handle, size_t*), int (*read)(Handle, char*),
                       const char* what) const {
  size_t size = 0;
  check(sizeOf(program, &size), what);
  std::string text(size, '\0');
  check(read(program, text.data()), what);
  return text;
}

std::vector<int> Nvrtc::architectures() const {
  int count = 0;
  check(getNumSupportedArchs_(&count), "nvrtcGetNumSupportedArchs");
  std::vector<int> result(static_cast<size_t>(count));
  check(getSupportedArchs_(result.data()), "nvrtcGetSupportedArchs");
  return result;
}

std::string architectureOption(int capability, const std::vector<int>& available) {
  const auto next = std::upper_bound(available.begin(), available.end(), capability);
  if (next == available.begin()) {
    throw std::runtime_error("NVRTC does not compile for compute capability " + std::to_string(capability / 10) + "." +
                             std::to_string(capability % 10));
  }
  const int chosen = *(next - 1);
  return (chosen == capability ? "sm_" : "compute_") + std::to_string(chosen);
}

std::string Nvrtc::compile(const KernelSource& source, int capability) const {
  const std::string architecture = architectureOption(capability, architectures());
  const std::string option = "--gpu-architecture=" + architecture;
  const std::array<const char*, 3> options = {option.c_str(), "--std=c++17", "--fmad=false"};
  Handle program = nullptr;
  check(createProgram_(&program, source.text.c_str(), (source.name + ".cu").c_str(), 0, nullptr, nullptr),
        "nvrtcCreateProgram");
  struct Destroy {
    const Nvrtc& nvrtc;
    Handle& program;
    ~Destroy() { nvrtc.destroyProgram_(&program); }
  } const destroy{*this, program};
  if (const int error = compileProgram_(program, static_cast<int>(options.size()), options.data()); error != 0) {
    throw std::runtime_error("NVRTC could not compile a fused group for " + architecture + ": " +
                             getErrorString_(error) + "\n" +
                             get(program, getProgramLogSize_, getProgramLog_, "nvrtcGetProgramLog"));
  }
  if (architecture.starts_with("sm_")) return get(program, getCubinSize_, getCubin_, "nvrtcGetCUBIN");
  return get(program, getPtxSize_, getPtx_, "nvrtcGetPTX");
}

}  // namespace torch_func::compile
