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
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "kernels/kernel_override.h"
#include "kernels/op_math.h"
#include "kernels/recording.h"

namespace torch_func {

namespace {

using at::Tensor;

// The arguments of one call by their names in the schema: normalization operators differ in the number and order of
// their arguments.
class Call {
 public:
  Call(const c10::FunctionSchema& schema, const torch::jit::Stack& stack)
      : schema_(schema), arguments_(torch::jit::last(stack, schema.arguments().size())) {}

  const c10::IValue* find(const char* name) const {
    const auto index = schema_.argumentIndexWithName(name);
    return index ? &arguments_[*index] : nullptr;
  }

  Tensor tensor(const char* name) const {
    const c10::IValue& value = *find(name);
    return value.isNone() ? Tensor() : value.toTensor();
  }

 private:
  const c10::FunctionSchema& schema_;
  at::ArrayRef<c10::IValue> arguments_;
};

// The arguments of a normalization, the dimensions that are normalized, and the shape in which weight and bias
// broadcast.
struct Norm {
  Tensor input;
  Tensor weight;
  Tensor bias;
  std::vector<int64_t> dims;
  std::vector<int64_t> parameterShape;
  double epsilon;
};

// The normalization, if an argument has a tangent and the statistics depend on the input.
std::optional<Norm> normWithTangents(const Call& call) {
  Norm norm{call.tensor("input"), call.tensor("weight"), call.tensor("bias"), {}, {}, 0};
  if (!hasTangent(norm.input) && !hasTangent(norm.weight) && !hasTangent(norm.bias)) return std::nullopt;
  const c10::IValue* training = call.find("training");
  if (norm.input.numel() == 0 || (training != nullptr && !training->toBool())) return std::nullopt;

  const c10::IValue* epsilon = call.find("eps");
  norm.epsilon = (epsilon != nullptr ? epsilon : call.find("epsilon"))->toDouble();
  const int64_t rank = norm.input.dim();
  if (const c10::IValue* shape = call.find("normalized_shape")) {
    norm.parameterShape = shape->toIntVector();
    norm.dims.resize(norm.parameterShape.size());
    std::iota(norm.dims.begin(), norm.dims.end(), rank - static_cast<int64_t>(norm.dims.size()));
  } else {
    norm.parameterShape.assign(rank, 1);
    norm.parameterShape[1] = norm.input.size(1);
    norm.dims.resize(rank - 1);
    std::iota(norm.dims.begin(), norm.dims.end(), 1);
    norm.dims[0] = 0;
  }
  return norm;
}

// Replaces the first three outputs of the operator by differentiable tensors of the same shape and dtype.
void differentiate(const Norm& norm, c10::IValue* outputs) {
  const Tensor x = toOpMath(norm.input);
  const auto [variance, mean] = at::var_mean(x, norm.dims, /*correction=*/0, /*keepdim=*/true);
  const Tensor rstd = variance.add(norm.epsilon).rsqrt();
  Tensor output = x.sub(mean).mul(rstd);
  if (norm.weight.defined()) output = output.mul(toOpMath(norm.weight).reshape(norm.parameterShape));
  if (norm.bias.defined()) output = output.add(toOpMath(norm.bias).reshape(norm.parameterShape));

  const auto replace = [](c10::IValue& value, const Tensor& by) {
    const Tensor like = value.toTensor();
    value = by.reshape(like.sizes()).to(like.scalar_type());
  };
  replace(outputs[0], output);
  replace(outputs[1], mean);
  replace(outputs[2], rstd);
}

class NormKernel final : public c10::OperatorKernel {
 public:
  explicit NormKernel(c10::SafeKernelFunction original) : original_(std::move(original)) {}

  void operator()(const c10::OperatorHandle& op, c10::DispatchKeySet keys, torch::jit::Stack* stack) {
    const c10::FunctionSchema& schema = op.schema();
    const std::optional<Norm> norm = normWithTangents(Call(schema, *stack));
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
