// Who differentiates what an operator computes, as a kernel for the derivative of it sees its arguments.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>

namespace torch_func {

inline bool hasTangent(const at::Tensor& tensor) { return tensor.defined() && tensor._fw_grad(/*level=*/0).defined(); }

struct Recording {
  // The present level has a gradient or a tangent of an argument.
  bool gradient = false;
  bool tangent = false;
  // So has a level below the present one, of the same argument or of another.
  bool below = false;
  // Some argument belongs to a transform, or is batched at the present level or below.
  bool wrapped = false;
  bool batched = false;

  // What the present level computes for its derivative will be differentiated in turn. Outside of
  // transforms a backward pass decides this for itself, so that only forward mode counts here.
  bool isDifferentiatedAgain() const { return ((gradient || tangent) && below) || (gradient && tangent); }
};

Recording recordingOf(c10::ArrayRef<c10::IValue> arguments);

}  // namespace torch_func
