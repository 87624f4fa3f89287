// The backward operators of layer norm and batch norm take the mean and the reciprocal standard deviation
// that the forward saved. libtorch's derivative of them is right once: it allows for these two depending on
// the input. But it reads them as constants, so that its own derivative, the third of the function, is wrong
// without a sign of it (PyTorch 2.13, from Python as well).
//
// So where a backward is going to be differentiated again these operators are computed from simpler ones, in
// which the statistics are functions of the input (norm_backward.h). Otherwise libtorch's kernel runs.
#include "kernels/norm_reverse_ad.h"

#include <ATen/ATen.h>
#include <ATen/core/boxing/KernelFunction.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/GradMode.h>
#include <torch/library.h>

#include <memory>
#include <utility>

#include "kernels/kernel_override.h"
#include "kernels/norm_backward.h"
#include "kernels/recording.h"

namespace torch_func {

namespace {

using at::Tensor;

// Whether what is computed from the arguments will be differentiated more than once. Inside a transform that is
// so if a level below the present one records an argument too, the same or another: every level creates a graph,
// and most are never differentiated. Outside of transforms a backward pass records only where it was asked to.
bool isDifferentiatedAgain(c10::ArrayRef<c10::IValue> arguments) {
  const Recording recording = recordingOf(arguments);
  return recording.gradient && (recording.below || !recording.wrapped);
}

class NormBackwardKernel final : public c10::OperatorKernel {
 public:
  NormBackwardKernel(c10::SafeKernelFunction original, c10::KernelFunction decomposition)
      : original_(std::move(original)), decomposition_(std::move(decomposition)) {}

  void operator()(const c10::OperatorHandle& op, c10::DispatchKeySet keys, torch::jit::Stack* stack) {
    if (c10::GradMode::is_enabled() &&
        isDifferentiatedAgain(torch::jit::last(*stack, op.schema().arguments().size()))) {
      decomposition_.callBoxed(op, keys, stack);
      return;
    }
    original_.callBoxed(op, keys, stack);
  }

 private:
  c10::SafeKernelFunction original_;
  c10::KernelFunction decomposition_;
};

}  // namespace

void registerNormReverseAd() {
  // A registration lasts as long as its Library object.
  static torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::Autograd, __FILE__, __LINE__);
  const auto add = [&](const char* name, auto function) {
    overrideAutogradKernel(library, name, [&](c10::SafeKernelFunction original) {
      return std::make_unique<NormBackwardKernel>(std::move(original),
                                                  c10::KernelFunction::makeFromUnboxedFunction(function));
    });
  };
  add("native_layer_norm_backward", TORCH_FN(nativeLayerNormBackward));
  add("native_batch_norm_backward", TORCH_FN(nativeBatchNormBackward));
  add("batch_norm_backward", TORCH_FN(batchNormBackward));
  add("cudnn_batch_norm_backward", TORCH_FN(cudnnBatchNormBackward));
  add("miopen_batch_norm_backward", TORCH_FN(miopenBatchNormBackward));
}

}  // namespace torch_func
