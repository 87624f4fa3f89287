// The determinant as a polynomial of the elements, which has correct derivatives of every order, also at singular
// matrices.
#pragma once

#include <ATen/core/Tensor.h>

namespace torch_func {

at::Tensor determinant(const at::Tensor& A);

}  // namespace torch_func
