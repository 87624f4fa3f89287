// Layer norm and batch norm in forward mode.
//
// Normalization operators also return the mean and the reciprocal standard deviation, which their backward reads.
// libtorch's forward-mode rule gives a tangent to the first output only, so that derivatives of the backward treat the
// statistics as constants. Silently wrong are jacfwd(jacfwd) and jacrev(jacfwd) of layer norm, instance norm and batch
// norm in training, and the rows of a hessian that belong to the weight (PyTorch 2.13).
//
// If an argument has a tangent, the kernels below therefore decompose the operator, which gives tangents to all three
// outputs. Without a tangent libtorch's kernel runs. It also runs for batch norm in evaluation mode, where the
// statistics do not depend on the input.
#include "kernels/norm_forward_ad.h"

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/GradMode.h>
#include <torch/library.h>

#include <memory>
#include <optional>
#include <utility>

#include "kernels/kernel_override.h"
#include "kernels/norm_arguments.h"
#include "kernels/op_math.h"
#include "kernels/recording.h"

namespace torch_func {

namespace {

using at::Tensor;

bool hasTangents(const NormCall& call) {
  return hasTangent(call.tensor("input")) || hasTangent(call.tensor("weight")) || hasTangent(call.tensor("bias"));
}

// Replaces the first three outputs of the operator by differentiable tensors of the same shape and dtype.
void differentiate(const Norm& norm, c10::IValue* outputs) {
  const auto [mean, rstd] = statisticsOf(norm);
  Tensor output = toOpMath(norm.input).sub(mean).mul(rstd);
  if (norm.weight.defined()) output = output.mul(toOpMath(norm.weight).reshape(norm.parameterShape));
  if (norm.bias.defined()) output = output.add(toOpMath(norm.bias).reshape(norm.parameterShape));
  replaceOutput(outputs[0], output);
  replaceOutput(outputs[1], mean);
  replaceOutput(outputs[2], rstd);
}

class NormKernel final : public c10::OperatorKernel {
 public:
  explicit NormKernel(c10::SafeKernelFunction original) : original_(std::move(original)) {}

  void operator()(const c10::OperatorHandle& op, c10::DispatchKeySet keys, torch::jit::Stack* stack) {
    const c10::FunctionSchema& schema = op.schema();
    const NormCall call(schema, *stack);
    const std::optional<Norm> norm = hasTangents(call) ? normOf(call) : std::nullopt;
    if (!norm) {
      original_.callBoxed(op, keys, stack);
      return;
    }
    {
      // The original kernel determines the shapes and dtypes of the outputs, and updates the running statistics.
      c10::AutoFwGradMode withoutTangents(false);
      original_.callBoxed(op, keys, stack);
    }
    differentiate(*norm, stack->data() + (stack->size() - schema.returns().size()));
  }

 private:
  c10::SafeKernelFunction original_;
};

}  // namespace

void registerNormForwardAd() {
  // A registration lasts as long as its Library object.
  static torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::Autograd, __FILE__, __LINE__);
  for (const char* name :
       {"native_layer_norm", "native_batch_norm", "_native_batch_norm_legit", "_native_batch_norm_legit.no_stats",
        "_batch_norm_with_update", "cudnn_batch_norm", "miopen_batch_norm"}) {
    overrideAutogradKernel(library, name, [](c10::SafeKernelFunction original) {
      return std::make_unique<NormKernel>(std::move(original));
    });
  }
}

}  // namespace torch_func
