// Forward-mode decompositions: backward operators without a forward-mode derivative in libtorch,
// written in operators that have one.
//
// When an operator without such a derivative gets a dual number, libtorch's autograd kernel asks its
// JitDecompInterface for a decomposition. libtorch's own implementation looks in a registry of
// TorchScript graphs, which Python's PyTorch fills the first time it makes a dual number. Putting an
// implementation with C++ functions in front of it does the same without compiling TorchScript and
// without an interpreter in between.
//
// Outputs that output_mask does not ask for stay undefined, as those of the operators themselves.
#include <ATen/ATen.h>
#include <ATen/core/boxing/KernelFunction.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/jit_decomp_interface.h>

#include <array>
#include <mutex>
#include <numeric>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "decompositions.h"
#include "loss_decompositions.h"
#include "norm_forward_ad.h"
#include "op_math.h"

namespace torch_func {

namespace {

using at::Tensor;
using OptionalTensor = std::optional<Tensor>;

bool isDefined(const OptionalTensor& tensor) { return tensor.has_value() && tensor->defined(); }

Tensor softmaxBackwardData(const Tensor& grad_output, const Tensor& output, int64_t dim, at::ScalarType input_dtype) {
  const Tensor probabilities = toOpMath(output);
  const Tensor weighted = toOpMath(grad_output).mul(probabilities);
  return weighted.sub(probabilities.mul(weighted.sum(dim, /*keepdim=*/true))).to(input_dtype);
}

Tensor logSoftmaxBackwardData(const Tensor& grad_output, const Tensor& output, int64_t dim,
                              at::ScalarType input_dtype) {
  const Tensor grad = toOpMath(grad_output);
  return grad.sub(toOpMath(output).exp().mul(grad.sum(dim, /*keepdim=*/true))).to(input_dtype);
}

// The gradients of input, weight and bias.
using NormGradients = std::tuple<Tensor, Tensor, Tensor>;

NormGradients nativeLayerNormBackward(const Tensor& grad_out, const Tensor& input,
                                      c10::SymIntArrayRef normalized_shape, const Tensor& /*mean*/, const Tensor& rstd,
                                      const OptionalTensor& weight, const OptionalTensor& bias,
                                      std::array<bool, 3> output_mask) {
  const int64_t axis = input.dim() - static_cast<int64_t>(normalized_shape.size());
  const auto innerShape = input.sizes().slice(axis);
  const bool wantsWeight = output_mask[1] && isDefined(weight);
  const bool wantsBias = output_mask[2] && isDefined(bias);
  NormGradients result;
  auto& [gradInput, gradWeight, gradBias] = result;

  if (input.numel() == 0) {
    if (output_mask[0]) gradInput = at::zeros_like(input);
    if (wantsWeight) gradWeight = weight->new_zeros(innerShape);
    if (wantsBias) gradBias = bias->new_zeros(innerShape);
    return result;
  }

  std::vector<int64_t> outerDims(axis);
  std::iota(outerDims.begin(), outerDims.end(), 0);
  std::vector<int64_t> innerDims(innerShape.size());
  std::iota(innerDims.begin(), innerDims.end(), axis);
  // Over no dimensions at all sum would sum over every one.
  const auto sumOuter = [&](const Tensor& tensor) {
    return outerDims.empty() ? tensor.clone() : tensor.sum(outerDims);
  };

  // The statistics are recomputed: a caller who saved them as constants gets the right tangents, too.
  // The operator is not told epsilon, only 1 / sqrt(variance + epsilon).
  const Tensor grad = toOpMath(grad_out);
  const Tensor x = toOpMath(input);
  const auto [variance, mean] = at::var_mean(x, innerDims, /*correction=*/0, /*keepdim=*/true);
  const Tensor epsilon = toOpMath(rstd).reciprocal().square().sub(variance).detach();
  const Tensor scale = variance.add(epsilon).rsqrt();
  const Tensor normalized = x.sub(mean).mul(scale);

  if (output_mask[0]) {
    const Tensor g = isDefined(weight) ? grad.mul(toOpMath(*weight)) : grad;
    const Tensor projection = normalized.mul(g.mul(normalized).mean(innerDims, /*keepdim=*/true));
    gradInput = g.sub(g.mean(innerDims, /*keepdim=*/true)).sub(projection).mul(scale).to(input.scalar_type());
  }
  if (wantsWeight) gradWeight = sumOuter(grad.mul(normalized)).to(weight->scalar_type());
  if (wantsBias) gradBias = sumOuter(grad).to(bias->scalar_type());
  return result;
}

NormGradients nativeBatchNormBackward(const Tensor& grad_out, const Tensor& input, const OptionalTensor& weight,
                                      const OptionalTensor& running_mean, const OptionalTensor& running_var,
                                      const OptionalTensor& /*save_mean*/, const OptionalTensor& /*save_invstd*/,
                                      bool train, double eps, std::array<bool, 3> output_mask) {
  TORCH_CHECK(input.dim() >= 2, "rank of the input must be at least 2, got ", input.dim());
  TORCH_CHECK(train || (isDefined(running_mean) && isDefined(running_var)),
              "running_mean and running_var must not be None when train=False");
  const at::ScalarType weightType = isDefined(weight) ? weight->scalar_type() : input.scalar_type();
  const int64_t channels = input.size(1);
  NormGradients result;
  auto& [gradInput, gradWeight, gradBias] = result;

  if (input.numel() == 0) {
    const auto options = input.options().dtype(weightType);
    if (output_mask[0]) gradInput = at::zeros_like(input);
    if (output_mask[1]) gradWeight = at::zeros({channels}, options);
    if (output_mask[2]) gradBias = at::zeros({channels}, options);
    return result;
  }

  // Every dimension but the channels'.
  std::vector<int64_t> dims(input.dim() - 1);
  std::iota(dims.begin(), dims.end(), 1);
  dims[0] = 0;
  std::vector<int64_t> channelShape(input.dim(), 1);
  channelShape[1] = channels;
  const auto perChannel = [&](const Tensor& tensor) { return tensor.reshape(channelShape); };

  const Tensor grad = toOpMath(grad_out);
  const Tensor x = toOpMath(input);
  Tensor mean;
  Tensor variance;
  if (train) {
    std::tie(variance, mean) = at::var_mean(x, dims, /*correction=*/0, /*keepdim=*/false);
  } else {
    mean = toOpMath(*running_mean);
    variance = toOpMath(*running_var);
  }
  const Tensor scale = variance.add(eps).rsqrt();
  const Tensor normalized = x.sub(perChannel(mean)).mul(perChannel(scale));
  const Tensor gradSum = grad.sum(dims);
  const Tensor gradDot = grad.mul(normalized).sum(dims);

  if (output_mask[0]) {
    gradInput = grad;
    if (train) {
      const auto count = static_cast<double>(input.numel() / channels);
      gradInput =
          grad.sub(perChannel(gradSum.div(count))).sub(normalized.mul(perChannel(gradDot.div(count))));
    }
    const Tensor factor = isDefined(weight) ? scale.mul(toOpMath(*weight)) : scale;
    gradInput = gradInput.mul(perChannel(factor)).to(input.scalar_type());
  }
  if (output_mask[1]) gradWeight = gradDot.to(weightType);
  if (output_mask[2]) gradBias = gradSum.to(weightType);
  return result;
}

NormGradients batchNormBackward(const Tensor& grad_out, const Tensor& input, const Tensor& weight,
                                const OptionalTensor& running_mean, const OptionalTensor& running_var,
                                const OptionalTensor& save_mean, const OptionalTensor& save_var, bool update,
                                double eps, std::array<bool, 3> output_mask, const Tensor& /*reserve*/) {
  return nativeBatchNormBackward(grad_out, input, weight, running_mean, running_var, save_mean, save_var, update, eps,
                                 output_mask);
}

// cuDNN's and MIOpen's operators are those of training, and give all gradients.
NormGradients miopenBatchNormBackward(const Tensor& input, const Tensor& grad_output, const Tensor& weight,
                                      const OptionalTensor& running_mean, const OptionalTensor& running_var,
                                      const OptionalTensor& save_mean, const OptionalTensor& save_var,
                                      double epsilon) {
  return nativeBatchNormBackward(grad_output, input, weight, running_mean, running_var, save_mean, save_var,
                                 /*train=*/true, epsilon, {true, true, true});
}

NormGradients cudnnBatchNormBackward(const Tensor& input, const Tensor& grad_output, const Tensor& weight,
                                     const OptionalTensor& running_mean, const OptionalTensor& running_var,
                                     const OptionalTensor& save_mean, const OptionalTensor& save_var, double epsilon,
                                     const Tensor& /*reserveSpace*/) {
  return miopenBatchNormBackward(input, grad_output, weight, running_mean, running_var, save_mean, save_var, epsilon);
}

class ForwardAdDecompositions final : public torch::autograd::impl::JitDecompInterface {
 public:
  explicit ForwardAdDecompositions(JitDecompInterface* next) : next_(next) {
    add("huber_loss_backward", TORCH_FN(huberLossBackward));
    add("nll_loss_backward", TORCH_FN(nllLossBackward));
    add("nll_loss2d_backward", TORCH_FN(nllLoss2dBackward));
    add("_softmax_backward_data", TORCH_FN(softmaxBackwardData));
    add("_log_softmax_backward_data", TORCH_FN(logSoftmaxBackwardData));
    add("native_layer_norm_backward", TORCH_FN(nativeLayerNormBackward));
    add("native_batch_norm_backward", TORCH_FN(nativeBatchNormBackward));
    add("batch_norm_backward", TORCH_FN(batchNormBackward));
    add("cudnn_batch_norm_backward", TORCH_FN(cudnnBatchNormBackward));
    add("miopen_batch_norm_backward", TORCH_FN(miopenBatchNormBackward));
  }

  bool has_jit_decomposition(const c10::FunctionSchema& schema) const override {
    return kernels_.count(schema.operator_name()) != 0 || (next_ != nullptr && next_->has_jit_decomposition(schema));
  }

  void run_jit_decomposition(const c10::OperatorHandle& op, torch::jit::Stack* stack) const override {
    const auto kernel = kernels_.find(op.operator_name());
    if (kernel != kernels_.end()) {
      kernel->second.callBoxed(op, c10::DispatchKeySet(), stack);
    } else {
      next_->run_jit_decomposition(op, stack);
    }
  }

 private:
  template <typename Function>
  void add(const char* name, Function function) {
    kernels_.emplace(c10::OperatorName(std::string("aten::") + name, ""),
                     c10::KernelFunction::makeFromUnboxedFunction(function));
  }

  std::unordered_map<c10::OperatorName, c10::KernelFunction> kernels_;
  JitDecompInterface* next_;
};

}  // namespace

void ensureForwardAdDecompositions() {
  static std::once_flag once;
  std::call_once(once, [] {
    using namespace torch::autograd::impl;
    // Never freed: libtorch keeps the plain pointer until the process ends.
    setJitDecompImpl(new ForwardAdDecompositions(getJitDecompImpl()));
    registerNormForwardAd();
  });
}

}  // namespace torch_func
