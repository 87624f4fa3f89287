// The determinant as a polynomial of the elements: right derivatives of every order, of singular matrices too.
#pragma once

#include <ATen/core/Tensor.h>

namespace torch_func {

at::Tensor determinant(const at::Tensor& A);

}  // namespace torch_func
