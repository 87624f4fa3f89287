// Derivatives of elementwise operators whose rules in libtorch give NaN or lose all digits (PyTorch 2.13):
//
// - logaddexp, logaddexp2: the rule divides by 1 + exp(b - a), which overflows. The second derivative is infinity over
//   infinity (pytorch/pytorch#196704). Equal infinities give NaN (#49724).
// - mish: so does the rule that is differentiated again.
// - special_log_ndtr: the rule subtracts x^2 / 2 from an equal number, where x is far below 0. So do derivatives of
//   erfcx.
// - sinc: the rule divides by x^2, also near 0, and masks 0 afterwards: the derivative of the mask is 0, or NaN
//   (#196703).
// - logit with eps: the rule masks infinite quotients, which are NaN in the derivative of the rule.
// - nextafter: the rule gives no derivative where the arguments are equal. The result is self up to rounding.
// - copysign: the rule is the quotient of the result and self, masked where self is 0. Its derivative there is NaN.
// - pow: the slope b a^(b - 1) is masked where b is 0. Its derivative in b is 1 / a there, and the derivative of the
//   mask is 0. The mask of the slope a^b log(a) where a is 0 makes its derivative NaN, also if a is a number. The
//   forward-mode rule has the slope a^b log(a) even if b is a tensor of integers: its derivative is NaN where a <= 0.
// - atan2: the forward-mode rule is 0 / 0 at the origin, where the gradient is 0. So is the derivative of the gradient,
//   and of that of angle.
#include <ATen/ATen.h>
#include <torch/library.h>

#include <cmath>

#include "kernels/corrections.h"
#include "kernels/elementwise_rule.h"
#include "kernels/in_place_decomposition.h"
#include "kernels/op_math.h"

namespace torch_func {

namespace {

using at::Tensor;

const double pi = std::acos(-1.0);

// 1 / (1 + exp(-x)). The complex sigmoid overflows, and is NaN, where the real part is far below 0.
Tensor logistic(const Tensor& x) {
  if (!x.is_complex()) return x.sigmoid();
  const Tensor isNegative = at::real(x) < 0;
  const Tensor decaying = at::where(isNegative, x, -x).exp();
  return at::where(isNegative, decaying, at::ones_like(decaying)) / (1 + decaying);
}

// The difference of the argument `input` and the other one. Equal infinities have the difference 0.
Tensor advantage(const RuleArguments& arguments, size_t input) {
  const Tensor self = arguments[input].toTensor();
  const Tensor other = arguments[1 - input].toTensor();
  return (self - other).masked_fill(at::logical_and(self == other, self.isinf()), 0);
}

Tensor slopeOfLogaddexp(const RuleArguments& arguments, size_t input) { return logistic(advantage(arguments, input)); }

Tensor slopeOfLogaddexp2(const RuleArguments& arguments, size_t input) {
  return (advantage(arguments, input) * std::log(2.0)).sigmoid();
}

// With t = tanh(softplus(x)): t + x sigmoid(x) (1 - t^2).
Tensor slopeOfMish(const RuleArguments& arguments, size_t) {
  const Tensor x = arguments[0].toTensor();
  const Tensor softplus = -at::log_sigmoid(-x);
  const Tensor t = softplus.tanh();
  return t + x * x.sigmoid() * (1 - t * t);
}

Tensor productOfMish(const Tensor& factor, const RuleArguments& arguments) {
  return at::mish_backward(factor, arguments[0].toTensor());
}

// The density over the distribution function: both underflow below 0, where the distribution function is
// erfcx(-x / sqrt(2)) exp(-x^2 / 2) / 2.
Tensor hazard(const Tensor& x) {
  const Tensor isPositive = x > 0;
  const Tensor above = x.masked_fill(isPositive.logical_not(), 0);
  const Tensor below = x.masked_fill(isPositive, 0);
  const Tensor density = (above * above / -2).exp() / std::sqrt(2 * pi);
  return at::where(isPositive, density / at::special_ndtr(above),
                   std::sqrt(2 / pi) / at::special_erfcx(below / -std::sqrt(2.0)));
}

// Far below 0 a continued fraction, whose derivatives lose no digits: y + 1 / (y + 2 / (y + 3 / (y + ...))) for y = -x.
Tensor slopeOfLogNdtr(const RuleArguments& arguments, size_t) {
  constexpr double limit = 5;
  constexpr int terms = 16;
  const Tensor x = arguments[0].toTensor();
  const Tensor isFar = x < -limit;
  const Tensor far = -x.masked_fill(isFar.logical_not(), -limit);
  Tensor fraction = far;
  for (int k = terms; k >= 1; --k) fraction = far + k / fraction;
  return at::where(isFar, fraction, hazard(x.masked_fill(isFar, -limit)));
}

Tensor productOfLogNdtr(const Tensor& factor, const RuleArguments& arguments) {
  return (toOpMath(factor) * hazard(toOpMath(arguments[0].toTensor()))).to(factor.scalar_type());
}

// The derivative of sin(pi x) / (pi x): near 0 the derivative of its power series, the sum of
// (-1)^k pi^2k x^2k / (2k + 1)!.
Tensor slopeOfSinc(const RuleArguments& arguments, size_t) {
  constexpr int terms = 13;
  const Tensor x = arguments[0].toTensor();
  const Tensor isSmall = x.abs() < 0.5;
  const Tensor small = x.masked_fill(isSmall.logical_not(), 0);
  const Tensor large = x.masked_fill(isSmall, 1);

  const Tensor square = small * small;
  Tensor series = at::zeros_like(small);
  for (int k = terms; k >= 1; --k) {
    const double coefficient = 2 * k * std::pow(-pi * pi, k) / std::tgamma(2 * k + 2);
    series = series * square + coefficient;
  }
  const Tensor angle = large * pi;
  return at::where(isSmall, small * series, (angle.cos() - angle.sin() / angle) / large);
}

// 1 / (x (1 - x)), and 0 where eps clamps x. Without eps it is NaN where logit is.
Tensor slopeOfLogit(const RuleArguments& arguments, size_t) {
  const Tensor x = arguments[0].toTensor();
  const bool clamps = !arguments[1].isNone();
  const double low = clamps ? arguments[1].toDouble() : 0;
  const Tensor isOutside = at::logical_or(x < low, x > 1 - low);
  const Tensor inside = x.masked_fill(isOutside, 0.5);
  return (inside * (1 - inside)).reciprocal().masked_fill(isOutside, clamps ? 0 : std::nan(""));
}

Tensor productOfLogit(const Tensor& factor, const RuleArguments& arguments) {
  return at::logit_backward(factor, arguments[0].toTensor(), arguments[1].toOptional<double>());
}

Tensor slopeOfNextafter(const RuleArguments& arguments, size_t input) {
  const Tensor x = arguments[input].toTensor();
  return input == 0 ? at::ones_like(x) : at::zeros_like(x);
}

// 0 where self is 0.
Tensor slopeOfCopysign(const RuleArguments& arguments, size_t input) {
  const Tensor self = arguments[0].toTensor();
  if (input == 1) return at::zeros_like(self);
  const Tensor ones = at::ones_like(self);
  const c10::IValue& sign = arguments[1];
  return self.sign() * (sign.isTensor() ? ones.copysign(sign.toTensor()) : ones.copysign(sign.toScalar()));
}

// Only 0^0, which has no slope, is masked.
Tensor slopeOfPow(const RuleArguments& arguments, size_t input) {
  const Tensor base = arguments[0].toTensor();
  const Tensor exponent = arguments[1].toTensor().to(base.scalar_type());
  const Tensor isZero = base == 0;
  if (input == 0) {
    const Tensor isMasked = at::logical_and(isZero, exponent == 0);
    return (exponent * base.masked_fill(isMasked, 1).pow(exponent - 1)).masked_fill(isMasked, 0);
  }
  const Tensor isMasked = at::logical_and(isZero, exponent >= 0);
  return (base.pow(exponent) * base.masked_fill(isMasked, 1).log()).masked_fill(isMasked, 0);
}

// (y, x): (x, -y) / (x^2 + y^2), and 0 at the origin.
Tensor slopeOfAtan2(const RuleArguments& arguments, size_t input) {
  const Tensor y = arguments[0].toTensor();
  const Tensor x = arguments[1].toTensor();
  const Tensor isOrigin = at::logical_and(x == 0, y == 0);
  const Tensor square = (x * x + y * y).masked_fill(isOrigin, 1);
  return ((input == 0 ? x : -y) / square).masked_fill(isOrigin, 0);
}

constexpr ElementwiseRule logaddexp = {"LogaddexpBackward0", 2, &slopeOfLogaddexp};
constexpr ElementwiseRule logaddexp2 = {"Logaddexp2Backward0", 2, &slopeOfLogaddexp2};
constexpr ElementwiseRule mish = {"MishBackward0", 1, &slopeOfMish, &productOfMish};
constexpr ElementwiseRule logNdtr = {"SpecialLogNdtrBackward0", 1, &slopeOfLogNdtr, &productOfLogNdtr};
constexpr ElementwiseRule sinc = {"SincBackward0", 1, &slopeOfSinc};
constexpr ElementwiseRule logit = {"LogitBackward0", 1, &slopeOfLogit, &productOfLogit};
constexpr ElementwiseRule nextafter = {"NextafterBackward0", 2, &slopeOfNextafter};
constexpr ElementwiseRule copysign = {"CopysignBackward0", 2, &slopeOfCopysign};
constexpr ElementwiseRule copysignOfNumber = {"CopysignBackward1", 1, &slopeOfCopysign};
constexpr ElementwiseRule power = {"PowBackward1", 2, &slopeOfPow};
constexpr ElementwiseRule arctangent = {"Atan2Backward0", 2, &slopeOfAtan2};

// For rules of real tensors of one dtype. libtorch's first derivative is right.
template <const ElementwiseRule& rule>
void differentiateTwice(KernelCall& call) {
  const auto type = call.tensor(0).scalar_type();
  bool fits = at::isFloatingType(type) && call.recording().isDifferentiatedAgain();
  for (size_t i = 1; i < rule.inputs; ++i) fits = fits && call.tensor(i).scalar_type() == type;
  if (fits) {
    differentiateBy(call, rule);
  } else {
    call.callOriginal();
  }
}

// Whether slopeOfPow gives the derivative of a call. Integers have none.
bool hasSlopeOfPow(KernelCall& call) {
  const auto type = call.tensor(0).scalar_type();
  const auto exponent = call.tensor(1).scalar_type();
  return call.recording().isDifferentiatedAgain() &&
         (at::isIntegralType(exponent, /*includeBool=*/true) ? !at::isIntegralType(type, /*includeBool=*/true)
                                                             : at::isFloatingType(type) && exponent == type);
}

// (self, exponent)
void powerOfTensors(KernelCall& call) {
  if (hasSlopeOfPow(call)) {
    differentiateBy(call, power);
  } else {
    call.callOriginal();
  }
}

// decomposeInPlace does not find pow.Tensor_Tensor by the name of pow_.Tensor.
void powerInPlace(KernelCall& call) {
  if (!hasSlopeOfPow(call)) {
    call.callOriginal();
    return;
  }
  const Tensor self = call.tensor(0);
  self.copy_(self.clone().pow(call.tensor(1)));
  call.setOutputs(self);
}

// (self, exponent), where self is a number.
void powerOfNumber(KernelCall& call) {
  const at::Scalar base = call.argument(0).toScalar();
  const Tensor exponent = call.tensor(1);
  if (base.isComplex() || base.toDouble() != 0 || !at::isFloatingType(exponent.scalar_type()) ||
      !call.recording().isDifferentiatedAgain()) {
    call.callOriginal();
    return;
  }
  call.setOutputs(at::zeros({}, exponent.options()).pow(exponent));
}

// (y, x). libtorch's first derivative in reverse mode is right.
void atan2(KernelCall& call) {
  const Recording recording = call.recording();
  if (recording.tangent || recording.isDifferentiatedAgain()) {
    differentiateBy(call, arctangent);
  } else {
    call.callOriginal();
  }
}

// The angle of a complex number.
void angle(KernelCall& call) {
  const Tensor z = call.tensor(0);
  if (!z.is_complex() || !call.recording().isDifferentiatedAgain()) {
    call.callOriginal();
    return;
  }
  call.setOutputs(at::atan2(at::imag(z), at::real(z)));
}

}  // namespace

void registerElementwiseRules() {
  // A registration lasts as long as its Library object.
  static torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::Autograd, __FILE__, __LINE__);
  const auto add = [&](const char* name, CallKernel::Function function) {
    overrideAutogradKernel(library, name, CallKernel::factory(function));
  };
  add("logaddexp", &differentiate<logaddexp>);
  add("logaddexp2", &differentiate<logaddexp2>);
  add("mish", &differentiate<mish>);
  add("special_log_ndtr", &differentiate<logNdtr>);
  add("sinc", &differentiate<sinc>);
  add("logit", &differentiate<logit>);
  add("nextafter", &differentiate<nextafter>);
  add("pow.Tensor_Tensor", &powerOfTensors);
  add("pow.Scalar", &powerOfNumber);
  add("atan2", &atan2);
  add("angle", &angle);
  add("copysign.Tensor", &differentiateTwice<copysign>);
  add("copysign.Scalar", &differentiateTwice<copysignOfNumber>);
  add("pow_.Tensor", &powerInPlace);
  for (const char* name : {"mish_", "sinc_", "logit_", "nextafter_", "atan2_"}) add(name, &decomposeInPlace);
}

}  // namespace torch_func
