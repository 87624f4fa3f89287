// Conventions of linear algebra operators for the shapes of arguments.
#pragma once

#include <ATen/core/Tensor.h>

namespace torch_func {

// Whether solve(A, B) treats B as one vector, or as a batch of vectors with one vector per matrix.
inline bool isVectorOf(const at::Tensor& A, const at::Tensor& B) {
  return B.dim() == 1 || (A.dim() - 1 == B.dim() && B.sizes() == A.sizes().slice(0, A.dim() - 1));
}

}  // namespace torch_func
