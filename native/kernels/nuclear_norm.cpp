// The nuclear norm (the sum of the singular values) of matrices with equal singular values. It is a smooth function of
// nonsingular matrices, but libtorch differentiates the singular vectors, which divides by differences of singular
// values: every second derivative at the identity is NaN (PyTorch 2.13).
//
// The nuclear norm of A is the trace of P = (A^H A)^(1/2). With the singular value decomposition A = U S V^H and
// constant V and S, the iteration
//
//   P <- P + L(V^H A^H A V - P^2),   L(X)_ij = X_ij / (s_i + s_j)
//
// starts from S, which is the solution, and gains one correct derivative in each step.
#include <ATen/ATen.h>
#include <ATen/WrapDimUtils.h>
#include <torch/library.h>

#include "kernels/constants.h"
#include "kernels/corrections.h"
#include "kernels/kernel_override.h"

namespace torch_func {

namespace {

using at::Tensor;

constexpr int highestOrder = 3;

// Whether the differences of singular values have fewer correct digits than the squares of the iteration, for any of
// the matrices. Not for singular matrices, where the norm has no derivative.
bool hasEqualValues(const Tensor& singularValues) {
  bool result = false;
  constantsOf(singularValues, [&](const Tensor& S) -> std::vector<Tensor> {
    if (S.is_meta() || S.numel() == 0 || S.size(-1) < 2) return {};
    const Tensor largest = S.select(-1, 0);
    const Tensor smallest = S.select(-1, -1);
    const Tensor gap = std::get<0>((-S.diff(1, -1)).min(-1));
    const Tensor isEqual = gap * largest < smallest * smallest;
    result = at::logical_and(isEqual.any(), (smallest > largest * 1e-6).all()).item<bool>();
    return {};
  });
  return result;
}

// The nuclear norm of matrices with at least as many rows as columns.
Tensor traceOfRoot(const Tensor& A, const Tensor& singularValues, const Tensor& vectors) {
  const Tensor S = constantOf(singularValues);
  const Tensor B = A.matmul(constantOf(vectors));
  const Tensor square = B.mH().matmul(B);
  const Tensor sums = S.unsqueeze(-1) + S.unsqueeze(-2);
  Tensor P = S.diag_embed().to(square.scalar_type());
  for (int order = 1; order <= highestOrder; ++order) P = P + (square - P.matmul(P)) / sums;
  const Tensor trace = P.diagonal(0, -2, -1).sum(-1);
  return trace.is_complex() ? at::real(trace) : trace;
}

// (self, ord, dim, keepdim, dtype)
void matrixNorm(KernelCall& call) {
  const Tensor self = call.tensor(0);
  const Recording recording = call.recording();
  const auto type = self.scalar_type();
  const std::vector<int64_t> dims = call.argument(2).toIntVector();
  const int64_t rank = self.dim();
  const auto isDim = [&](int64_t dim) { return -rank <= dim && dim < rank; };
  // libtorch reports the errors of other arguments.
  const bool fits =
      call.argument(1).toStringView() == "nuc" && dims.size() == 2 && isDim(dims[0]) && isDim(dims[1]) &&
      (dims[0] - dims[1]) % rank != 0 &&
      (type == at::kDouble || type == at::kFloat || type == at::kComplexDouble || type == at::kComplexFloat) &&
      call.argument(4).isNone();
  if (!fits || !(recording.gradient || recording.tangent || recording.below)) {
    call.callOriginal();
    return;
  }
  const Tensor A = self.movedim(dims, {-2, -1});
  const auto [U, S, Vh] = at::linalg_svd(A, /*full_matrices=*/false);
  Tensor result;
  if (!hasEqualValues(S)) {
    result = S.sum(-1);
  } else {
    const bool isTall = A.size(-2) >= A.size(-1);
    result = traceOfRoot(isTall ? A : A.mH(), S, isTall ? Vh.mH() : U);
  }
  if (call.argument(3).toBool()) {
    int64_t first = at::maybe_wrap_dim(dims[0], rank);
    int64_t second = at::maybe_wrap_dim(dims[1], rank);
    if (first > second) std::swap(first, second);
    result = result.unsqueeze(first).unsqueeze(second);
  }
  call.setOutputs(result);
}

}  // namespace

void registerNuclearNorm() {
  // A registration lasts as long as its Library object.
  static torch::Library composite(torch::Library::IMPL, "aten", c10::DispatchKey::CompositeImplicitAutograd, __FILE__,
                                  __LINE__);
  static torch::Library vmap(torch::Library::IMPL, "aten", c10::DispatchKey::FuncTorchBatchedDecomposition, __FILE__,
                             __LINE__);
  overrideComposite(composite, vmap, "linalg_matrix_norm.str_ord", CallKernel::factory(&matrixNorm));
}

}  // namespace torch_func
