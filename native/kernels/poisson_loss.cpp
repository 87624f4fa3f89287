// The gradient of poisson_nll_loss with full=true in the target, at targets of 0. Stirling's approximation
// t log t - t + log(2 pi t) / 2 is added for t > 1. libtorch masks its infinite derivative at 0 afterwards, which gives
// NaN (PyTorch 2.13). Here the targets are masked first.
#include <ATen/ATen.h>
#include <ATen/core/Reduction.h>
#include <torch/library.h>

#include <cmath>

#include "kernels/corrections.h"
#include "kernels/kernel_override.h"

namespace torch_func {

namespace {

using at::Tensor;

// (input, target, log_input, full, eps, reduction)
void poissonNllLoss(KernelCall& call) {
  const Tensor target = call.tensor(1);
  const Recording recording = recordingOf(call.arguments().slice(1, 1));
  if (!call.argument(3).toBool() || !(recording.gradient || recording.tangent || recording.below)) {
    call.callOriginal();
    return;
  }
  const int64_t reduction = call.argument(5).toInt();
  call.argument(3) = false;
  call.argument(5) = at::Reduction::None;
  call.callOriginal();
  const Tensor isSmall = target <= 1;
  const Tensor large = target.masked_fill(isSmall, 2);
  const Tensor stirling = large * large.log() - large + 0.5 * (2 * std::acos(-1.0) * large).log();
  const Tensor loss = call.output(0).toTensor() + stirling.masked_fill(isSmall, 0);
  switch (reduction) {
    case at::Reduction::Mean: call.output(0) = loss.mean(); break;
    case at::Reduction::Sum: call.output(0) = loss.sum(); break;
    default: call.output(0) = loss;
  }
}

}  // namespace

void registerPoissonLoss() {
  // A registration lasts as long as its Library object.
  static torch::Library composite(torch::Library::IMPL, "aten", c10::DispatchKey::CompositeImplicitAutograd, __FILE__,
                                  __LINE__);
  static torch::Library vmap(torch::Library::IMPL, "aten", c10::DispatchKey::FuncTorchBatchedDecomposition, __FILE__,
                             __LINE__);
  overrideComposite(composite, vmap, "poisson_nll_loss", CallKernel::factory(&poissonNllLoss));
}

}  // namespace torch_func
