// Corrects batches of matrices before libtorch passes them to LAPACK (PyTorch 2.13).
//
// - linalg_lu_solve steps from one matrix to the next by the stride of dimension -3. It copies matrices only if
//   is_contiguous() is false, and is_contiguous() ignores the strides of dimensions of size 1. For LU.unsqueeze(1), it
//   reads every matrix but the first from a wrong address. The batching rule of lu_solve inserts such dimensions: vmap
//   of forward mode through solve, det and the operators defined by them is silently wrong.
// - linalg_ldl_solve assumes as many factors as right-hand sides, and reads out of bounds if they broadcast.
// - lu_unpack reads out of bounds if the pivots have another batch shape than the factors.
// - linalg_matrix_exp flattens the batch with view(), which fails for non-contiguous batches.
//
// The arguments are corrected below autograd and the transforms, so that the results are right in every mode.
#include <ATen/ATen.h>
#include <ATen/ExpandUtils.h>
#include <torch/library.h>

#include <algorithm>
#include <vector>

#include "kernels/corrections.h"
#include "kernels/kernel_override.h"

namespace torch_func {

namespace {

using at::Tensor;

enum class Order { rows, columns };

// The same tensor, with the strides of a contiguous tensor also in dimensions of size 1. Non-contiguous tensors are
// returned unchanged: the kernel copies them.
Tensor withContiguousStrides(const Tensor& tensor, Order order) {
  const int64_t rank = tensor.dim();
  std::vector<int64_t> strides(rank);
  bool isContiguous = true;
  int64_t stride = 1;
  for (int64_t i = rank - 1; i >= 0; --i) {
    int64_t dim = i;
    if (order == Order::columns && i >= rank - 2) dim = i == rank - 1 ? rank - 2 : rank - 1;
    strides[dim] = stride;
    if (tensor.stride(dim) != stride) {
      if (tensor.size(dim) != 1) return tensor;
      isContiguous = false;
    }
    stride *= std::max<int64_t>(tensor.size(dim), 1);
  }
  return isContiguous ? tensor : tensor.as_strided(tensor.sizes(), strides);
}

// LAPACK exchanges rows by the pivots without checking that they are in range.
void checkPivots(const Tensor& pivots, int64_t rows, bool hasBlocks, const char* name) {
  if (!pivots.device().is_cpu() || pivots.numel() == 0 || pivots.dim() == 0) return;
  const Tensor values = pivots.to(at::kLong).contiguous();
  const int64_t* data = values.const_data_ptr<int64_t>();
  const int64_t count = pivots.size(-1);
  for (int64_t i = 0; i < values.numel(); ++i) {
    int64_t pivot = data[i];
    if (hasBlocks && pivot < 0) {
      // Both pivots of a 2 x 2 block are negative.
      TORCH_CHECK(i % count + 1 < count && data[i + 1] < 0, name, ": argument 'pivots' holds ", pivot,
                  ", which begins a 2 x 2 block, without the second pivot of the block after it");
      TORCH_CHECK(-data[i + 1] <= rows, name, ": argument 'pivots' holds ", data[i + 1], ", but the matrices have ",
                  rows, " rows");
      ++i;
      pivot = -pivot;
    }
    TORCH_CHECK(pivot >= 1 && pivot <= rows, name, ": argument 'pivots' holds ", data[i], ", but the matrices have ",
                rows, " rows");
  }
}

// (LU, pivots, B, ...)
void luSolve(KernelCall& call) {
  const Tensor LU = call.tensor(0);
  const Tensor pivots = call.tensor(1);
  if (LU.dim() >= 2) {
    if (at::isIntegralType(pivots.scalar_type(), /*includeBool=*/false)) {
      checkPivots(pivots, LU.size(-2), /*hasBlocks=*/false, "torch.linalg.lu_solve");
    }
    call.argument(0) = withContiguousStrides(LU, Order::columns);
    call.argument(1) = withContiguousStrides(pivots, Order::rows);
  }
  call.callOriginal();
}

// (LD, pivots, B, ...)
void ldlSolve(KernelCall& call) {
  const Tensor LD = call.tensor(0);
  const Tensor pivots = call.tensor(1);
  const Tensor B = call.tensor(2);
  // libtorch reports the errors of all other arguments.
  const bool fits = LD.dim() >= 2 && B.dim() >= 2 && pivots.dim() >= 1 &&
                    LD.sizes().slice(0, LD.dim() - 1) == pivots.sizes() &&
                    at::isIntegralType(pivots.scalar_type(), /*includeBool=*/false);
  if (fits) {
    checkPivots(pivots, LD.size(-2), /*hasBlocks=*/true, "torch.linalg.ldl_solve");
    const auto batch = LD.sizes().slice(0, LD.dim() - 2);
    const std::vector<int64_t> common = at::infer_size(batch, B.sizes().slice(0, B.dim() - 2));
    if (batch == at::IntArrayRef(common)) {
      call.argument(0) = withContiguousStrides(LD, Order::columns);
      call.argument(1) = withContiguousStrides(pivots, Order::rows);
    } else {
      std::vector<int64_t> shape = common;
      shape.push_back(LD.size(-2));
      call.argument(1) = pivots.expand(shape).contiguous();
      shape.push_back(LD.size(-1));
      call.argument(0) = LD.mT().expand(shape).contiguous().mT();
    }
  }
  call.callOriginal();
}

// (LU, pivots, unpack_data, unpack_pivots, ...)
void luUnpack(KernelCall& call) {
  const Tensor LU = call.tensor(0);
  const Tensor pivots = call.tensor(1);
  // libtorch reports the errors of all other arguments.
  if (LU.dim() >= 2 && pivots.dim() >= 1 && pivots.scalar_type() == at::kInt && call.argument(3).toBool()) {
    std::vector<int64_t> shape = LU.sizes().slice(0, LU.dim() - 2).vec();
    shape.push_back(std::min(LU.size(-2), LU.size(-1)));
    TORCH_CHECK(pivots.sizes() == at::IntArrayRef(shape), "torch.lu_unpack: argument 'LU_pivots' must have the shape ",
                at::IntArrayRef(shape), " for 'LU_data' of shape ", LU.sizes(), ", not ", pivots.sizes());
    checkPivots(pivots, LU.size(-2), /*hasBlocks=*/false, "torch.lu_unpack");
  }
  call.callOriginal();
}

void matrixExp(KernelCall& call) {
  call.argument(0) = call.tensor(0).contiguous();
  call.callOriginal();
}

void registerFor(torch::Library& library, c10::DispatchKey key) {
  overrideKernel(library, key, "linalg_lu_solve", CallKernel::factory(&luSolve));
  overrideKernel(library, key, "linalg_lu_solve.out", CallKernel::factory(&luSolve));
  overrideKernel(library, key, "linalg_ldl_solve", CallKernel::factory(&ldlSolve));
  overrideKernel(library, key, "linalg_ldl_solve.out", CallKernel::factory(&ldlSolve));
  overrideKernel(library, key, "lu_unpack", CallKernel::factory(&luUnpack));
  overrideKernel(library, key, "lu_unpack.out", CallKernel::factory(&luUnpack));
  overrideKernel(library, key, "linalg_matrix_exp", CallKernel::factory(&matrixExp));
}

}  // namespace

void registerLapackBatches() {
  // A registration lasts as long as its Library object.
  static torch::Library cpu(torch::Library::IMPL, "aten", c10::DispatchKey::CPU, __FILE__, __LINE__);
  registerFor(cpu, c10::DispatchKey::CPU);
}

}  // namespace torch_func
