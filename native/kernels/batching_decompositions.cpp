// Decompositions for vmap: operators that have no batching rule in libtorch, or a wrong one, implemented with operators
// that have one. A decomposition sees one sample, as the mapped function does: the batch dimension is hidden.
//
// PyTorch registers eight of them (the losses and addr) in Python, on the first call of vmap, and only for torch.func.
// Its autograd.grad(..., is_grads_batched=True), which uses the legacy vmap, falls back to a slow loop. Here the losses
// with an elementwise gradient are registered for both. The legacy vmap has no batching rules for the operators that
// the other decompositions need.
//
// Further decompositions replace batching rules of libtorch that are wrong: those of the backward operators of
// normalizations, which give wrong second derivatives (norm_backward.h), of index_put_ (index_put_batching.cpp), of
// _cdist_backward (distance_backward.cpp), of _prelu_kernel_backward, of linspace and logspace (range_batching.cpp), of
// addmv, select_scatter and roll. The last group are tensor properties such as is_conj, which Python and C++ read
// without calling an operator.
#include <ATen/ATen.h>
#include <ATen/OpMathType.h>
#include <ATen/WrapDimUtils.h>
#include <ATen/functorch/BatchedTensorImpl.h>
#include <ATen/functorch/DynamicLayer.h>
#include <ATen/functorch/PlumbingHelper.h>
#include <ATen/native/TypeProperties.h>
#include <torch/library.h>

#include <mutex>
#include <optional>
#include <tuple>
#include <vector>

#include "kernels/decompositions.h"
#include "kernels/distance_backward.h"
#include "kernels/index_put_batching.h"
#include "kernels/kernel_override.h"
#include "kernels/loss_decompositions.h"
#include "kernels/norm_backward.h"
#include "kernels/range_batching.h"

namespace torch_func {

namespace {

using at::Scalar;
using at::Tensor;

void checkAddrScalar(const Scalar& scalar, const char* name, at::ScalarType type) {
  TORCH_CHECK(!scalar.isBoolean() || type == at::kBool, "Boolean ", name, " only supported for Boolean results.");
  TORCH_CHECK(at::isFloatingType(type) || at::isComplexType(type) || scalar.isIntegral(/*includeBool=*/true),
              "For integral input tensors, argument ", name, " must not be a floating point number.");
}

Tensor addr(const Tensor& self, const Tensor& vec1, const Tensor& vec2, const Scalar& beta, const Scalar& alpha) {
  TORCH_CHECK(vec1.dim() == 1, "addr: Expected 1-D argument vec1, but got ", vec1.dim(), "-D");
  TORCH_CHECK(vec2.dim() == 1, "addr: Expected 1-D argument vec2, but got ", vec2.dim(), "-D");
  const at::ScalarType type = at::native::result_type({self, vec1, vec2});
  checkAddrScalar(beta, "beta", type);
  checkAddrScalar(alpha, "alpha", type);

  const Tensor matrix = self.expand({vec1.size(0), vec2.size(0)});
  if (type == at::kBool) {
    Tensor product = vec1.outer(vec2);
    if (!alpha.to<bool>()) product = at::zeros_like(product);
    return beta.to<bool>() ? matrix.logical_or(product) : product;
  }

  const at::ScalarType computeType = at::toOpMathType(type);
  const Tensor product = vec1.to(computeType).outer(vec2.to(computeType)).mul(alpha);
  // If beta is 0, self is ignored, and its NaNs do not propagate.
  return beta.equal(0) ? product.to(type) : matrix.to(computeType).mul(beta).add(product).to(type);
}

void registerElementwiseLosses(torch::Library& library) {
  library.impl("mse_loss_backward", &mseLossBackward);
  library.impl("smooth_l1_loss_backward", &smoothL1LossBackward);
  library.impl("huber_loss_backward", &huberLossBackward);
}

// libtorch's decomposition multiplies integer tensors by floating-point scalars.
Tensor addmv(const Tensor& self, const Tensor& mat, const Tensor& vec, const Scalar& beta, const Scalar& alpha) {
  const auto scalar = [&](const Scalar& value) {
    return at::isIntegralType(self.scalar_type(), /*includeBool=*/true) ? Scalar(value.to<int64_t>()) : value;
  };
  const Tensor product = at::mv(mat, vec).mul(scalar(alpha));
  // If beta is 0, self is ignored, and its NaNs do not propagate.
  return beta.equal(0) ? product : self.mul(scalar(beta)).add(product);
}

// For 0-D samples, libtorch's batching rule rolls along the batch dimension.
void roll(KernelCall& call) {
  if (call.tensor(0).dim() == 0)
    call.setOutputs(call.tensor(0).clone());
  else
    call.callOriginal();
}

// libtorch's batching rule expects tensors of equal shape, but the weight may have fewer elements than the sample.
std::tuple<Tensor, Tensor> preluBackward(const Tensor& grad, const Tensor& self, const Tensor& weight) {
  const Tensor isPositive = self > 0;
  return {at::where(isPositive, grad, grad * weight), (grad * self).masked_fill(isPositive, 0)};
}

// `imag` of a conjugate view calls this operator, for which libtorch has no batching rule.
Tensor negView(const Tensor& self) {
  const auto layer = at::functorch::maybeCurrentDynamicLayer();
  TORCH_INTERNAL_ASSERT(layer.has_value());
  const auto [value, dim] = at::functorch::unwrapTensorAtLevel(self, layer->layerId());
  c10::impl::ExcludeDispatchKeyGuard guard(c10::DispatchKey::FuncTorchBatched);
  const Tensor result = at::_neg_view(value);
  return dim.has_value() ? at::functorch::makeBatched(result, *dim, layer->layerId()) : result;
}

// libtorch's decomposition scatters one copy of the source per element of the dimension to the same position, so that
// the gradient of the source is multiplied by the size of the dimension.
Tensor selectScatter(const Tensor& self, const Tensor& src, int64_t dim, int64_t index) {
  TORCH_CHECK(self.select(dim, index).sizes() == src.sizes(),
              "expected src to have a size equal to self.select(...). src size = ", src.sizes(),
              ", slice size = ", self.select(dim, index).sizes());
  const int64_t axis = at::maybe_wrap_dim(dim, self.dim());
  const int64_t start = at::maybe_wrap_dim(index, self.size(axis));
  return at::slice_scatter(self, src.unsqueeze(axis), axis, start, start + 1);
}

Tensor columnStack(at::TensorList tensors) {
  std::vector<Tensor> columns;
  for (const Tensor& tensor : tensors) {
    columns.push_back(tensor.dim() <= 1 ? tensor.reshape({tensor.numel(), 1}) : tensor);
  }
  return at::hstack(columns);
}

// In evaluation mode rrelu draws no random numbers.
void rrelu(KernelCall& call) {
  if (call.argument(3).toBool()) {
    call.callOriginal();
    return;
  }
  const double slope = (call.argument(1).toScalar().toDouble() + call.argument(2).toScalar().toDouble()) / 2;
  call.setOutputs(at::leaky_relu(call.tensor(0), slope));
}

// In the last output libtorch returns data of cuDNN. Here it is empty, as on the CPU.
std::tuple<Tensor, Tensor, Tensor, Tensor> batchNormWithUpdate(const Tensor& input, const std::optional<Tensor>& weight,
                                                               const std::optional<Tensor>& bias, Tensor& runningMean,
                                                               Tensor& runningVar, double momentum, double eps) {
  auto [result, mean, rstd] =
      at::_native_batch_norm_legit(input, weight, bias, runningMean, runningVar, /*training=*/true, momentum, eps);
  return {result, mean, rstd, at::empty({0}, input.options().dtype(at::kByte))};
}

void registerNormBackward(torch::Library& library) {
  library.impl("native_layer_norm_backward", &nativeLayerNormBackward);
  library.impl("native_batch_norm_backward", &nativeBatchNormBackward);
  library.impl("batch_norm_backward", &batchNormBackward);
  library.impl("cudnn_batch_norm_backward", &cudnnBatchNormBackward);
  library.impl("miopen_batch_norm_backward", &miopenBatchNormBackward);
}

void registerProperties(torch::Library& library) {
  library.impl("conj", [](const Tensor& self) { return self.conj(); });
  library.impl("get_device", [](const Tensor& self) -> int64_t { return self.get_device(); });
  library.impl("is_conj", [](const Tensor& self) { return self.is_conj(); });
  library.impl("is_floating_point", [](const Tensor& self) { return self.is_floating_point(); });
  library.impl("is_inference", [](const Tensor& self) { return self.is_inference(); });
  library.impl("is_neg", [](const Tensor& self) { return self.is_neg(); });
  library.impl("is_signed", [](const Tensor& self) { return self.is_signed(); });
  library.impl("_is_zerotensor", [](const Tensor& self) { return self._is_zerotensor(); });
}

}  // namespace

void registerBatchingDecompositions() {
  // A registration lasts as long as its Library object.
  static torch::Library vmap(torch::Library::IMPL, "aten", c10::DispatchKey::FuncTorchBatched, __FILE__, __LINE__);
  static torch::Library legacyVmap(torch::Library::IMPL, "aten", c10::DispatchKey::Batched, __FILE__, __LINE__);
  static std::once_flag once;
  std::call_once(once, [] {
    registerElementwiseLosses(vmap);
    vmap.impl("nll_loss_forward", &nllLossForward);
    vmap.impl("nll_loss2d_forward", &nllLoss2dForward);
    vmap.impl("nll_loss_backward", &nllLossBackward);
    vmap.impl("nll_loss2d_backward", &nllLoss2dBackward);
    vmap.impl("addr", &addr);
    vmap.impl("_batch_norm_with_update", &batchNormWithUpdate);
    vmap.impl("column_stack", &columnStack);
    registerProperties(vmap);
    {
      IgnoreWarnings ignore;
      registerNormBackward(vmap);
      vmap.impl("index_put_", &indexPutInPlace);
      vmap.impl("_cdist_backward", &cdistBackward);
      vmap.impl("_prelu_kernel_backward", &preluBackward);
      vmap.impl("addmv", &addmv);
      vmap.impl("select_scatter", &selectScatter);
      registerRangeBatching(vmap);
      overrideKernel(vmap, c10::DispatchKey::FuncTorchBatched, "roll", CallKernel::factory(&roll));
      overrideKernel(vmap, c10::DispatchKey::FuncTorchBatched, "rrelu", CallKernel::factory(&rrelu));
      vmap.impl("_neg_view", &negView);
    }
    registerElementwiseLosses(legacyVmap);
  });
}

}  // namespace torch_func
