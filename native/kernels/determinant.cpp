// The determinant, with correct derivatives of every order.
//
// libtorch's gradient of det is det(A) A^-T if A is nonsingular. Its second derivative goes through the singular
// values, which are not differentiable where two of them are equal: hessian(det) at the identity is NaN
// (pytorch/pytorch#192521). Its forward-mode rule treats the LU factors of A as constants (pytorch/pytorch#192540).
//
// The determinant is a polynomial of the elements. Up to 3 x 3 it is expanded. A larger matrix is transformed by the
// unitary factors of its singular value decomposition: A = U B V. Since det(A) = det(U) det(V) det(B) holds for any two
// unitary matrices, U and V may be constants. B is partitioned into blocks, of which B22 has the three smallest
// singular values:
//
//   det(B) = det(B11) det(B22 - B21 B11^-1 B12)
//
// This divides by the larger singular values only. If these are zero too, all derivatives up to the third are zero.
#include "kernels/determinant.h"

#include <ATen/ATen.h>

#include <limits>

#include "kernels/constants.h"

namespace torch_func {

namespace {

using at::Tensor;

constexpr int64_t maxExpandedSize = 3;

Tensor element(const Tensor& A, int64_t row, int64_t column) { return A.select(-2, row).select(-1, column); }

Tensor expandedDeterminant(const Tensor& A) {
  const auto minor = [&](int64_t i, int64_t j) {
    return element(A, 1, i) * element(A, 2, j) - element(A, 1, j) * element(A, 2, i);
  };
  switch (A.size(-1)) {
    case 0: return at::ones_symint(A.sym_sizes().slice(0, A.dim() - 2), A.options());
    case 1: return element(A, 0, 0);
    case 2: return element(A, 0, 0) * element(A, 1, 1) - element(A, 0, 1) * element(A, 1, 0);
    default: return element(A, 0, 0) * minor(1, 2) - element(A, 0, 1) * minor(0, 2) + element(A, 0, 2) * minor(0, 1);
  }
}

// The product of the diagonal of the LU factors, negated for an odd number of row exchanges. The derivative of the LU
// decomposition exists for nonsingular matrices only.
Tensor determinantFromLU(const Tensor& A) {
  const auto [LU, pivots, info] = at::linalg_lu_factor_ex(A);
  const Tensor rows = at::arange(1, A.size(-1) + 1, pivots.options());
  const Tensor isOdd = pivots.ne(rows).sum(-1).remainder(2);
  return LU.diagonal(0, -2, -1).prod(-1) * (1 - 2 * isOdd);
}

double epsilonOf(at::ScalarType type) {
  return c10::toRealValueType(type) == at::kFloat ? std::numeric_limits<float>::epsilon()
                                                  : std::numeric_limits<double>::epsilon();
}

}  // namespace

Tensor determinant(const Tensor& A) {
  const int64_t n = A.size(-1);
  if (n <= maxExpandedSize) return expandedDeterminant(A);
  const int64_t head = n - maxExpandedSize;
  bool hasIllScaled = false;
  const std::vector<Tensor> constants = constantsOf(A, [&](const Tensor& values) -> std::vector<Tensor> {
    const auto [U, S, Vh] = at::linalg_svd(values, /*full_matrices=*/false);
    const double tolerance = epsilonOf(values.scalar_type()) * static_cast<double>(n);
    const Tensor isZero = S.select(-1, head - 1) <= S.select(-1, 0) * tolerance;
    const Tensor isIllScaled = isZero.logical_and(at::linalg_det(values).ne(0));
    hasIllScaled = !values.is_meta() && isIllScaled.any().item<bool>();
    return {U.mH(), Vh.mH(), at::linalg_det(U) * at::linalg_det(Vh), isZero, isIllScaled};
  });
  const Tensor B = constants[0].matmul(A).matmul(constants[1]);
  const Tensor& phase = constants[2];
  const Tensor& isZero = constants[3];

  const Tensor identity = at::eye(head, A.options());
  const Tensor B11 = B.narrow(-2, 0, head).narrow(-1, 0, head) + identity * isZero.unsqueeze(-1).unsqueeze(-1);
  const Tensor B12 = B.narrow(-2, 0, head).narrow(-1, head, maxExpandedSize);
  const Tensor B21 = B.narrow(-2, head, maxExpandedSize).narrow(-1, 0, head);
  const Tensor B22 = B.narrow(-2, head, maxExpandedSize).narrow(-1, head, maxExpandedSize);
  const Tensor rest = expandedDeterminant(B22 - B21.matmul(at::linalg_solve(B11, B12)));
  const Tensor result = (phase * determinantFromLU(B11) * rest).masked_fill(isZero, 0);
  if (!hasIllScaled) return result;
  // The larger singular values of a matrix with rows of very different scale may be zero beside the largest one, and
  // its determinant need not be: its LU factors have all digits.
  const Tensor& isIllScaled = constants[4];
  const Tensor mask = isIllScaled.unsqueeze(-1).unsqueeze(-1);
  const Tensor regular = at::where(mask, A, at::eye(n, A.options()));
  return at::where(isIllScaled, determinantFromLU(regular), result);
}

}  // namespace torch_func
