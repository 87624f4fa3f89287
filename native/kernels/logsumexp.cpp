// The derivative of logsumexp where the result is infinite. libtorch's rules subtract equal infinities: the derivative
// of a sum of one element, which is the identity, is NaN at -infinity (PyTorch 2.13).
//
// The derivative of the result in an element is its share in the sum of exponentials. Where the result is infinite, the
// elements that are equal to it have equal shares, as the arguments of logaddexp have, and all others have none: the
// result is the mean of these elements.
#include <ATen/ATen.h>
#include <torch/library.h>

#include <cmath>
#include <vector>

#include "core/recording.h"
#include "kernels/constants.h"
#include "kernels/corrections.h"
#include "kernels/kernel_override.h"

namespace torch_func {

namespace {

using at::Tensor;

bool hasInfinity(const Tensor& tensor) {
  bool result = false;
  constantsOf(tensor, [&](const Tensor& values) -> std::vector<Tensor> {
    // The sum of finite numbers is finite, or overflows.
    result = !values.is_meta() && !std::isfinite(values.sum().item<double>()) && values.isinf().any().item<bool>();
    return {};
  });
  return result;
}

// (self, dim, keepdim)
void logsumexp(KernelCall& call) {
  const Tensor self = call.tensor(0);
  const bool isReal = at::isFloatingType(self.scalar_type());
  if (!call.isDifferentiated() || !isReal || self.numel() == 0) {
    call.callOriginal();
    return;
  }
  const std::vector<int64_t> dims = call.argument(1).toIntVector();
  const bool keepdim = call.argument(2).toBool();
  // A recorded call is replayed with other values.
  const bool isAlwaysMasked = isRecording();
  if (!isAlwaysMasked) {
    call.callOriginal();
    if (!hasInfinity(call.output(0).toTensor())) return;
  }
  const Tensor values = constantOf(self);
  const Tensor result = at::logsumexp(values, dims, /*keepdim=*/true);
  const Tensor isInfinite = result.isinf();
  const Tensor isOther = (values == result).logical_and(isInfinite).logical_not();
  const Tensor count = isOther.logical_not().sum(dims, /*keepdim=*/true).clamp_min(1);
  const Tensor mean = (self / count).masked_fill(isOther, 0).sum(dims, keepdim);
  const Tensor finite = self.masked_fill(isInfinite, 0);
  if (isAlwaysMasked) {
    call.argument(0) = finite;
    call.callOriginal();
  } else {
    call.output(0) = at::logsumexp(finite, dims, keepdim);
  }
  const Tensor isMean = keepdim ? isInfinite : isInfinite.sum(dims) > 0;
  call.output(0) = at::where(isMean, mean, call.output(0).toTensor());
}

}  // namespace

void registerLogsumexp() {
  // A registration lasts as long as its Library object.
  static torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::Autograd, __FILE__, __LINE__);
  overrideAutogradKernel(library, "logsumexp", CallKernel::factory(&logsumexp));
}

}  // namespace torch_func
