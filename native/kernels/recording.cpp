// Looks at the arguments of a call, and through the wrappers of every level below.
#include "kernels/recording.h"

#include <ATen/FunctionalTensorWrapper.h>

#include "functorch/wrappers.h"

namespace torch_func {

namespace {

// functionalize wraps tensors too, and may lie between two levels that differentiate.
const at::Tensor* valueOf(const at::Tensor& tensor) {
  if (at::functionalization::impl::isFunctionalTensor(tensor)) {
    return &at::functionalization::impl::unsafeGetFunctionalWrapper(tensor)->value();
  }
  return valueOfWrapper(tensor);
}

void record(const at::Tensor& tensor, Recording& recording) {
  if (!tensor.defined()) return;
  recording.gradient |= tensor.requires_grad();
  recording.tangent |= hasTangent(tensor);
  for (const at::Tensor* current = &tensor; const at::Tensor* value = valueOf(*current); current = value) {
    recording.wrapped = true;
    recording.batched |= at::functorch::isBatchedTensor(*current);
    recording.below |= value->requires_grad() || hasTangent(*value);
  }
}

}  // namespace

Recording recordingOf(c10::ArrayRef<c10::IValue> arguments) {
  Recording recording;
  for (const c10::IValue& argument : arguments) {
    if (argument.isTensor()) record(argument.toTensor(), recording);
  }
  return recording;
}

}  // namespace torch_func
