// The backward of cdist, decomposed into operators with batching rules, and ties in the backward of cdist and pdist.
// libtorch's batching rule of _cdist_backward takes the batch dimension from the points: if only the gradient is
// batched, as in a Jacobian, every sample gets the result of the first.
//
// The distance for p = infinity is the largest difference of two coordinates. Where several attain it, libtorch gives
// the whole gradient to each of them, here and in the kernels of _cdist_backward and _pdist_backward (PyTorch 2.13).
// They share it, as the elements of amax and of vector_norm do.
#include "kernels/distance_backward.h"

#include <torch/library.h>

#include <cmath>

#include "kernels/corrections.h"
#include "kernels/kernel_override.h"

namespace torch_func {

namespace {

using at::Tensor;

// Divides the gradient of each distance by the number of coordinates that attain it. `column` gives the differences of
// one coordinate: the differences of all of them would take much more memory than the distances.
template <typename Column>
Tensor shared(const Tensor& grad, const Tensor& distance, int64_t coordinates, Column column) {
  Tensor count = at::zeros_like(distance);
  for (int64_t k = 0; k < coordinates; ++k) count = count + (column(k).abs() == distance);
  return grad / count.clamp_min(1);
}

// Only the call on plain tensors, which is the last one, divides the gradient.
bool isShared(KernelCall& call, double p) { return std::isinf(p) && !call.recording().wrapped; }

// (grad, x1, x2, p, distance)
void cdistBackwardOfPlain(KernelCall& call) {
  if (isShared(call, call.argument(3).toDouble())) {
    const Tensor x1 = call.tensor(1);
    const Tensor x2 = call.tensor(2);
    call.argument(0) = shared(call.tensor(0), call.tensor(4), x1.size(-1), [&](int64_t k) {
      return x1.select(-1, k).unsqueeze(-1) - x2.select(-1, k).unsqueeze(-2);
    });
  }
  call.callOriginal();
}

// (grad, self, p, distance)
void pdistBackwardOfPlain(KernelCall& call) {
  const Tensor self = call.tensor(1);
  if (isShared(call, call.argument(2).toDouble()) && self.numel() > 0) {
    const Tensor pairs = at::triu_indices(self.size(0), self.size(0), /*offset=*/1, self.options().dtype(at::kLong));
    call.argument(0) = shared(call.tensor(0), call.tensor(3), self.size(-1), [&](int64_t k) {
      const Tensor coordinate = self.select(-1, k);
      return coordinate.index_select(0, pairs.select(0, 0)) - coordinate.index_select(0, pairs.select(0, 1));
    });
  }
  call.callOriginal();
}

}  // namespace

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
    const at::Tensor isLargest = difference.abs() == d;
    const at::Tensor count = isLargest.sum(-1, /*keepdim=*/true).clamp_min(1);
    each = (g / count * difference.sign()).masked_fill(isLargest.logical_not(), 0);
  } else if (p == 2) {
    each = (g * difference / safe).masked_fill(d == 0, 0);
  } else {
    const at::Tensor none = at::logical_or(d == 0, difference == 0);
    each = g * difference.sign() * difference.masked_fill(none, 1).abs().pow(p - 1) / safe.pow(p - 1);
    each = each.masked_fill(none, 0);
  }
  return each.sum(-2).sum_to_size(x1.sizes());
}

void registerDistanceBackward() {
  // A registration lasts as long as its Library object.
  static torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::Autograd, __FILE__, __LINE__);
  overrideAutogradKernel(library, "_cdist_backward", CallKernel::factory(&cdistBackwardOfPlain));
  overrideAutogradKernel(library, "_pdist_backward", CallKernel::factory(&pdistBackwardOfPlain));
}

}  // namespace torch_func
