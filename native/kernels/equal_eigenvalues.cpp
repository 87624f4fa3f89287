// Second derivatives of eigenvalues and singular values of which some are equal (PyTorch 2.13). libtorch differentiates
// the vectors, which divides by the differences of the values: the result is infinite or NaN, or consists of rounding
// errors if the values differ by rounding errors only.
//
// One of several equal values has no second derivative, but their sum has. With A = V diag(l) V^H, the gradient of
// sum_i g_i l_i is
//
//   V U diag(g) U^-1 V^H,   V^H A V U = U (diag(l) + C)
//
// where V is constant, U = I + Z, Z is 0 for pairs of equal values, and C is 0 for all others. Equal weights g of equal
// values make it independent of the choice of V. With D = V^H A V - diag(l), which is 0 at A, the iteration
//
//   Z_ij <- (D U - Z C)_ij / (l_j - l_i),   C_ij = (D U)_ij for pairs of equal values
//
// gains one correct derivative in each step.
//
// If the weights of equal values differ, or depend on A, the second derivative exists for some functions only, and
// depends on derivatives of the weights that a gradient does not have. It is NaN. So is the derivative of a tangent,
// which does not know the weights.
//
// The singular values of A and their negatives are eigenvalues of [[0, A], [A^H, 0]]; its other eigenvalues are 0.
#include "kernels/equal_eigenvalues.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/saved_variable.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/recording.h"
#include "kernels/constants.h"

namespace torch_func {

namespace {

namespace autograd = torch::autograd;
using at::Tensor;

constexpr int highestOrder = 3;

// The difference of sorted values, as a part of the largest of them, up to which they are equal: the error of LAPACK.
double relativeGap(const Tensor& values) {
  const double epsilon = values.scalar_type() == at::kDouble ? std::numeric_limits<double>::epsilon()
                                                             : std::numeric_limits<float>::epsilon();
  return 8.0 * static_cast<double>(values.size(-1)) * epsilon;
}

// Whether each of the sorted values, the last one excepted, equals the next one.
Tensor isEqualToNext(const Tensor& values) {
  const Tensor largest = values.abs().amax(-1, /*keepdim=*/true);
  return values.diff(1, -1).abs() <= largest * relativeGap(values);
}

bool hasEqualValues(const Tensor& tensor) {
  bool result = false;
  constantsOf(tensor, [&](const Tensor& values) -> std::vector<Tensor> {
    const int64_t size = values.size(-1);
    if (values.is_meta() || values.numel() == 0 || size < 2) return {};
    if (isRecording()) {
      result = isEqualToNext(values).any().item<bool>();
      return {};
    }
    // For a few values a loop is cheaper than operators.
    const Tensor plain = values.to(at::kCPU, at::kDouble).contiguous();
    const double gap = relativeGap(values);
    const double* end = plain.const_data_ptr<double>() + plain.numel();
    for (const double* row = end - plain.numel(); row < end; row += size) {
      const double limit = gap * std::max(std::abs(row[0]), std::abs(row[size - 1]));
      for (int64_t i = 1; i < size; ++i) result |= std::abs(row[i] - row[i - 1]) <= limit;
    }
    return {};
  });
  return result;
}

// For sorted values: whether those of a pair are equal. The values of each group of equal ones have one number.
Tensor isEqualPair(const Tensor& values) {
  const Tensor isNewGroup = isEqualToNext(values).logical_not().to(at::kLong);
  const Tensor first = at::zeros_like(values.narrow(-1, 0, 1), values.options().dtype(at::kLong));
  const Tensor group = at::cat({first, isNewGroup.cumsum(-1)}, -1);
  return group.unsqueeze(-1) == group.unsqueeze(-2);
}

// Zeros whose derivatives are NaN, where `isUndefined`. `zeros` may depend on differentiated tensors.
Tensor undefinedDerivative(const Tensor& zeros, const Tensor& isUndefined) {
  const Tensor isDefined = isUndefined.logical_not();
  return zeros.masked_fill(isDefined, 1).abs().sqrt().masked_fill(isDefined, 0);
}

bool isConstant(const Tensor& tensor) {
  const c10::IValue values[] = {tensor};
  const Recording recording = recordingOf(values);
  return !recording.gradient && !recording.tangent && !recording.below;
}

// The eigenvalues of a Hermitian matrix, sorted, and the eigenvectors: constants.
struct Spectrum {
  Tensor values;
  Tensor vectors;
};

// The gradient of the sum of the eigenvalues, each multiplied by its weight.
Tensor gradientOf(const Tensor& matrix, const Spectrum& spectrum, const Tensor& weights) {
  const Tensor& V = spectrum.vectors;
  const Tensor& l = spectrum.values;
  const Tensor columns = weights.unsqueeze(-2);
  if (!c10::GradMode::is_enabled()) return (V * columns).matmul(V.mH());

  const Tensor B = V.mH().matmul(matrix).matmul(V);
  const Tensor D = B - constantOf(B);
  const Tensor isEqual = isEqualPair(l);
  const Tensor gaps = (l.unsqueeze(-2) - l.unsqueeze(-1)).masked_fill(isEqual, 1);
  const auto between = [&](const Tensor& X) { return X.masked_fill(isEqual, 0); };
  Tensor Z = between(D) / gaps;
  for (int order = 2; order <= highestOrder; ++order) {
    const Tensor product = D + D.matmul(Z);
    const Tensor C = product - between(product);
    Z = between(product - Z.matmul(C)) / gaps;
  }
  const Tensor scaled = weights.diag_embed() + Z * columns;
  const Tensor M = scaled - (scaled - (scaled - scaled.matmul(Z)).matmul(Z)).matmul(Z);

  Tensor isOpposed = at::logical_and(isEqual, at::eye(l.size(-1), l.options().dtype(at::kBool)).logical_not());
  if (isConstant(weights)) isOpposed = at::logical_and(isOpposed, weights.unsqueeze(-1) != columns);
  const Tensor isUndefined = at::logical_and(isEqual, isOpposed.sum(-1, /*keepdim=*/true) > 0);
  return V.matmul(M + undefinedDerivative(D, isUndefined)).matmul(V.mH());
}

Tensor zerosOf(const Tensor& matrix, int64_t rows, int64_t columns) {
  std::vector<int64_t> shape = matrix.sizes().vec();
  shape[shape.size() - 2] = rows;
  shape[shape.size() - 1] = columns;
  return at::zeros(shape, matrix.options());
}

Tensor above(const Tensor& top, const Tensor& bottom) { return at::cat({top, bottom}, -2); }

// [[0, A], [A^H, 0]]
Tensor bordered(const Tensor& A) {
  const int64_t rows = A.size(-2);
  const int64_t columns = A.size(-1);
  return above(at::cat({zerosOf(A, rows, rows), A}, -1), at::cat({A.mH(), zerosOf(A, columns, columns)}, -1));
}

// The spectrum of [[0, A], [A^H, 0]].
Spectrum borderedSpectrum(const Tensor& A, const Tensor& U, const Tensor& S, const Tensor& Vh) {
  const int64_t count = S.size(-1);
  // The vectors of the eigenvalue 0.
  const Tensor none = constantsOf(A, [&](const Tensor& matrix) -> std::vector<Tensor> {
    const int64_t rows = matrix.size(-2);
    const int64_t columns = matrix.size(-1);
    if (rows == columns) return {zerosOf(matrix, rows + columns, 0)};
    const auto [left, values, right] = at::linalg_svd(matrix, /*full_matrices=*/true);
    if (rows < columns) {
      return {above(zerosOf(matrix, rows, columns - count), right.mH().narrow(-1, count, columns - count))};
    }
    return {above(left.narrow(-1, count, rows - count), zerosOf(matrix, columns, rows - count))};
  })[0];
  const Tensor left = constantOf(U).narrow(-1, 0, count) / std::sqrt(2.0);
  const Tensor right = constantOf(Vh).mH().narrow(-1, 0, count) / std::sqrt(2.0);
  const Tensor values = constantOf(S);
  const Tensor zeros = at::zeros({none.size(-1)}, values.options()).expand_as(none.select(-2, 0));
  return {at::cat({values, zeros, -values.flip(-1)}, -1),
          at::cat({above(left, right), none, above(left, -right).flip(-1)}, -1)};
}

struct EqualValuesNode final : public autograd::Node {
  EqualValuesNode(const char* name, const Tensor& A, Spectrum spectrum)
      : Node(autograd::collect_next_edges(A)), A(A, /*is_output=*/false), name_(name), spectrum_(std::move(spectrum)) {}

  std::string name() const override { return name_; }

  autograd::variable_list apply(autograd::variable_list&& gradients) override {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!gradients[0].defined() || !task_should_compute_output(0)) return {Tensor()};
    const Tensor matrix = A.unpack();
    const Tensor weights = gradients[0];
    const int64_t count = weights.size(-1);
    const int64_t size = spectrum_.values.size(-1);
    if (size == count) {
      return {gradientOf((matrix + matrix.mH()) / 2, spectrum_, weights)};
    }
    const Tensor zeros = at::zeros({size - 2 * count}, weights.options());
    std::vector<int64_t> shape = weights.sizes().vec();
    shape.back() = zeros.size(0);
    const Tensor signedWeights = at::cat({weights, zeros.expand(shape), -weights.flip(-1)}, -1);
    const Tensor gradient = gradientOf(bordered(matrix), spectrum_, signedWeights);
    const int64_t rows = matrix.size(-2);
    return {gradient.narrow(-2, 0, rows).narrow(-1, rows, matrix.size(-1))};
  }

  void release_variables() override {
    std::lock_guard<std::mutex> lock(mutex_);
    A.reset_data();
  }

  autograd::SavedVariable A;

 private:
  const char* name_;
  Spectrum spectrum_;
};

// Makes derivatives of the tangents of equal values NaN.
void restrictTangent(KernelCall& call, size_t index, const Tensor& A) {
  const Tensor tangent = call.output(index).toTensor()._fw_grad(/*level=*/0);
  const Tensor primal = primalOf(A);
  const Tensor isEqual = isEqualPair(constantOf(call.output(index).toTensor())).sum(-1) > 1;
  const Tensor hasEqual = (isEqual.sum(-1) > 0).unsqueeze(-1).unsqueeze(-1);
  const Tensor zero = undefinedDerivative(primal - constantOf(primal), hasEqual).sum({-2, -1}).unsqueeze(-1);
  call.setTangent(index, at::where(isEqual, tangent + zero, tangent));
}

// A copy that the current level does not record. Levels below differentiate it.
Tensor withoutRecording(const Tensor& tensor) {
  at::AutoDispatchBelowADInplaceOrView guard;
  return tensor.clone();
}

template <typename MakeSpectrum>
void differentiate(KernelCall& call, size_t index, const Tensor& A, const Recording& recording, const char* name,
                   MakeSpectrum makeSpectrum) {
  const Tensor values = call.output(index).toTensor();
  const bool hasGradient = recording.gradient && c10::GradMode::is_enabled();
  if ((!hasGradient && !(recording.tangent && recording.isDifferentiatedAgain())) || !hasEqualValues(values)) return;
  const Tensor tangent = values._fw_grad(/*level=*/0);
  if (hasGradient) {
    const Tensor result = withoutRecording(values);
    autograd::set_history(result, c10::make_intrusive<EqualValuesNode>(name, A, makeSpectrum()));
    call.output(index) = result;
    if (tangent.defined()) result._set_fw_grad(tangent, /*level=*/0, /*is_inplace_op=*/false);
  }
  if (recording.tangent && recording.isDifferentiatedAgain()) restrictTangent(call, index, A);
}

}  // namespace

void differentiateEigenvalues(KernelCall& call, const Tensor& A, const Recording& recording) {
  differentiate(call, 0, A, recording, "LinalgEighBackward0",
                [&] { return Spectrum{constantOf(call.output(0).toTensor()), constantOf(call.output(1).toTensor())}; });
}

void differentiateSingularValues(KernelCall& call, const Tensor& A, const Recording& recording) {
  differentiate(call, 1, A, recording, "LinalgSvdBackward0", [&] {
    return borderedSpectrum(A, call.output(0).toTensor(), call.output(1).toTensor(), call.output(2).toTensor());
  });
}

}  // namespace torch_func
