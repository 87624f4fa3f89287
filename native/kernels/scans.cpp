// Forward-mode derivatives of logcumsumexp and cumprod.
//
// libtorch's forward rule of logcumsumexp divides sums of exp(x - max), which vanish where x is far below the maximum:
// the tangent is wrong (pytorch/pytorch#196705). Its rule of cumprod handles zeros by their positions, in steps without
// a derivative, so that the derivative of the rule is wrong (#196701).
//
// Both operators are scans of an associative operation, and so is the pair of a value and its tangent. Two neighbouring
// pieces a and b are joined to
//
//   cumprod:       (p, t) = (pa pb, ta pb + pa tb)
//   logcumsumexp:  (l, t) = (log(e^la + e^lb), ta e^(la - l) + tb e^(lb - l))
//
// The first does not divide, and the weights of the second lie between 0 and 1. log2(n) steps join pieces of doubled
// length.
#include <ATen/ATen.h>
#include <ATen/WrapDimUtils.h>
#include <torch/library.h>

#include "kernels/kernel_override.h"
#include "kernels/mends.h"

namespace torch_func {

namespace {

using at::Tensor;

struct Dual {
  Tensor value;
  Tensor tangent;
};

template <typename Join>
Dual scan(Dual dual, int64_t dim, Join join) {
  const int64_t size = dual.value.size(dim);
  for (int64_t length = 1; length < size; length *= 2) {
    const auto first = [&](const Tensor& tensor) { return tensor.narrow(dim, 0, size - length); };
    const auto last = [&](const Tensor& tensor) { return tensor.narrow(dim, length, size - length); };
    const auto start = [&](const Tensor& tensor) { return tensor.narrow(dim, 0, length); };
    const Dual joined = join({first(dual.value), first(dual.tangent)}, {last(dual.value), last(dual.tangent)});
    dual = {at::cat({start(dual.value), joined.value}, dim), at::cat({start(dual.tangent), joined.tangent}, dim)};
  }
  return dual;
}

Dual joinProducts(const Dual& a, const Dual& b) {
  return {a.value * b.value, a.tangent * b.value + a.value * b.tangent};
}

Tensor isMinusInfinity(const Tensor& value) { return (value.is_complex() ? at::real(value) : value).isneginf(); }

// The derivatives of at::logaddexp are NaN for values far apart. Minus infinity contributes nothing, and is masked
// before and after each step: zero times an infinite derivative would be NaN.
Tensor logOfSum(const Tensor& a, const Tensor& b) {
  const Tensor isFirstLarger = a.is_complex() ? at::real(a) > at::real(b) : a > b;
  const Tensor larger = at::where(isFirstLarger, a, b);
  const Tensor smaller = at::where(isFirstLarger, b, a);
  const Tensor isNothing = isMinusInfinity(smaller);
  return larger + at::log1p((smaller - larger).masked_fill(isNothing, 0).exp().masked_fill(isNothing, 0));
}

Dual joinLogarithms(const Dual& a, const Dual& b) {
  const Tensor value = logOfSum(a.value, b.value);
  const auto tangent = [&](const Dual& part) {
    const Tensor isNothing = isMinusInfinity(part.value);
    const Tensor weight = (part.value - value).masked_fill(isNothing, 0).exp();
    return part.tangent.masked_fill(isNothing, 0) * weight;
  };
  return {value, tangent(a) + tangent(b)};
}

// The values alone, with right derivatives in every mode.
Tensor logcumsumexpOf(Tensor value, int64_t dim) {
  const int64_t size = value.size(dim);
  for (int64_t length = 1; length < size; length *= 2) {
    const Tensor joined = logOfSum(value.narrow(dim, 0, size - length), value.narrow(dim, length, size - length));
    value = at::cat({value.narrow(dim, 0, length), joined}, dim);
  }
  return value;
}

// (self, dim)
void logcumsumexp(KernelCall& call) {
  const Tensor self = call.tensor(0);
  if (!hasTangent(self) || self.numel() == 0) {
    call.callOriginal();
    return;
  }
  const int64_t dim = at::maybe_wrap_dim(call.argument(1).toInt(), self.dim());
  if (self.requires_grad()) {
    // libtorch saves the result for reverse mode, with the tangent of its own rule.
    call.finish(self.dim() == 0 ? self.clone() : logcumsumexpOf(self, dim));
    return;
  }
  const Tensor tangent = call.takeTangent(0);
  const Tensor primal = call.primal(0);
  call.callOriginal();
  call.setTangent(0, primal.dim() == 0 ? tangent : scan({primal, tangent}, dim, joinLogarithms).tangent);
}

// (self, dim, dtype)
void cumprod(KernelCall& call) {
  const Tensor self = call.tensor(0);
  if (!hasTangent(self) || self.dim() == 0 || self.numel() == 0 || !call.recording().isDifferentiatedAgain()) {
    call.callOriginal();
    return;
  }
  const int64_t dim = at::maybe_wrap_dim(call.argument(1).toInt(), self.dim());
  const Tensor tangent = call.takeTangent(0);
  const Tensor primal = call.primal(0);
  call.callOriginal();
  const auto type = call.output(0).toTensor().scalar_type();
  call.setTangent(0, scan({primal.to(type), tangent.to(type)}, dim, joinProducts).tangent);
}

}  // namespace

void registerScans() {
  // A registration lasts as long as its Library object.
  static torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::Autograd, __FILE__, __LINE__);
  overrideAutogradKernel(library, "logcumsumexp", CallKernel::maker(&logcumsumexp));
  overrideAutogradKernel(library, "cumprod", CallKernel::maker(&cumprod));
}

}  // namespace torch_func
