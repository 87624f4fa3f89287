// The type that PyTorch's kernels compute in: single precision for half precision, rounded once at
// the end, and the tensor's own for every other.
#pragma once

#include <ATen/OpMathType.h>
#include <ATen/core/Tensor.h>

namespace torch_func {

inline at::Tensor toOpMath(const at::Tensor& tensor) {
  const at::ScalarType type = at::toOpMathType(tensor.scalar_type());
  return type == tensor.scalar_type() ? tensor : tensor.to(type);
}

}  // namespace torch_func
