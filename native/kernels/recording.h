// Which transform levels differentiate the results of an operator call. Autograd kernels choose a derivative by it.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>

namespace torch_func {

inline bool hasTangent(const at::Tensor& tensor) { return tensor.defined() && tensor._fw_grad(/*level=*/0).defined(); }

struct Recording {
  // At the current level, an argument requires a gradient, or has a tangent.
  bool gradient = false;
  bool tangent = false;
  // At a lower level, an argument (the same or another) requires a gradient or has a tangent.
  bool below = false;
  // An argument is wrapped by a transform, or is batched at the current or a lower level.
  bool wrapped = false;
  bool batched = false;

  // Whether the derivative that the current level computes will be differentiated again. Outside of transforms this is
  // known for the functions of autograd.functional, and for a tangent beside a gradient.
  bool isDifferentiatedAgain() const { return ((gradient || tangent) && below) || (gradient && tangent); }
};

// Whether gradients that the current thread records outside of transforms will be differentiated again. Returns the
// previous value.
bool setDifferentiatedAgain(bool value);

Recording recordingOf(c10::ArrayRef<c10::IValue> arguments);

}  // namespace torch_func
