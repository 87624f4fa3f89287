// Computes values of a tensor that every transform treats as constants: removes the wrappers of all levels, computes
// below autograd and the transforms, and wraps the results in the batch dimensions of the tensor.
#include "kernels/constants.h"

#include <ATen/ATen.h>
#include <ATen/FunctionalTensorWrapper.h>
#include <ATen/functorch/BatchedTensorImpl.h>
#include <ATen/functorch/TensorWrapper.h>
#include <c10/core/impl/LocalDispatchKeySet.h>

namespace torch_func {

namespace {

namespace functionalization = at::functionalization::impl;
namespace functorch = at::functorch;
using at::Tensor;
using c10::DispatchKey;

// A tensor without wrappers. Its first dimensions are the batch dimensions of `levels`, in this order.
struct Plain {
  Tensor tensor;
  std::vector<int64_t> levels;
};

Plain unwrapAll(const Tensor& tensor) {
  if (const auto* wrapper = functorch::maybeGetTensorWrapper(tensor)) return unwrapAll(wrapper->value());
  if (const auto* batched = functorch::maybeGetBatchedImpl(tensor)) {
    Plain plain = unwrapAll(batched->value());
    // Only a tensor without wrappers has storage, which views need.
    plain.tensor = plain.tensor.movedim(static_cast<int64_t>(plain.levels.size()) + batched->bdim(), 0);
    plain.levels.insert(plain.levels.begin(), batched->level());
    return plain;
  }
  if (functionalization::isFunctionalTensor(tensor)) {
    functionalization::sync(tensor);
    return unwrapAll(functionalization::from_functional_tensor(tensor));
  }
  return {tensor, {}};
}

}  // namespace

std::vector<Tensor> constantsOf(const Tensor& tensor,
                                const std::function<std::vector<Tensor>(const Tensor&)>& function) {
  // Neither autograd nor a transform records these operators.
  const c10::DispatchKeySet keys =
      c10::DispatchKeySet({DispatchKey::FuncTorchDynamicLayerFrontMode, DispatchKey::FuncTorchDynamicLayerBackMode,
                           DispatchKey::FuncTorchVmapMode, DispatchKey::Functionalize, DispatchKey::ADInplaceOrView}) |
      c10::autograd_dispatch_keyset;
  c10::impl::ExcludeDispatchKeyGuard guard(keys);
  const auto [plain, levels] = unwrapAll(tensor);
  std::vector<Tensor> results = function(plain);
  for (Tensor& result : results) {
    for (auto i = static_cast<int64_t>(levels.size()) - 1; i >= 0; --i) {
      result = functorch::makeBatched(result, i, levels[i]);
    }
  }
  return results;
}

Tensor constantOf(const Tensor& tensor) {
  return constantsOf(tensor, [](const Tensor& values) -> std::vector<Tensor> { return {values.detach()}; })[0];
}

}  // namespace torch_func
