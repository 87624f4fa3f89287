// The backward of cdist for vmap.
#pragma once

#include <ATen/ATen.h>

namespace torch_func {

// _cdist_backward, decomposed into operators that have batching rules.
at::Tensor cdistBackward(const at::Tensor& grad, const at::Tensor& x1, const at::Tensor& x2, double p,
                         const at::Tensor& distance);

}  // namespace torch_func
