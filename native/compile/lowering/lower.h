#pragma once
// The back end: from a graph without writes to something that runs it.
//
// Note [Lowering]
// A function of few numbers per sample becomes one program (lowering/scalarize.h). Otherwise the graph is partitioned
// into groups (lowering/groups.h): elementwise operators become programs, matrix products BLAS calls, everything else
// calls of the library. Where large matrix products keep a batch dimension, the steps between and around them run in
// chunks of samples that stay in the cache (lowering/chain.h).
// On CUDA, programs become kernels (Note [Generated kernels]), and matrix products are library calls too.

#include <memory>
#include <string>
#include <vector>

#include "compile/cuda/kernel_device.h"
#include "compile/execute/executable.h"
#include "compile/graph/graph.h"
#include "compile/lowering/scalarize.h"

namespace torch_func::compile {

// Why something is not compiled, or not as well as it could be.
using Reasons = std::vector<std::string>;

// Null, with a reason, if the graph cannot be run as a plan. Tests pass `kernels`: it runs the graph of CUDA
// tensors in place of the GPU.
std::unique_ptr<Executable> lower(const Graph& functional, Reasons& reasons, const ScalarizeOptions& options = {},
                                  KernelDevice* kernels = nullptr);

}  // namespace torch_func::compile
