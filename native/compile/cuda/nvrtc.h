#pragma once
// NVRTC, NVIDIA's compiler of kernels. The addon is not linked against it: the one that libtorch uses is found at run
// time.

#include <string>
#include <vector>

#include "compile/cuda/kernel_source.h"

namespace torch_func::compile {

class Nvrtc {
 public:
  // That of libtorch. Throws if it cannot be loaded.
  static const Nvrtc& ofLibtorch();
  // A loaded library that has it, or whose dependencies do. Throws if a function is missing.
  explicit Nvrtc(void* library);

  // The compute capabilities it compiles for, as in 90, in ascending order.
  std::vector<int> architectures() const;
  // The program for devices of this compute capability: machine code, or for devices newer than the compiler PTX, which
  // the driver translates. Throws with the compiler's messages.
  std::string compile(const KernelSource& source, int capability) const;

 private:
  using Handle = void*;
  void check(int error, const char* what) const;
  std::string get(Handle program, int (*sizeOf)(Handle, size_t*), int (*read)(Handle, char*), const char* what) const;

  const char* (*getErrorString_)(int);
  int (*createProgram_)(Handle*, const char*, const char*, int, const char* const*, const char* const*);
  int (*compileProgram_)(Handle, int, const char* const*);
  int (*destroyProgram_)(Handle*);
  int (*getProgramLogSize_)(Handle, size_t*);
  int (*getProgramLog_)(Handle, char*);
  int (*getCubinSize_)(Handle, size_t*);
  int (*getCubin_)(Handle, char*);
  int (*getPtxSize_)(Handle, size_t*);
  int (*getPtx_)(Handle, char*);
  int (*getNumSupportedArchs_)(int*);
  int (*getSupportedArchs_)(int*);
};

// The `--gpu-architecture` for a device: sm_N for its own capability, compute_N for the last one before it.
std::string architectureOption(int capability, const std::vector<int>& available);

}  // namespace torch_func::compile
