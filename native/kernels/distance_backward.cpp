// The backward of cdist, decomposed into operators with batching rules. libtorch's batching rule of _cdist_backward
// takes the batch dimension from the points: if only the gradient is batched, as in a Jacobian, every sample gets the
// result of the first.
#include "kernels/distance_backward.h"

#include <cmath>

namespace torch_func {

at::Tensor cdistBackward(const at::Tensor& grad, const at::Tensor& x1, const at::Tensor& x2, double p,
                         const at::Tensor& distance) {
  if (p == 0) return at::zeros_like(x1);
  const at::Tensor difference = x1.unsqueeze(-2) - x2.unsqueeze(-3);
  const at::Tensor g = grad.unsqueeze(-1);
  const at::Tensor d = distance.unsqueeze(-1);
  // Masked elements must not divide by zero: the derivative of the quotient would be NaN.
  const at::Tensor safe = d.masked_fill(d == 0, 1);
  at::Tensor each;
  if (p == 1) {
    each = g * difference.sign();
  } else if (std::isinf(p)) {
    each = (g * difference.sign()).masked_fill(difference.abs() != d, 0);
  } else if (p == 2) {
    each = (g * difference / safe).masked_fill(d == 0, 0);
  } else {
    const at::Tensor none = at::logical_or(d == 0, difference == 0);
    each = g * difference.sign() * difference.masked_fill(none, 1).abs().pow(p - 1) / safe.pow(p - 1);
    each = each.masked_fill(none, 0);
  }
  return each.sum(-2).sum_to_size(x1.sizes());
}

}  // namespace torch_func
