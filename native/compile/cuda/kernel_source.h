#pragma once
// Programs of the vector machine as CUDA C++.
//
// Note [Generated kernels]
// A program becomes one kernel with a thread for each point. Registers are local variables, and each instruction is a
// statement, rounded on its own: NVRTC compiles with --fmad=false, for eager execution runs one kernel for each
// operator, and rounds between them. Where one operator of ATen multiplies and adds, the program has MulAdd. The
// formulas are those of ATen's CUDA kernels, which have no vector loops: see Note [Vector loops and scalar loops].
// The text names no buffer and, in one dimension, no number of points: programs that differ only by these are one
// kernel. It is also C++ for the host, with a few macros: that is how the tests run it without a GPU.

#include <string>
#include <vector>

#include "compile/machine/program.h"

namespace torch_func::compile {

struct KernelSource {
  std::string name;              // of the function; it depends on the text alone
  std::string text;              // extern "C" __global__ void name(const long long points, T* b0, U* b1, ...)
  std::vector<int32_t> buffers;  // the program's buffers, in the order of the parameters
};

// Threads of a block: what a launch must use.
inline constexpr int kBlockThreads = 128;

// Throws if the program reads or writes more arrays than a kernel has parameters.
KernelSource kernelSource(const Program& program);

}  // namespace torch_func::compile
