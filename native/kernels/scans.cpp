// Derivatives of logcumsumexp, and the forward-mode rule of cumprod.
//
// libtorch's forward-mode rule of logcumsumexp divides sums of exp(x - max), which underflow where x is far below the
// maximum: the tangent is wrong (pytorch/pytorch#196705). Its rule of cumprod treats zeros by their positions, with
// operators that have no derivative, so that the derivative of the rule is wrong (#196701).
//
// Both operators are scans of an associative operation, and so are the pairs of a value and its tangent. Two adjacent
// segments a and b are combined to
//
//   cumprod:       (p, t) = (pa pb, ta pb + pa tb)
//   logcumsumexp:  (l, t) = (log(e^la + e^lb), ta e^(la - l) + tb e^(lb - l))
//
// The first formula does not divide, and the weights of the second are between 0 and 1. The scan takes log2(n) steps,
// of which each doubles the length of the segments.
//
// libtorch's backward of logcumsumexp takes the logarithm of the gradient, whose derivative is NaN where the gradient
// is 0. The gradient of x[i] is the sum over j >= i of grad[j] e^(x[i] - l[j]), where l is the result. A scan from the
// end computes it as
//
//   e^(x[i] - l[i]) s[i],   s[i] = grad[i] + e^(l[i] - l[i + 1]) s[i + 1]
//
// The first factor is 1 for i = 0, also where x[0] is -infinity.
#include <ATen/ATen.h>
#include <ATen/WrapDimUtils.h>
#include <torch/library.h>

#include "kernels/corrections.h"
#include "kernels/kernel_override.h"
#include "kernels/op_math.h"
#include "kernels/saved_rule.h"

namespace torch_func {

namespace {

using at::Tensor;

struct Dual {
  Tensor value;
  Tensor tangent;
};

template <typename Combine>
Dual scan(Dual dual, int64_t dim, Combine combine) {
  const int64_t size = dual.value.size(dim);
  for (int64_t length = 1; length < size; length *= 2) {
    const auto first = [&](const Tensor& tensor) { return tensor.narrow(dim, 0, size - length); };
    const auto last = [&](const Tensor& tensor) { return tensor.narrow(dim, length, size - length); };
    const auto start = [&](const Tensor& tensor) { return tensor.narrow(dim, 0, length); };
    const Dual combined = combine({first(dual.value), first(dual.tangent)}, {last(dual.value), last(dual.tangent)});
    dual = {at::cat({start(dual.value), combined.value}, dim), at::cat({start(dual.tangent), combined.tangent}, dim)};
  }
  return dual;
}

Dual combineProducts(const Dual& a, const Dual& b) {
  return {a.value * b.value, a.tangent * b.value + a.value * b.tangent};
}

Tensor isMinusInfinity(const Tensor& value) { return (value.is_complex() ? at::real(value) : value).isneginf(); }

// log(e^a + e^b). The derivatives of at::logaddexp are NaN for values far apart. Elements of -infinity contribute
// nothing to the sum. They are masked before and after each step, because zero times an infinite derivative is NaN.
Tensor logOfSum(const Tensor& a, const Tensor& b) {
  const Tensor isFirstLarger = a.is_complex() ? at::real(a) > at::real(b) : a > b;
  const Tensor larger = at::where(isFirstLarger, a, b);
  const Tensor smaller = at::where(isFirstLarger, b, a);
  const Tensor isMasked = isMinusInfinity(smaller);
  return larger + at::log1p((smaller - larger).masked_fill(isMasked, 0).exp().masked_fill(isMasked, 0));
}

Dual combineLogarithms(const Dual& a, const Dual& b) {
  const Tensor value = logOfSum(a.value, b.value);
  const auto tangent = [&](const Dual& part) {
    const Tensor isMasked = isMinusInfinity(part.value);
    const Tensor weight = (part.value - value).masked_fill(isMasked, 0).exp();
    return part.tangent.masked_fill(isMasked, 0) * weight;
  };
  return {value, tangent(a) + tangent(b)};
}

// logcumsumexp without the tangent rule, with correct derivatives in every mode.
Tensor logcumsumexpOf(Tensor value, int64_t dim) {
  const int64_t size = value.size(dim);
  for (int64_t length = 1; length < size; length *= 2) {
    const Tensor combined = logOfSum(value.narrow(dim, 0, size - length), value.narrow(dim, length, size - length));
    value = at::cat({value.narrow(dim, 0, length), combined}, dim);
  }
  return value;
}

// e^(a - b), and 0 where a is -infinity.
Tensor weightOf(const Tensor& a, const Tensor& b) {
  const Tensor isMasked = isMinusInfinity(a);
  return (a - b).masked_fill(isMasked, 0).exp().masked_fill(isMasked, 0);
}

Tensor logcumsumexpBackward(const Tensor& grad, const Tensor& self, const Tensor& result, int64_t dim) {
  if (self.dim() == 0 || self.numel() == 0) return grad;
  const Tensor logarithm = toOpMath(result);
  const int64_t size = self.size(dim);
  Tensor sum = toOpMath(grad);
  for (int64_t length = 1; length < size; length *= 2) {
    const auto first = [&](const Tensor& tensor) { return tensor.narrow(dim, 0, size - length); };
    const auto last = [&](const Tensor& tensor) { return tensor.narrow(dim, length, size - length); };
    const Tensor weight = weightOf(first(logarithm), last(logarithm)).conj();
    sum = at::cat({first(sum) + weight * last(sum), sum.narrow(dim, size - length, length)}, dim);
  }
  const auto rest = [&](const Tensor& tensor) { return tensor.narrow(dim, 1, size - 1); };
  const Tensor scaled = weightOf(rest(toOpMath(self)), rest(logarithm)).conj() * rest(sum);
  return at::cat({sum.narrow(dim, 0, 1), scaled}, dim).to(self.scalar_type());
}

constexpr BackwardRule kLogcumsumexpBackward = {"LogcumsumexpBackward0", &logcumsumexpBackward};

// (self, dim)
void logcumsumexp(KernelCall& call) {
  const Tensor self = call.tensor(0);
  const int64_t dim = at::maybe_wrap_dim(call.argument(1).toInt(), self.dim());
  if (!hasTangent(self) || self.numel() == 0) {
    callWithBackward(call, kLogcumsumexpBackward, dim);
    return;
  }
  if (self.requires_grad()) {
    // libtorch's kernel would save the result for reverse mode with the tangent of its own rule.
    call.setOutputs(self.dim() == 0 ? self.clone() : logcumsumexpOf(self, dim));
    return;
  }
  const Tensor tangent = call.takeTangent(0);
  const Tensor primal = call.primal(0);
  call.callOriginal();
  call.setTangent(0, primal.dim() == 0 ? tangent : scan({primal, tangent}, dim, combineLogarithms).tangent);
}

// (self, dim, dtype)
void cumprod(KernelCall& call) {
  const Tensor self = call.tensor(0);
  // libtorch's rule has no batching rule for 0-d samples.
  const bool isReplaced = self.dim() == 0 || call.recording().isDifferentiatedAgain();
  if (!hasTangent(self) || self.numel() == 0 || !isReplaced) {
    call.callOriginal();
    return;
  }
  const int64_t dim = at::maybe_wrap_dim(call.argument(1).toInt(), self.dim());
  const Tensor tangent = call.takeTangent(0);
  const Tensor primal = call.primal(0);
  call.callOriginal();
  const auto type = call.output(0).toTensor().scalar_type();
  const Dual dual{primal.to(type), tangent.to(type)};
  call.setTangent(0, primal.dim() == 0 ? dual.tangent : scan(dual, dim, combineProducts).tangent);
}

}  // namespace

void registerScans() {
  // A registration lasts as long as its Library object.
  static torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::Autograd, __FILE__, __LINE__);
  overrideAutogradKernel(library, "logcumsumexp", CallKernel::factory(&logcumsumexp));
  overrideAutogradKernel(library, "cumprod", CallKernel::factory(&cumprod));
}

}  // namespace torch_func
