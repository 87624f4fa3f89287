// Rules of activation functions and of their derivatives: ATen's Activation kernels.

#include <cmath>

#include "compile/lowering/call.h"

namespace torch_func::compile {

namespace {

using Type = Rule::Type;

Id exponential(Call& call, Id x) { return call.emitInLoop(Opcode::LoopExp, x); }

// 1 / (1 + exp(-x))
Id sigmoid(Call& call, Id x) { return call.emit(Opcode::Reciprocal, call.add(exponential(call, call.neg(x)), 1.0)); }

// 1 - x * x, rounded once
Id oneMinusSquare(Call& call, Id x) { return call.emit(Opcode::NegMulAdd, x, x, call.constant(1)); }

Id emitSigmoid(Call& call) { return sigmoid(call, call[0]); }

Id emitSigmoidBackward(Call& call) { return call.mul(call.mul(call[0], call.sub(1.0, call[1])), call[1]); }

Id emitTanhBackward(Call& call) { return call.mul(call[0], oneMinusSquare(call, call[1])); }

Id emitSilu(Call& call) { return call.div(call[0], call.add(exponential(call, call.neg(call[0])), 1.0)); }

Id emitSiluBackward(Call& call) {
  const Id x = call[1], s = sigmoid(call, x);
  const Id factor = call.emit(Opcode::MulAdd, x, call.sub(1.0, s), call.constant(1));
  return call.mul(call.mul(call[0], s), factor);
}

// tanh(log(1 + exp(x)))
Id tanhOfSoftplus(Call& call, Id x) {
  return call.emitInLoop(Opcode::LoopTanh, call.emitInLoop(Opcode::Log1p, exponential(call, x)));
}

Id emitMish(Call& call) { return call.mul(call[0], tanhOfSoftplus(call, call[0])); }

Id emitMishBackward(Call& call) {
  const Id x = call[1], t = tanhOfSoftplus(call, x);
  const Id slope = call.mul(x, sigmoid(call, x));
  return call.mul(call[0], call.emit(Opcode::MulAdd, slope, oneMinusSquare(call, t), t));
}

// softplus(self, beta, threshold)
Id emitSoftplus(Call& call) {
  const double beta = call.number(1);
  const Id scaled = call.mul(call[0], beta);
  const Id value = call.div(call.emitInLoop(Opcode::Log1p, exponential(call, scaled)), beta);
  return call.where(call.greater(scaled, call.number(2)), call[0], value);
}

// softplus_backward(grad, self, beta, threshold)
Id emitSoftplusBackward(Call& call) {
  const Id grad = call[0], scaled = call.mul(call[1], call.number(2)), z = exponential(call, scaled);
  const Id value = call.div(call.mul(grad, z), call.add(z, 1.0));
  return call.where(call.greater(scaled, call.number(3)), grad, value);
}

// elu(self, alpha, scale, input_scale)
Id emitElu(Call& call) {
  const double scale = call.number(2), negative = call.rounded(call.number(1) * scale);
  const Id x = call[0];
  const Id value = call.mul(call.emitInLoop(Opcode::Expm1, call.mul(x, call.number(3))), negative);
  return call.where(call.greaterEqual(x, 0.0), call.mul(x, scale), value);
}

// elu_backward(grad, alpha, scale, input_scale, is_result, self_or_result)
Id emitEluBackward(Call& call) {
  const double scale = call.number(2), negative = call.rounded(call.number(1) * scale), inputScale = call.number(3);
  const Id grad = call[0], x = call[5];
  const Id scaled = call.mul(grad, inputScale);
  const Id value = call.argument(4).toBool()
                       ? call.mul(scaled, call.add(x, negative))
                       : call.mul(call.mul(scaled, negative), exponential(call, call.mul(x, inputScale)));
  const Id isPositive = call.emit(Opcode::Or, call.greater(x, 0.0), call.isNanInScalarLoop(x));
  return call.where(isPositive, call.mul(grad, scale), value);
}

Id emitRelu(Call& call) { return call.emit(Opcode::ClampMinImmediate, call[0], kNoId, kNoId, 0); }

Id emitLeakyRelu(Call& call) {
  return call.where(call.greater(call[0], 0.0), call[0], call.mul(call[0], call.number(1)));
}

// leaky_relu_backward(grad, self, negative_slope, is_result)
Id emitLeakyReluBackward(Call& call) {
  return call.where(call.greater(call[1], 0.0), call[0], call.mul(call[0], call.number(2)));
}

Id emitPrelu(Call& call) { return call.where(call.greater(call[0], 0.0), call[0], call.mul(call[1], call[0])); }

Id emitThreshold(Call& call) {
  return call.where(call.lessEqual(call[0], call.number(1)), call.constant(call.number(2)), call[0]);
}

// threshold_backward(grad, self, threshold)
Id emitThresholdBackward(Call& call) {
  return call.where(call.lessEqual(call[1], call.number(2)), call.constant(0), call[0]);
}

// min(max(x + 3, 0), 6)
Id hardGate(Call& call, Id x) {
  const Id positive = call.emit(Opcode::Maximum, call.add(x, 3.0), call.constant(0));
  return call.emit(Opcode::Minimum, positive, call.constant(6));
}

// ATen's CUDA kernels multiply by the number of float32 that is nearest to 1/6, in all dtypes.
Id sixthOf(Call& call, Id value) {
  return call.isCuda() ? call.mul(value, static_cast<double>(1.0f / 6.0f)) : call.div(value, 6.0);
}

Id emitHardsigmoid(Call& call) { return sixthOf(call, hardGate(call, call[0])); }

Id emitHardswish(Call& call) { return sixthOf(call, call.mul(call[0], hardGate(call, call[0]))); }

Id isBetween(Call& call, Id lower, Id upper) { return call.emit(Opcode::And, lower, upper); }

Id emitHardsigmoidBackward(Call& call) {
  const Id x = call[1];
  const Id isInside = isBetween(call, call.greater(x, -3.0), call.less(x, 3.0));
  return call.where(isInside, call.mul(call[0], static_cast<double>(1.0f / 6.0f)), call.constant(0));
}

// hardtanh_backward(grad, self, min, max): vector code takes NaN as outside, scalar code as inside.
Id emitHardtanhBackward(Call& call) {
  const Id x = call[1];
  const Id isInside = isBetween(call, call.greater(x, call.number(2)), call.less(x, call.number(3)));
  return call.where(call.emit(Opcode::Or, isInside, call.isNanInScalarLoop(x)), call[0], call.constant(0));
}

// hardswish_backward(grad, self)
Id emitHardswishBackward(Call& call) {
  const Id x = call[1];
  const Id slope = call.mul(call[0], call.add(call.div(x, 3.0), 0.5));
  const Id isLarge = call.emit(Opcode::Or, call.greaterEqual(x, 3.0), call.isNanInScalarLoop(x));
  return call.where(call.lessEqual(x, -3.0), call.constant(0), call.where(isLarge, call[0], slope));
}

// hardshrink_backward and softshrink_backward(grad, self, lambd)
Id emitShrinkBackward(Call& call) {
  const double bound = call.number(2);
  const Id x = call[1];
  const Id isLarge = call.emit(Opcode::Or, call.less(x, -bound), call.greater(x, bound));
  return call.where(call.emit(Opcode::Or, isLarge, call.isNanInScalarLoop(x)), call[0], call.constant(0));
}

Id emitHardshrink(Call& call) {
  const double bound = call.number(1);
  const Id isSmall = isBetween(call, call.greaterEqual(call[0], -bound), call.lessEqual(call[0], bound));
  return call.where(isSmall, call.constant(0), call[0]);
}

Id emitSoftshrink(Call& call) {
  const double bound = call.number(1);
  const Id x = call[0];
  // Inside, NaN stays, and scalar code keeps the sign of the zero: x * 0 is no zero that stands for "no dependence".
  const Builder::ExactMath exact(call.builder, true);
  const Id keeps = call.emit(Opcode::Or, call.emit(Opcode::IsNan, x), call.emit(Opcode::Not, call.isVectorLoop(x)));
  const Id inside = call.where(keeps, call.mul(x, 0.0), call.constant(0));
  const Id lower = call.where(call.less(x, -bound), call.add(x, bound), inside);
  return call.where(call.greater(x, bound), call.sub(x, bound), lower);
}

// log_sigmoid_forward: min(x, 0) - log1p(exp(-|x|)), and exp(-|x|). All elements go through vector code.
Id emitLogSigmoid(Call& call) {
  // On CUDA, the second result is empty.
  if (call.isCuda()) return Call::kRefused;
  const Id x = call[0];
  const Id z = call.emit(Opcode::LoopExp, call.neg(call.emit(Opcode::Abs, x)));
  call.second = z;
  return call.sub(call.emit(Opcode::Minimum, x, call.constant(0)), call.emit(Opcode::Log1p, z));
}

// log_sigmoid_backward(grad, self, buffer)
Id emitLogSigmoidBackward(Call& call) {
  if (call.isCuda()) return Call::kRefused;
  const Id isNegative = call.less(call[1], 0.0), z = call[2];
  const Id sign = call.where(isNegative, call.constant(1), call.constant(-1));
  const Id derivative = call.sub(isNegative, call.mul(sign, call.div(z, call.add(z, 1.0))));
  return call.mul(derivative, call[0]);
}

constexpr double kHalfSqrt2 = 0.70710678118654752440;
constexpr double kTwoOverSqrtPi = 1.12837916709551257390;
constexpr double kSqrt2 = 1.41421356237309504880;

bool isTanh(const c10::IValue& approximate) { return approximate.toStringRef() == "tanh"; }

// beta * (x + kappa * x^3)
Id innerOfTanh(Call& call, Id x) {
  const Id cube = call.mul(call.mul(x, x), x);
  const Id sum = call.emit(Opcode::MulAdd, cube, call.constant(0.044715), x);
  return call.mul(sum, call.rounded(kSqrt2 * kTwoOverSqrtPi * 0.5));
}

// Without `approximate`, ATen leaves float32 on the CPU to oneDNN, whose polynomials are its own.
bool isOfOneDnn(const Call& call) { return call.lane == Lane::F32 && !call.isCuda(); }

Id emitGelu(Call& call) {
  const Id x = call[0];
  if (isTanh(call.argument(1))) {
    const Id tanh = call.emitInLoop(Opcode::LoopTanh, innerOfTanh(call, x));
    return call.mul(call.mul(x, 0.5), call.add(tanh, 1.0));
  }
  if (isOfOneDnn(call)) return Call::kRefused;
  const Id erf = call.emitInLoop(Opcode::LoopErf, call.mul(x, call.rounded(kHalfSqrt2)));
  return call.mul(call.mul(x, 0.5), call.add(erf, 1.0));
}

// gelu_backward(grad, self, approximate)
Id emitGeluBackward(Call& call) {
  const Id x = call[1];
  if (isTanh(call.argument(2))) {
    const Id tanh = call.emitInLoop(Opcode::LoopTanh, innerOfTanh(call, x));
    const Id square = call.mul(x, x);
    const double kappa = call.rounded(3 * call.rounded(0.044715));
    const Id inner = call.mul(call.emit(Opcode::MulAdd, square, call.constant(kappa), call.constant(1)),
                              call.rounded(kSqrt2 * kTwoOverSqrtPi * 0.5));
    const Id left = call.mul(call.add(tanh, 1.0), 0.5);
    const Id right = call.mul(call.mul(call.mul(x, 0.5), oneMinusSquare(call, tanh)), inner);
    return call.mul(call[0], call.add(left, right));
  }
  if (isOfOneDnn(call)) return Call::kRefused;
  const Id erf = call.emitInLoop(Opcode::LoopErf, call.mul(x, call.rounded(kHalfSqrt2)));
  const Id cdf = call.mul(call.add(erf, 1.0), 0.5);
  const Id exp = exponential(call, call.mul(call.mul(x, x), -0.5));
  const Id pdf = call.mul(exp, call.rounded(kTwoOverSqrtPi * kHalfSqrt2 * 0.5));
  // The compiler of ATen joins the product and the sum in vector code and on CUDA, but not in scalar code.
  Id slope = call.emit(Opcode::MulAdd, x, pdf, cdf);
  if (!call.isCuda()) slope = call.where(call.isVectorLoop(x), slope, call.add(cdf, call.mul(x, pdf)));
  return call.mul(call[0], slope);
}

}  // namespace

void addActivationRules(Rules& rules) {
  rules["aten::sigmoid"] = {Type::Promoted, emitSigmoid};
  rules["aten::sigmoid_backward"] = {Type::Common, emitSigmoidBackward};
  rules["aten::tanh_backward"] = {Type::Common, emitTanhBackward};
  rules["aten::silu"] = {Type::Common, emitSilu};
  rules["aten::silu_backward"] = {Type::Common, emitSiluBackward};
  rules["aten::mish"] = {Type::Common, emitMish};
  rules["aten::mish_backward"] = {Type::Common, emitMishBackward};
  rules["aten::softplus"] = {Type::Common, emitSoftplus};
  rules["aten::softplus_backward"] = {Type::Common, emitSoftplusBackward};
  rules["aten::elu"] = {Type::Common, emitElu};
  rules["aten::elu_backward"] = {Type::Common, emitEluBackward};
  rules["aten::relu"] = {Type::Common, emitRelu};
  rules["aten::leaky_relu"] = {Type::Common, emitLeakyRelu};
  rules["aten::leaky_relu_backward"] = {Type::Common, emitLeakyReluBackward};
  rules["aten::_prelu_kernel"] = {Type::Common, emitPrelu};
  rules["aten::threshold"] = {Type::Common, emitThreshold};
  rules["aten::threshold_backward"] = {Type::Common, emitThresholdBackward};
  rules["aten::hardsigmoid"] = {Type::Common, emitHardsigmoid};
  rules["aten::hardsigmoid_backward"] = {Type::Common, emitHardsigmoidBackward};
  rules["aten::hardtanh_backward"] = {Type::Common, emitHardtanhBackward, false};
  rules["aten::hardswish_backward"] = {Type::Common, emitHardswishBackward};
  rules["aten::hardshrink_backward"] = {Type::Common, emitShrinkBackward, false};
  rules["aten::softshrink_backward"] = {Type::Common, emitShrinkBackward, false};
  rules["aten::hardswish"] = {Type::Common, emitHardswish};
  rules["aten::hardshrink"] = {Type::Common, emitHardshrink};
  rules["aten::softshrink"] = {Type::Common, emitSoftshrink, false};
  rules["aten::log_sigmoid_forward"] = {Type::Common, emitLogSigmoid};
  rules["aten::log_sigmoid_backward"] = {Type::Common, emitLogSigmoidBackward};
  rules["aten::gelu"] = {Type::Common, emitGelu};
  rules["aten::gelu_backward"] = {Type::Common, emitGeluBackward};
}

}  // namespace torch_func::compile
