// Corrects second derivatives of triangular_solve and of eigenvalues, and the gradient of as_strided_scatter
// (PyTorch 2.13):
//
// - The forward-mode rule of the backward of triangular_solve is wrong. linalg_solve_triangular replaces the operator.
// - The forward-mode rules of eig and eigh divide by the differences of all pairs of eigenvalues, also of each
//   eigenvalue from itself, and mask the quotients afterwards. 0 / 0 makes every derivative of the rule NaN. Here the
//   zero differences are replaced before the division.
// - as_strided_scatter gives a gradient to elements of self that it overwrites, and none to the others. It has no
//   batching rule. Here it is decomposed into scatter.
#include <ATen/ATen.h>
#include <ATen/ExpandUtils.h>
#include <torch/library.h>

#include <vector>

#include "kernels/corrections.h"
#include "kernels/equal_eigenvalues.h"
#include "kernels/kernel_override.h"

namespace torch_func {

namespace {

using at::Tensor;

// (B, A, upper, transpose, unitriangular) -> (X, a copy of A)
void triangularSolve(KernelCall& call) {
  const Recording recording = call.recording();
  if (!recording.tangent && !recording.isDifferentiatedAgain()) {
    call.callOriginal();
    return;
  }
  const Tensor B = call.tensor(0);
  const Tensor A = call.tensor(1);
  const bool upper = call.argument(2).toBool();
  const bool transpose = call.argument(3).toBool();
  const bool unitriangular = call.argument(4).toBool();
  const Tensor X = transpose ? at::linalg_solve_triangular(A.mT(), B, !upper, /*left=*/true, unitriangular)
                             : at::linalg_solve_triangular(A, B, upper, /*left=*/true, unitriangular);
  std::vector<int64_t> shape = at::infer_size(A.sizes().slice(0, A.dim() - 2), B.sizes().slice(0, B.dim() - 2));
  shape.push_back(A.size(-2));
  shape.push_back(A.size(-1));
  call.setOutputs(X, A.expand(shape).clone());
}

// With X = V^-1 dA V and E_ij = l_j - l_i, the tangent of the eigenvalues is the diagonal of X, and the tangent of the
// eigenvectors is V times the off-diagonal part of X / E, up to the length and phase of each vector. `eig` normalizes
// the eigenvectors: their length is 1.
template <bool isHermitian>
void eigen(KernelCall& call) {
  const Recording recording = call.recording();
  const Tensor A = call.tensor(0);
  if (!recording.tangent || !recording.isDifferentiatedAgain() || A.numel() == 0) {
    const bool hasVectors = isHermitian && call.argument(2).toBool();
    call.callOriginal();
    if (hasVectors) differentiateEigenvalues(call, A, recording);
    return;
  }
  if constexpr (isHermitian) {
    // The tangent needs the eigenvectors also if only eigenvalues were requested.
    if (!call.argument(2).toBool()) call.argument(2) = true;
  }
  const Tensor dA = call.takeTangent(0);
  call.callOriginal();
  const Tensor values = call.primalOutput(0);
  const Tensor vectors = call.primalOutput(1);
  const Tensor change = dA.to(vectors.scalar_type()).matmul(vectors);
  const Tensor X = isHermitian ? vectors.mH().matmul(change) : std::get<0>(at::linalg_solve_ex(vectors, change));
  const Tensor diagonal = X.diagonal(0, -2, -1);
  const Tensor identity = at::eye(values.size(-1), values.options());
  const Tensor E = values.unsqueeze(-2) - values.unsqueeze(-1) + identity;
  Tensor tangent = vectors.matmul(X * (1 - identity) / E);
  if (!isHermitian) {
    // Eigenvectors have length 1: the component of the tangent along the vector has no real part.
    const Tensor along = (vectors.conj() * tangent).sum(-2, /*keepdim=*/true);
    tangent = tangent - vectors * at::real(along);
  }
  call.setTangent(0, isHermitian && diagonal.is_complex() ? at::real(diagonal) : diagonal);
  call.setTangent(1, tangent);
  if constexpr (isHermitian) differentiateEigenvalues(call, A, recording);
}

// (self, src, size, stride, storage_offset)
void asStridedScatter(KernelCall& call) {
  const Tensor self = call.tensor(0);
  const Tensor source = call.tensor(1);
  const Recording recording = call.recording();
  if ((!recording.gradient && !recording.tangent) || !self.is_contiguous() || self.numel() == 0) {
    call.callOriginal();
    return;
  }
  const std::vector<int64_t> size = call.argument(2).toIntVector();
  const std::vector<int64_t> stride = call.argument(3).toIntVector();
  const int64_t offset = call.argument(4).isNone() ? 0 : call.argument(4).toInt();
  int64_t last = offset;
  bool fits = size.size() == stride.size() && source.sizes() == at::IntArrayRef(size) && offset >= 0 &&
              self.scalar_type() == source.scalar_type();
  for (size_t i = 0; fits && i < size.size(); ++i) {
    fits = size[i] > 0 && stride[i] >= 0;
    last += (size[i] - 1) * stride[i];
  }
  // libtorch handles all other arguments, or reports their errors.
  if (!fits || last >= self.numel() || self.storage_offset() != 0) {
    call.callOriginal();
    return;
  }
  const Tensor positions = at::arange(self.numel(), self.options().dtype(at::kLong)).as_strided(size, stride, offset);
  call.setOutputs(self.reshape({-1}).scatter(0, positions.reshape({-1}), source.reshape({-1})).view(self.sizes()));
}

}  // namespace

void registerLinalgDecompositions() {
  // A registration lasts as long as its Library object.
  static torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::Autograd, __FILE__, __LINE__);
  const auto add = [&](const char* name, CallKernel::Function function) {
    overrideAutogradKernel(library, name, CallKernel::factory(function));
  };
  add("triangular_solve", &triangularSolve);
  add("_linalg_eigh", &eigen<true>);
  add("linalg_eig", &eigen<false>);
  add("as_strided_scatter", &asStridedScatter);
}

}  // namespace torch_func
