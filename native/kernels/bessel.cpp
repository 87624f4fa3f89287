// Derivatives of the modified Bessel function I1.
//
// The derivative of I1(x) is I0(x) - I1(x) / x. libtorch replaces it by the constant 1/2 for |x| <= eps, so that the
// third derivative at 0 is 0 instead of 3/8, and near 0 higher derivatives lose precision (PyTorch 2.13). Here the
// quotient is a power series for |x| <= 1:
//
//   I1(x) / x = 1/2 sum of q^k / (k! (k + 1)!),   q = x^2 / 4
#include <ATen/ATen.h>
#include <torch/library.h>

#include "kernels/corrections.h"
#include "kernels/elementwise_rule.h"

namespace torch_func {

namespace {

using at::Tensor;

// For q <= 1/4 the next term is less than 1e-20.
constexpr int kTerms = 11;

Tensor quotientSeries(const Tensor& x) {
  const Tensor q = x.square().div(4);
  // Horner's scheme: the ratio of two terms is q / (k (k + 1)).
  Tensor sum = at::ones_like(q);
  for (int k = kTerms; k >= 1; --k) sum = sum.mul(q).div(k * (k + 1)).add(1);
  return sum.div(2);
}

Tensor slopeOfI1(const RuleArguments& arguments, size_t) {
  const Tensor x = arguments[0].toTensor();
  const Tensor isSmall = x.abs() <= 1;
  const Tensor quotient = at::special_i1(x).div(x.masked_fill(isSmall, 1));
  const Tensor series = quotientSeries(x.masked_fill(isSmall.logical_not(), 0));
  return at::special_i0(x).sub(at::where(isSmall, series, quotient));
}

constexpr ElementwiseRule i1 = {"SpecialI1Backward0", 1, &slopeOfI1};

}  // namespace

void registerBessel() {
  // A registration lasts as long as its Library object.
  static torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::Autograd, __FILE__, __LINE__);
  overrideAutogradKernel(library, "special_i1", CallKernel::factory(&differentiate<i1>));
}

}  // namespace torch_func
