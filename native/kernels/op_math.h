// The dtype in which PyTorch's kernels compute: float32 for half-precision tensors, whose results are rounded once at
// the end, and the dtype of the tensor otherwise.
#pragma once

#include <ATen/OpMathType.h>
#include <ATen/core/Tensor.h>

namespace torch_func {

inline at::Tensor toOpMath(const at::Tensor& tensor) {
  const at::ScalarType type = at::toOpMathType(tensor.scalar_type());
  return type == tensor.scalar_type() ? tensor : tensor.to(type);
}

}  // namespace torch_func
