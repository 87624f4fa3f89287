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

// Whether a level below the wrapper of the tensor differentiates it.
bool isDifferentiatedBelow(const at::Tensor& tensor) {
  for (const at::Tensor* value = valueOf(tensor); value != nullptr; value = valueOf(*value)) {
    if (value->requires_grad() || hasTangent(*value)) return true;
  }
  return false;
}

void record(const at::Tensor& tensor, Recording& recording) {
  if (!tensor.defined()) return;
  recording.gradient |= tensor.requires_grad();
  recording.below |= (differentiatedAgain && tensor.requires_grad()) || isDifferentiatedBelow(tensor);
  for (const at::Tensor* current = &tensor; const at::Tensor* value = valueOf(*current); current = value) {
    recording.wrapped = true;
    recording.batched |= at::functorch::isBatchedTensor(*current);
  }
  if (!hasTangent(tensor)) return;
  recording.tangent = true;
  // A level below may differentiate in the tangent alone: the transpose of a Jacobian-vector product.
  recording.below |= isDifferentiatedBelow(tensor._fw_grad(/*level=*/0));
}

}  // namespace

bool setDifferentiatedAgain(bool value) { return std::exchange(differentiatedAgain, value); }

Recording recordingOf(c10::ArrayRef<c10::IValue> arguments) {
  Recording recording;
  for (const c10::IValue& argument : arguments) {
    if (argument.isTensor()) record(argument.toTensor(), recording);
    if (!argument.isTensorList()) continue;
    for (const at::Tensor& tensor : argument.toTensorVector()) record(tensor, recording);
  }
  return recording;
}

}  // namespace torch_func
