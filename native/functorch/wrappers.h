#pragma once
// functorch's tensor wrappers. A level of grad or jvp wraps its tensors in TensorWrapper, a level of vmap in
// BatchedTensorImpl; with several active levels a tensor has several wrappers, the innermost level's outermost.
// Knows only libtorch: every other file may include it.

#include <ATen/core/Tensor.h>
#include <ATen/functorch/BatchedTensorImpl.h>
#include <ATen/functorch/TensorWrapper.h>
#include <c10/core/AutogradState.h>
#include <c10/core/GradMode.h>
#include <c10/core/impl/LocalDispatchKeySet.h>

namespace torch_func {

// One step inward: the value of the wrapper, or null if the tensor has no wrapper of that kind.

inline const at::Tensor* valueOfGradWrapper(const at::Tensor& tensor) {
  auto* wrapper = at::functorch::maybeGetTensorWrapper(tensor);
  return wrapper == nullptr ? nullptr : &wrapper->value();
}

// A gradient wrapper outlives its level when a tensor escapes from the transform; it then stands for its value.
inline const at::Tensor* valueOfDeadWrapper(const at::Tensor& tensor) {
  auto* wrapper = at::functorch::maybeGetTensorWrapper(tensor);
  return wrapper == nullptr || wrapper->is_alive() ? nullptr : &wrapper->value();
}

inline const at::Tensor* valueOfWrapper(const at::Tensor& tensor) {
  if (auto* batched = at::functorch::maybeGetBatchedImpl(tensor)) return &batched->value();
  return valueOfGradWrapper(tensor);
}

// Takes steps inward as long as there is one to take.
template <typename Step>
const at::Tensor& unwrapWhile(const at::Tensor& tensor, Step step) {
  const at::Tensor* current = &tensor;
  while (const at::Tensor* value = step(*current)) current = value;
  return *current;
}

// While this object lives, operators run below all transforms and are not recorded for differentiation.
class BelowTransforms {
  c10::impl::ExcludeDispatchKeyGuard levels_{c10::DispatchKeySet(
      {c10::DispatchKey::FuncTorchDynamicLayerFrontMode, c10::DispatchKey::FuncTorchDynamicLayerBackMode})};
  c10::AutoGradMode gradMode_{false};
  c10::AutoFwGradMode forwardGradMode_{false};
};

}  // namespace torch_func
