// linalg.solve under vmap.
//
// libtorch's batching rule of _linalg_solve_ex expands the unbatched argument as if A and B had the same rank: solve(A,
// B) with one matrix and several right-hand sides fails under vmap over B. The rule also treats every B of lower rank
// than A as a batch of vectors: solve with several matrices and one B is silently wrong if the sizes agree.
//
// Here the rule gets two arguments of equal rank.
#include <ATen/ATen.h>
#include <torch/library.h>

#include <algorithm>

#include "kernels/corrections.h"
#include "kernels/kernel_override.h"
#include "kernels/linalg_shapes.h"

namespace torch_func {

namespace {

using at::Tensor;

Tensor withRank(Tensor tensor, int64_t rank) {
  while (tensor.dim() < rank) tensor = tensor.unsqueeze(0);
  return tensor;
}

// (A, B, left, check_errors) -> (X, LU, pivots, info)
void solve(KernelCall& call) {
  const Tensor A = call.tensor(0);
  const Tensor B = call.tensor(1);
  const bool isVector = isVectorOf(A, B);
  // libtorch's rule handles arguments of equal rank, and reports the errors of all others.
  if (A.dim() < 2 || B.dim() < 1 || (!isVector && B.dim() < 2) || (!isVector && A.dim() == B.dim())) {
    call.callOriginal();
    return;
  }
  const Tensor columns = isVector ? B.unsqueeze(-1) : B;
  const int64_t rank = std::max(A.dim(), columns.dim());
  call.argument(0) = withRank(A, rank);
  call.argument(1) = withRank(columns, rank);
  call.callOriginal();
  if (isVector) call.output(0) = call.output(0).toTensor().squeeze(-1);
  // The LU factors, the pivots and info have the batch dimensions of A.
  for (const size_t i : {1, 2, 3}) {
    Tensor output = call.output(i).toTensor();
    for (int64_t dim = A.dim(); dim < rank; ++dim) output = output.squeeze(0);
    call.output(i) = output;
  }
}

}  // namespace

void registerSolveBatching() {
  // A registration lasts as long as its Library object.
  static torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::FuncTorchBatched, __FILE__, __LINE__);
  overrideKernel(library, c10::DispatchKey::FuncTorchBatched, "_linalg_solve_ex", CallKernel::factory(&solve));
}

}  // namespace torch_func
