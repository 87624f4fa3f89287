// Decompositions for forward mode: backward operators that have no forward-mode rule in libtorch, implemented with
// operators that have one.
//
// If an operator without a forward-mode rule gets a dual tensor, libtorch's autograd kernel asks its JitDecompInterface
// for a decomposition. libtorch's implementation of this interface looks the operator up in a registry of TorchScript
// graphs, which PyTorch fills in Python when the first dual tensor is created. The implementation below calls C++
// functions instead, without compiling or interpreting TorchScript, and delegates other operators to libtorch's.
#include <ATen/ATen.h>
#include <ATen/core/boxing/KernelFunction.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/jit_decomp_interface.h>

#include <mutex>
#include <string>
#include <unordered_map>

#include "kernels/decompositions.h"
#include "kernels/loss_decompositions.h"
#include "kernels/norm_backward.h"
#include "kernels/norm_forward_ad.h"
#include "kernels/norm_reverse_ad.h"
#include "kernels/op_math.h"

namespace torch_func {

namespace {

using at::Tensor;

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

Tensor nativeDropoutBackward(const Tensor& grad_output, const Tensor& mask, double scale) {
  return grad_output.mul(mask).mul(scale);
}

class ForwardAdDecompositions final : public torch::autograd::impl::JitDecompInterface {
 public:
  explicit ForwardAdDecompositions(JitDecompInterface* next) : next_(next) {
    add("huber_loss_backward", TORCH_FN(huberLossBackward));
    add("nll_loss_backward", TORCH_FN(nllLossBackward));
    add("nll_loss2d_backward", TORCH_FN(nllLoss2dBackward));
    add("_softmax_backward_data", TORCH_FN(softmaxBackwardData));
    add("_log_softmax_backward_data", TORCH_FN(logSoftmaxBackwardData));
    add("native_dropout_backward", TORCH_FN(nativeDropoutBackward));
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

void registerForwardAdDecompositions() {
  static std::once_flag once;
  std::call_once(once, [] {
    using namespace torch::autograd::impl;
    // Never deleted: libtorch keeps the raw pointer until the process ends.
    setJitDecompImpl(new ForwardAdDecompositions(getJitDecompImpl()));
    registerNormForwardAd();
    registerNormReverseAd();
  });
}

}  // namespace torch_func
