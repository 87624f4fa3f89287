// Rules of arithmetic: ATen's BinaryOps, PointwiseOps, Lerp and Pow kernels.

#include <cmath>
#include <string>

#include "compile/lowering/call.h"

namespace torch_func::compile {

namespace {

using Type = Rule::Type;

// call[first] + alpha * call[second], with one rounding less where ATen has it. Where the second is one number, the
// compiler of ATen has moved the product out of a part of the scalar loop: refused unless the product is exact.
Id addScaled(Call& call, size_t first, size_t second, double alpha) {
  const Id a = call[first], b = call[second];
  if (alpha == 1) return call.add(a, b);
  if (alpha == -1) return call.sub(a, b);
  if (call.isCuda()) return call.emit(Opcode::MulAdd, b, call.constant(alpha), a);
  if (call.builder.isConstant(b)) {
    const double number = call.builder.constantOf(b), product = alpha * number;
    const bool isExact = std::isfinite(product) && std::fma(alpha, number, -product) == 0;
    return isExact && call.rounded(product) == product ? call.add(a, product) : Call::kRefused;
  }
  if (call.isScalarOfLoop(second)) return Call::kRefused;
  return call.emit(Opcode::MulAdd, b, call.constant(alpha), a);
}

Id emitAdd(Call& call) {
  if (call.isFloating()) return addScaled(call, 0, 1, call.number(2, 1));
  if (!call.isBool() || call.number(2, 1) != 1) return Call::kRefused;
  return call.emit(Opcode::Or, call[0], call[1]);
}

Id emitSub(Call& call) { return addScaled(call, 0, 1, -call.number(2, 1)); }

Id emitRsub(Call& call) { return addScaled(call, 1, 0, -call.number(2, 1)); }

Id emitMul(Call& call) {
  if (call.isFloating()) return call.mul(call[0], call[1]);
  return call.isBool() ? call.emit(Opcode::And, call[0], call[1]) : Call::kRefused;
}

Id emitDiv(Call& call) {
  const Id a = call[0], b = call[1];
  // ATen multiplies by the reciprocal of a number.
  const bool isNumber = !call.has(1) || call.type(1).device.is_cpu();
  if (!call.isCuda() || !isNumber || !call.builder.isConstant(b)) return call.div(a, b);
  const double divisor = call.builder.constantOf(b);
  return call.mul(a, call.lane == Lane::F32 ? 1.0f / static_cast<float>(divisor) : 1.0 / divisor);
}

// Whether a division left a remainder of the other sign than the divisor.
Id needsCorrection(Call& call, Id remainder, Id divisor) {
  const Id differs = call.emit(Opcode::Xor, call.less(divisor, 0.0), call.less(remainder, 0.0));
  return call.emit(Opcode::And, call.emit(Opcode::NotEqual, remainder, call.constant(0)), differs);
}

Id floorDivide(Call& call) {
  const Id a = call[0], b = call[1];
  const Id remainder = call.builder.emit(Opcode::Fmod, call.lane, a, b, kNoId, 0, call.scalarLoop());
  Id quotient = call.div(call.sub(a, remainder), b);
  quotient = call.where(needsCorrection(call, remainder, b), call.sub(quotient, 1.0), quotient);
  Id floor = call.emit(Opcode::Floor, quotient);
  floor = call.where(call.greater(call.sub(quotient, floor), 0.5), call.add(floor, 1.0), floor);
  const Id plain = call.div(a, b);
  const Id zero = call.emit(Opcode::Copysign, call.constant(0), plain);
  floor = call.where(call.emit(Opcode::Equal, quotient, call.constant(0)), zero, floor);
  return call.where(call.emit(Opcode::Equal, b, call.constant(0)), plain, floor);
}

Id emitDivMode(Call& call) {
  const c10::IValue& mode = call.argument(2);
  if (mode.isNone()) return emitDiv(call);
  if (!c10::isFloatingType(call.result().dtype)) return Call::kRefused;
  if (mode.toStringRef() == "trunc") return call.emit(Opcode::Trunc, emitDiv(call));
  return floorDivide(call);
}

Id emitFloorDivide(Call& call) { return c10::isFloatingType(call.result().dtype) ? floorDivide(call) : Call::kRefused; }

Id emitRemainder(Call& call) {
  const Id b = call[1];
  const Id remainder = call.emitInLoop(Opcode::Fmod, call[0], b);
  return call.where(needsCorrection(call, remainder, b), call.add(remainder, b), remainder);
}

Id emitPowScalar(Call& call) {
  const Id x = call[0];
  const double exponent = call.argument(1).toScalar().to<double>();
  if (exponent == 0) return call.constant(1);
  if (exponent == 1) return x;
  if (exponent == 0.5) return call.emit(Opcode::Sqrt, x);
  if (exponent == 2) return call.mul(x, x);
  if (exponent == 3) return call.mul(call.mul(x, x), x);
  if (exponent == -0.5) return call.emit(Opcode::Rsqrt, x);
  if (exponent == -1) return call.emit(Opcode::Reciprocal, x);
  if (exponent == -2) return call.emit(Opcode::Reciprocal, call.mul(x, x));
  return call.emitInLoop(Opcode::PowImmediate, x, kNoId, exponent);
}

Id emitPowOfScalar(Call& call) {
  if (call.argument(0).toScalar().to<double>() == 1) return call.constant(1);
  return call.emitInLoop(Opcode::Pow, call[0], call[1]);
}

Id emitAddcmul(Call& call) { return call.emit(Opcode::MulAdd, call.mul(call[1], call.number(3, 1)), call[2], call[0]); }

Id emitAddcdiv(Call& call) {
  if (call.isCuda()) {
    const Id quotient = call.div(call[1], call[2]);
    return call.emit(Opcode::MulAdd, call.constant(call.number(3, 1)), quotient, call[0]);
  }
  return call.add(call[0], call.div(call.mul(call[1], call.number(3, 1)), call[2]));
}

// weight - 1, as -(1 - weight) in scalar loops: zeros differ in their sign.
Id lessOne(Call& call, Id weight) {
  const Id difference = call.sub(weight, 1.0);
  if (call.builder.isConstant(weight) && call.builder.constantOf(weight) != 1) return difference;
  return call.where(call.isVectorLoop(weight), difference, call.neg(call.sub(1.0, weight)));
}

Id emitLerp(Call& call) {
  // Of the weight 1, the factor is 0.
  const Builder::ExactMath exact(call.builder, true);
  const Id start = call[0], end = call[1], weight = call[2];
  const Id isSmall = call.less(call.emit(Opcode::Abs, weight), 0.5);
  const Id factor = call.where(isSmall, weight, lessOne(call, weight));
  return call.emit(Opcode::MulAdd, factor, call.sub(end, start), call.where(isSmall, start, end));
}

// clamp with numbers: NaN stays, and a bound that is NaN makes all of the result NaN.
Id clamp(Call& call, Id x, size_t lower, size_t upper) {
  for (size_t bound : {lower, upper}) {
    if (bound != 0 && std::isnan(call.number(bound))) return call.constant(std::nan(""));
  }
  if (lower != 0 && !call.argument(lower).isNone()) {
    x = call.emit(Opcode::ClampMinImmediate, x, kNoId, kNoId, call.number(lower));
  }
  if (upper != 0 && !call.argument(upper).isNone()) {
    x = call.emit(Opcode::ClampMaxImmediate, x, kNoId, kNoId, call.number(upper));
  }
  return x;
}

Id emitClamp(Call& call) { return clamp(call, call[0], 1, 2); }
Id emitClampMin(Call& call) { return clamp(call, call[0], 1, 0); }
Id emitClampMax(Call& call) { return clamp(call, call[0], 0, 1); }

Id emitClampTensor(Call& call) {
  Id x = call[0];
  if (call.has(1)) x = call.emitInLoop(Opcode::Maximum, x, call[1]);
  if (call.has(2)) x = call.emitInLoop(Opcode::Minimum, x, call[2]);
  return x;
}

Id emitLossWithoutReduction(Call& call, Id (*loss)(Call&, Id difference)) {
  if (call.argument(2).toInt() != 0) return Call::kRefused;
  return loss(call, call.sub(call[0], call[1]));
}

Id emitMseLoss(Call& call) {
  return emitLossWithoutReduction(call, [](Call& c, Id difference) { return c.mul(difference, difference); });
}

Id emitSmoothL1Loss(Call& call) {
  return emitLossWithoutReduction(call, [](Call& c, Id difference) {
    const double beta = c.number(3);
    const Id z = c.emit(Opcode::Abs, difference);
    const Id square = c.div(c.mul(c.mul(z, 0.5), z), beta);
    return c.where(c.less(z, beta), square, c.sub(z, c.rounded(0.5 * beta)));
  });
}

Id emitHuberLoss(Call& call) {
  return emitLossWithoutReduction(call, [](Call& c, Id difference) {
    const double delta = c.number(3);
    const Id z = c.emit(Opcode::Abs, difference);
    return c.where(c.less(z, delta), c.mul(c.mul(z, 0.5), z), c.mul(c.sub(z, c.rounded(0.5 * delta)), delta));
  });
}

// mse_loss_backward(grad, self, target, reduction)
Id emitMseLossBackward(Call& call) {
  double norm = 2;
  if (call.argument(3).toInt() == 1) norm = 2.0 / static_cast<double>(call.type(1).numel());
  return call.mul(call.mul(call.sub(call[1], call[2]), call.rounded(norm)), call[0]);
}

template <Opcode opcode>
Id emitBinary(Call& call) {
  return call.emit(opcode, call[0], call[1]);
}

template <Opcode opcode>
Id emitBinaryInLoop(Call& call) {
  return call.emitInLoop(opcode, call[0], call[1]);
}

}  // namespace

void addArithmeticRules(Rules& rules) {
  for (const char* name : {"aten::add.Tensor", "aten::add.Scalar"}) rules[name] = {Type::Any, emitAdd};
  for (const char* name : {"aten::sub.Tensor", "aten::sub.Scalar"}) rules[name] = {Type::Common, emitSub};
  for (const char* name : {"aten::rsub.Tensor", "aten::rsub.Scalar"}) rules[name] = {Type::Common, emitRsub};
  for (const char* name : {"aten::mul.Tensor", "aten::mul.Scalar"}) rules[name] = {Type::Any, emitMul};
  for (const char* name : {"aten::div.Tensor", "aten::div.Scalar"}) rules[name] = {Type::Promoted, emitDiv};
  for (const char* name : {"aten::div.Tensor_mode", "aten::div.Scalar_mode"}) {
    rules[name] = {Type::Promoted, emitDivMode};
  }
  for (const char* name : {"aten::floor_divide", "aten::floor_divide.Scalar"}) {
    rules[name] = {Type::Common, emitFloorDivide};
  }
  for (const char* name : {"aten::remainder.Tensor", "aten::remainder.Scalar"}) {
    rules[name] = {Type::Common, emitRemainder, false};
  }
  for (const char* name : {"aten::fmod.Tensor", "aten::fmod.Scalar"}) {
    rules[name] = {Type::Common, emitBinaryInLoop<Opcode::Fmod>, false};
  }
  rules["aten::pow.Tensor_Scalar"] = {Type::Common, emitPowScalar};
  rules["aten::pow.Tensor_Tensor"] = {Type::Common, emitBinaryInLoop<Opcode::Pow>};
  rules["aten::pow.Scalar"] = {Type::Common, emitPowOfScalar};
  rules["aten::addcmul"] = {Type::Common, emitAddcmul};
  rules["aten::addcdiv"] = {Type::Common, emitAddcdiv};
  rules["aten::lerp.Scalar"] = {Type::Common, emitLerp, false};
  rules["aten::lerp.Tensor"] = {Type::Common, emitLerp, false};
  rules["aten::maximum"] = {Type::Any, emitBinaryInLoop<Opcode::Maximum>, false};
  rules["aten::minimum"] = {Type::Any, emitBinaryInLoop<Opcode::Minimum>, false};
  rules["aten::fmax"] = {Type::Common, emitBinary<Opcode::Fmax>};
  rules["aten::fmin"] = {Type::Common, emitBinary<Opcode::Fmin>};
  rules["aten::clamp"] = {Type::Common, emitClamp};
  rules["aten::hardtanh"] = {Type::Common, emitClamp};
  rules["aten::clamp_min"] = {Type::Common, emitClampMin};
  rules["aten::clamp_max"] = {Type::Common, emitClampMax};
  rules["aten::clamp.Tensor"] = {Type::Common, emitClampTensor, false};
  rules["aten::clamp_min.Tensor"] = {Type::Common, emitBinaryInLoop<Opcode::Maximum>, false};
  rules["aten::clamp_max.Tensor"] = {Type::Common, emitBinaryInLoop<Opcode::Minimum>, false};
  rules["aten::atan2"] = {Type::Promoted, emitBinaryInLoop<Opcode::Atan2>};
  rules["aten::hypot"] = {Type::Common, emitBinaryInLoop<Opcode::Hypot>};
  rules["aten::copysign.Tensor"] = {Type::Promoted, emitBinary<Opcode::Copysign>};
  rules["aten::copysign.Scalar"] = {Type::Promoted, emitBinary<Opcode::Copysign>};
  rules["aten::nextafter"] = {Type::Common, emitBinary<Opcode::Nextafter>};
  rules["aten::mse_loss"] = {Type::Common, emitMseLoss};
  rules["aten::mse_loss_backward"] = {Type::Common, emitMseLossBackward};
  rules["aten::smooth_l1_loss"] = {Type::Common, emitSmoothL1Loss};
  rules["aten::huber_loss"] = {Type::Common, emitHuberLoss};
}

}  // namespace torch_func::compile
