// Third derivatives of layer norm and batch norm in reverse mode.
//
// The backward operators of layer norm and batch norm take the saved mean and reciprocal standard deviation. libtorch's
// double backward is right: it accounts for the dependence of these statistics on the input. But it is itself a
// function of the saved statistics, so that its derivative treats them as constants: the third derivative of the
// normalization is silently wrong (PyTorch 2.13).
//
// If a double backward will be differentiated again, the backward operators are therefore decomposed into operators
// that recompute the statistics from the input (norm_backward.h). Otherwise libtorch's kernels run. They also are
// decomposed if there is a bias and no weight, because libtorch's double backward then fails.
#include "kernels/norm_reverse_ad.h"

#include <ATen/ATen.h>
#include <ATen/core/boxing/KernelFunction.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/GradMode.h>
#include <torch/library.h>

#include <memory>
#include <utility>

#include "kernels/kernel_override.h"
#include "kernels/norm_arguments.h"
#include "kernels/norm_backward.h"
#include "kernels/recording.h"

namespace torch_func {

namespace {

using at::Tensor;

// Whether results of the arguments will be differentiated more than once. Inside a transform every level creates a
// graph, so that a gradient at the current level alone is no evidence; a lower level has to differentiate an argument
// too, the same or another. Outside of transforms a backward pass creates a graph only on request (create_graph).
bool isDifferentiatedAgain(c10::ArrayRef<c10::IValue> arguments) {
  const Recording recording = recordingOf(arguments);
  return recording.gradient && (recording.below || !recording.wrapped);
}

bool isBiasWithoutWeight(const NormCall& call) {
  const c10::IValue* mask = call.find("output_mask");
  return mask != nullptr && mask->toBoolList()[2] && !call.tensor("weight").defined();
}

class NormBackwardKernel final : public c10::OperatorKernel {
 public:
  NormBackwardKernel(c10::SafeKernelFunction original, c10::KernelFunction decomposition)
      : original_(std::move(original)), decomposition_(std::move(decomposition)) {}

  void operator()(const c10::OperatorHandle& op, c10::DispatchKeySet keys, torch::jit::Stack* stack) {
    const auto arguments = torch::jit::last(*stack, op.schema().arguments().size());
    if (c10::GradMode::is_enabled() &&
        (isDifferentiatedAgain(arguments) ||
         (recordingOf(arguments).gradient && isBiasWithoutWeight(NormCall(op.schema(), *stack))))) {
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
