// Determines which levels differentiate the arguments of a call, by the wrappers of the tensors.
#include "kernels/recording.h"

#include <ATen/FunctionalTensorWrapper.h>

#include <utility>

#include "functorch/wrappers.h"

namespace torch_func {

namespace {

thread_local bool differentiatedAgain = false;

// The tensor inside a wrapper. functionalize wraps tensors too, and may be nested between levels that differentiate.
const at::Tensor* valueOf(const at::Tensor& tensor) {
  if (at::functionalization::impl::isFunctionalTensor(tensor)) {
    return &at::functionalization::impl::unsafeGetFunctionalWrapper(tensor)->value();
  }
  return valueOfWrapper(tensor);
}

void record(const at::Tensor& tensor, Recording& recording) {
  if (!tensor.defined()) return;
  recording.gradient |= tensor.requires_grad();
  recording.below |= differentiatedAgain && tensor.requires_grad();
  recording.tangent |= hasTangent(tensor);
  for (const at::Tensor* current = &tensor; const at::Tensor* value = valueOf(*current); current = value) {
    recording.wrapped = true;
    recording.batched |= at::functorch::isBatchedTensor(*current);
    recording.below |= value->requires_grad() || hasTangent(*value);
  }
}

}  // namespace

bool setDifferentiatedAgain(bool value) { return std::exchange(differentiatedAgain, value); }

Recording recordingOf(c10::ArrayRef<c10::IValue> arguments) {
  Recording recording;
  for (const c10::IValue& argument : arguments) {
    if (argument.isTensor()) record(argument.toTensor(), recording);
  }
  return recording;
}

}  // namespace torch_func
