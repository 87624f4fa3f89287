// Runs a function below autograd and the transforms, and gives its results the batches of the argument again.
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

std::vector<Tensor> valuesOf(const Tensor& tensor, const std::function<std::vector<Tensor>(const Tensor&)>& function) {
  if (const auto* wrapper = functorch::maybeGetTensorWrapper(tensor)) return valuesOf(wrapper->value(), function);
  if (const auto* batched = functorch::maybeGetBatchedImpl(tensor)) {
    std::vector<Tensor> values = valuesOf(batched->value().movedim(batched->bdim(), 0), function);
    for (Tensor& value : values) value = functorch::makeBatched(value, 0, batched->level());
    return values;
  }
  if (functionalization::isFunctionalTensor(tensor)) {
    functionalization::sync(tensor);
    return valuesOf(functionalization::from_functional_tensor(tensor), function);
  }
  return function(tensor);
}

}  // namespace

std::vector<Tensor> constantsOf(const Tensor& tensor,
                                const std::function<std::vector<Tensor>(const Tensor&)>& function) {
  // Neither autograd nor a transform sees what is computed here.
  const c10::DispatchKeySet keys =
      c10::DispatchKeySet({DispatchKey::FuncTorchDynamicLayerFrontMode, DispatchKey::FuncTorchDynamicLayerBackMode,
                           DispatchKey::FuncTorchVmapMode, DispatchKey::Functionalize, DispatchKey::ADInplaceOrView}) |
      c10::autograd_dispatch_keyset;
  c10::impl::ExcludeDispatchKeyGuard guard(keys);
  return valuesOf(tensor, function);
}

}  // namespace torch_func
