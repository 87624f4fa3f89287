// A backward rule that replaces libtorch's rule of an operator of one tensor.
#pragma once

#include <ATen/core/Tensor.h>

#include "kernels/kernel_override.h"

namespace torch_func {

// Computes the gradient of the argument `self`. The function has to use differentiable operators only, because a
// backward pass may be differentiated.
struct BackwardRule {
  const char* nodeName;
  at::Tensor (*gradient)(const at::Tensor& grad, const at::Tensor& self, const at::Tensor& result, int64_t dim);
};

// Calls the operator below autograd and gives the result a node with this rule, if `self`, the first argument, requires
// a gradient. Otherwise calls the original kernel. `rule` must outlive all graphs.
void callWithBackward(KernelCall& call, const BackwardRule& rule, int64_t dim = 0);

}  // namespace torch_func
