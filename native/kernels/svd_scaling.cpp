// Derivatives of the singular value decomposition of matrices with very large or very small elements. libtorch's rules
// divide by differences of squared singular values, and the derivatives of the rules by the squares of these
// differences. The squares overflow or underflow although the singular values do not: the second derivative is NaN
// (pytorch/pytorch#194705).
//
// If A / c has the decomposition (U, S, V), then A has the decomposition (U, c S, V), for every c > 0. Here c is a
// power of two near the largest element: the scaling does not round, and the squares stay near 1.
#include <ATen/ATen.h>
#include <ATen/functorch/BatchedTensorImpl.h>
#include <ATen/functorch/TensorWrapper.h>
#include <c10/core/GradMode.h>
#include <torch/library.h>

#include <cmath>

#include "core/recording.h"
#include "kernels/constants.h"
#include "kernels/corrections.h"
#include "kernels/equal_eigenvalues.h"
#include "kernels/kernel_override.h"
#include "kernels/svd_backward.h"

namespace torch_func {

namespace {

using at::Tensor;

// Whether the fourth power of the largest singular value of any matrix is near the limits of its dtype.
bool isExtreme(const Tensor& singularValues) {
  bool result = false;
  constantsOf(singularValues, [&](const Tensor& S) -> std::vector<Tensor> {
    if (S.numel() == 0 || S.is_meta()) return {};
    const double limit = S.scalar_type() == at::kDouble ? 1e75 : 1e8;
    const Tensor largest = S.select(-1, 0).to(at::kCPU, at::kDouble).contiguous();
    if (isRecording()) {
      const Tensor isSmall = at::logical_and(largest > 0, largest < 1 / limit);
      result = at::logical_and(largest.isfinite(), at::logical_or(largest > limit, isSmall)).any().item<bool>();
      return {};
    }
    const double* values = largest.const_data_ptr<double>();
    for (int64_t i = 0; i < largest.numel(); ++i) {
      result |= std::isfinite(values[i]) && (values[i] > limit || (values[i] > 0 && values[i] < 1 / limit));
    }
    return {};
  });
  return result;
}

// For each matrix, the largest power of two that does not exceed the absolute value of its largest element.
Tensor scaleOf(const Tensor& A) {
  return constantsOf(A, [](const Tensor& values) -> std::vector<Tensor> {
    const Tensor largest = values.abs().amax({-2, -1}, /*keepdim=*/true);
    const Tensor isUsable = at::logical_and(largest > 0, largest.isfinite());
    return {at::where(isUsable, largest.log2().floor().exp2(), at::ones_like(largest))};
  })[0];
}

// (A, full_matrices, compute_uv, driver) -> (U, S, Vh)
void svd(KernelCall& call) {
  const Recording recording = call.recording();
  if (!recording.gradient && !recording.tangent) {
    call.callOriginal();
    return;
  }
  const std::vector<c10::IValue> arguments = call.arguments().vec();
  const bool isReduced = !arguments[1].toBool() && arguments[2].toBool();
  if (c10::GradMode::is_enabled() && recording.gradient && !recording.tangent && isReduced &&
      call.tensor(0).is_complex()) {
    callSvdWithBackward(call);
  } else {
    call.callOriginal();
  }
  const Tensor A = arguments[0].toTensor();
  if (!isExtreme(call.output(1).toTensor())) {
    if (arguments[2].toBool()) differentiateSingularValues(call, A, recording);
    return;
  }

  const Tensor scale = scaleOf(A);
  const auto driver = arguments[3].toOptional<std::string_view>();
  const auto [U, S, Vh] = at::_linalg_svd(A / scale, arguments[1].toBool(), arguments[2].toBool(), driver);
  call.output(0) = U;
  call.output(1) = S * scale.squeeze(-1);
  call.output(2) = Vh;
}

}  // namespace

void registerSvdScaling() {
  // A registration lasts as long as its Library object.
  static torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::Autograd, __FILE__, __LINE__);
  overrideAutogradKernel(library, "_linalg_svd", CallKernel::factory(&svd));
}

}  // namespace torch_func
