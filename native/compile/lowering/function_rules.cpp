// Rules of elementary functions: ATen's UnaryOps kernels.

#include <cmath>
#include <limits>

#include "compile/lowering/call.h"

namespace torch_func::compile {

namespace {

using Type = Rule::Type;

template <Opcode opcode>
Id emitUnary(Call& call) {
  return call.emit(opcode, call[0]);
}

template <Opcode opcode>
Id emitInLoop(Call& call) {
  return call.emitInLoop(opcode, call[0]);
}

// Of a kernel without vector code.
template <Opcode opcode>
Id emitInScalarLoop(Call& call) {
  return call.builder.emit(opcode, call.lane, call[0], kNoId, kNoId, 0, call.scalarLoop());
}

Id emitFrac(Call& call) { return call.sub(call[0], call.emit(Opcode::Trunc, call[0])); }

Id emitSign(Call& call) { return call.emit(Opcode::Sign, call[0]); }

Id emitNanToNum(Call& call) {
  const bool isFloat = call.lane == Lane::F32;
  const double largest = isFloat ? std::numeric_limits<float>::max() : std::numeric_limits<double>::max();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const Id x = call[0];
  const auto replace = [&](double from, size_t argument, double missing, Id otherwise) {
    const Id is = call.emit(Opcode::Equal, x, call.constant(from));
    return call.where(is, call.constant(call.number(argument, missing)), otherwise);
  };
  const Id finite = replace(kInfinity, 2, largest, replace(-kInfinity, 3, -largest, x));
  return call.where(call.emit(Opcode::IsNan, x), call.constant(call.number(1, 0)), finite);
}

// x * log(y), 0 where x is, and NaN where y is.
template <Opcode logarithm>
Id emitXlogy(Call& call) {
  const Id x = call[0], y = call[1];
  const Id log = call.builder.emit(logarithm, call.lane, y, kNoId, kNoId, 0, call.scalarLoop());
  const Id product = call.where(call.emit(Opcode::Equal, x, call.constant(0)), call.constant(0), call.mul(x, log));
  return call.where(call.emit(Opcode::IsNan, y), call.constant(std::nan("")), product);
}

// The larger one and exp(-|a - b|), or exp2.
template <Opcode exponential>
Id logOfSum(Call& call, Id a, Id b, double scale) {
  const Id distance = call.emit(Opcode::Abs, call.sub(a, b));
  const Id log = call.emitInLoop(Opcode::Log1p, call.emitInLoop(exponential, call.neg(distance)));
  const Id larger = call.emit(Opcode::Maximum, a, b);
  const Id sum = scale == 1 ? call.add(larger, log) : call.emit(Opcode::MulAdd, log, call.constant(scale), larger);
  const Id isInfinite =
      call.emit(Opcode::Equal, call.emit(Opcode::Abs, a), call.constant(std::numeric_limits<double>::infinity()));
  return call.where(call.emit(Opcode::And, call.emit(Opcode::Equal, a, b), isInfinite), a, sum);
}

Id emitLogaddexp(Call& call) { return logOfSum<Opcode::LoopExp>(call, call[0], call[1], 1); }

Id emitLogaddexp2(Call& call) {
  return logOfSum<Opcode::LoopExp2>(call, call[0], call[1], call.rounded(1.0 / std::log(2.0)));
}

Id emitHeaviside(Call& call) {
  return call.where(call.emit(Opcode::Equal, call[0], call.constant(0)), call[1], call.greater(call[0], 0.0));
}

constexpr double kPi = 3.14159265358979323846;
Id emitDegToRad(Call& call) { return call.mul(call[0], call.rounded(kPi / 180.0)); }
Id emitRadToDeg(Call& call) { return call.mul(call[0], call.rounded(180.0 / kPi)); }

}  // namespace

void addFunctionRules(Rules& rules) {
  rules["aten::neg"] = {Type::Common, emitUnary<Opcode::Neg>};
  rules["aten::abs"] = {Type::Common, emitUnary<Opcode::Abs>};
  rules["aten::sign"] = {Type::Common, emitSign};
  rules["aten::sgn"] = {Type::Common, emitSign};
  rules["aten::reciprocal"] = {Type::Promoted, emitUnary<Opcode::Reciprocal>};
  rules["aten::sqrt"] = {Type::Promoted, emitUnary<Opcode::Sqrt>};
  rules["aten::rsqrt"] = {Type::Promoted, emitUnary<Opcode::Rsqrt>};
  rules["aten::floor"] = {Type::Common, emitUnary<Opcode::Floor>};
  rules["aten::ceil"] = {Type::Common, emitUnary<Opcode::Ceil>};
  rules["aten::round"] = {Type::Common, emitUnary<Opcode::Round>};
  rules["aten::trunc"] = {Type::Common, emitUnary<Opcode::Trunc>};
  rules["aten::frac"] = {Type::Common, emitFrac};
  rules["aten::exp"] = {Type::Promoted, emitUnary<Opcode::Exp>};
  rules["aten::log"] = {Type::Promoted, emitUnary<Opcode::Log>};
  rules["aten::log2"] = {Type::Promoted, emitUnary<Opcode::Log2>};
  rules["aten::log10"] = {Type::Promoted, emitUnary<Opcode::Log10>};
  rules["aten::sin"] = {Type::Promoted, emitUnary<Opcode::Sin>};
  rules["aten::cos"] = {Type::Promoted, emitUnary<Opcode::Cos>};
  rules["aten::tan"] = {Type::Promoted, emitUnary<Opcode::Tan>};
  rules["aten::asin"] = {Type::Promoted, emitUnary<Opcode::Asin>};
  rules["aten::acos"] = {Type::Promoted, emitUnary<Opcode::Acos>};
  rules["aten::atan"] = {Type::Promoted, emitUnary<Opcode::Atan>};
  rules["aten::tanh"] = {Type::Promoted, emitUnary<Opcode::Tanh>};
  rules["aten::erf"] = {Type::Promoted, emitUnary<Opcode::Erf>};
  rules["aten::erfc"] = {Type::Promoted, emitUnary<Opcode::Erfc>};
  rules["aten::erfinv"] = {Type::Promoted, emitUnary<Opcode::Erfinv>};
  rules["aten::expm1"] = {Type::Promoted, emitUnary<Opcode::Expm1>};
  rules["aten::log1p"] = {Type::Promoted, emitUnary<Opcode::Log1p>};
  rules["aten::lgamma"] = {Type::Promoted, emitUnary<Opcode::Lgamma>};
  rules["aten::exp2"] = {Type::Promoted, emitInLoop<Opcode::LoopExp2>};
  rules["aten::sinh"] = {Type::Promoted, emitInLoop<Opcode::Sinh>};
  rules["aten::cosh"] = {Type::Promoted, emitInLoop<Opcode::Cosh>};
  rules["aten::asinh"] = {Type::Promoted, emitInScalarLoop<Opcode::Asinh>};
  rules["aten::acosh"] = {Type::Promoted, emitInScalarLoop<Opcode::Acosh>};
  rules["aten::atanh"] = {Type::Promoted, emitInLoop<Opcode::Atanh>};
  rules["aten::nan_to_num"] = {Type::Common, emitNanToNum};
  rules["aten::deg2rad"] = {Type::Promoted, emitDegToRad};
  rules["aten::rad2deg"] = {Type::Promoted, emitRadToDeg};
  rules["aten::heaviside"] = {Type::Common, emitHeaviside};
  rules["aten::logaddexp"] = {Type::Common, emitLogaddexp};
  rules["aten::logaddexp2"] = {Type::Common, emitLogaddexp2};
  rules["aten::xlogy.Tensor"] = {Type::Promoted, emitXlogy<Opcode::LoopLog>};
  rules["aten::special_xlog1py"] = {Type::Promoted, emitXlogy<Opcode::Log1p>};
}

}  // namespace torch_func::compile
