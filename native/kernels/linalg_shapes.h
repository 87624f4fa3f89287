// How linear algebra reads the shapes of its arguments.
#pragma once

#include <ATen/core/Tensor.h>

namespace torch_func {

// Whether solve(A, B) takes B for a vector, or for a vector for each of the matrices.
inline bool isVectorOf(const at::Tensor& A, const at::Tensor& B) {
  return B.dim() == 1 || (A.dim() - 1 == B.dim() && B.sizes() == A.sizes().slice(0, A.dim() - 1));
}

}  // namespace torch_func
