// Derivatives of std and std_mean where the deviation is 0, and third derivatives.
//
// libtorch masks the backward where the deviation is 0. Its derivative in the gradient, which linearize takes, is NaN
// there.
//
// libtorch's backward modifies a tensor in place that a derivative of it saves: reverse mode over forward mode over any
// mode fails with "modified by an inplace operation" (PyTorch 2.13).
//
// With a gradient, or if the first derivative will be differentiated, the operators are therefore computed as the root
// of the variance. As in libtorch, the derivative is 0 where the deviation is 0.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/library.h>

#include <optional>
#include <vector>

#include "kernels/corrections.h"
#include "kernels/kernel_override.h"

namespace torch_func {

namespace {

using at::Tensor;

Tensor rootOf(const Tensor& variance) {
  const Tensor isZero = variance == 0;
  return variance.masked_fill(isZero, 1).sqrt().masked_fill(isZero, 0);
}

// (self, dim, correction, keepdim)
template <bool withMean>
void deviation(KernelCall& call) {
  const Recording recording = call.recording();
  if (!(recording.gradient && c10::GradMode::is_enabled()) && !recording.isDifferentiatedAgain()) {
    call.callOriginal();
    return;
  }
  const Tensor self = call.tensor(0);
  const auto dims = call.argument(1).toOptional<std::vector<int64_t>>();
  const auto correction = call.argument(2).toOptional<at::Scalar>();
  const bool keepdim = call.argument(3).toBool();
  const auto list = dims ? at::OptionalIntArrayRef(*dims) : at::OptionalIntArrayRef();
  if constexpr (withMean) {
    const auto [variance, mean] = at::var_mean(self, list, correction, keepdim);
    call.setOutputs(rootOf(variance), mean);
  } else {
    call.setOutputs(rootOf(at::var(self, list, correction, keepdim)));
  }
}

}  // namespace

void registerStandardDeviation() {
  // A registration lasts as long as its Library object.
  static torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::Autograd, __FILE__, __LINE__);
  overrideAutogradKernel(library, "std.correction", CallKernel::factory(&deviation<false>));
  overrideAutogradKernel(library, "std_mean.correction", CallKernel::factory(&deviation<true>));
}

}  // namespace torch_func
