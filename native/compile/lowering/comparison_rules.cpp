// Rules of comparisons, of truth values, and of choices.

#include "compile/lowering/call.h"

namespace torch_func::compile {

namespace {

using Type = Rule::Type;

// The type in which two arguments are compared; a number with a fraction makes integers float32.
bool chooseType(Call& call) {
  const bool isNumber = !call.has(1);
  const bool hasFraction = isNumber && call.argument(1).toScalar().isFloatingPoint();
  return call.computeInCommonType(hasFraction) && call.dtype != c10::ScalarType::Long;
}

template <Opcode opcode, bool isReversed>
Id emitComparison(Call& call) {
  if (!chooseType(call)) return Call::kRefused;
  const Id a = call[0], b = call[1];
  return isReversed ? call.emit(opcode, b, a) : call.emit(opcode, a, b);
}

// Whether an argument is true: the same for all types.
Id truth(Call& call, size_t argument) {
  const Id value = call.raw(argument);
  if (call.type(argument).dtype == c10::ScalarType::Bool) return call.builder.convert(value, Lane::F32);
  const Lane lane = call.builder.lane(value);
  return call.builder.convert(call.builder.emit(Opcode::NotEqual, lane, value, call.builder.constant(lane, 0)),
                              Lane::F32);
}

template <Opcode opcode>
Id emitLogical(Call& call) {
  const Id a = truth(call, 0), b = truth(call, 1);
  return call.builder.emit(opcode, Lane::F32, a, b);
}

Id emitLogicalNot(Call& call) { return call.builder.emit(Opcode::Not, Lane::F32, truth(call, 0)); }

template <Opcode opcode>
Id emitBitwise(Call& call) {
  const bool isBool = call.type(0).dtype == c10::ScalarType::Bool && call.result().dtype == c10::ScalarType::Bool;
  return isBool && call.has(1) ? emitLogical<opcode>(call) : Call::kRefused;
}

Id emitBitwiseNot(Call& call) {
  return call.type(0).dtype == c10::ScalarType::Bool ? emitLogicalNot(call) : Call::kRefused;
}

Id emitWhere(Call& call) {
  if (!call.computeIn(call.result().dtype) || call.dtype == c10::ScalarType::Long) return Call::kRefused;
  return call.where(call.builder.convert(truth(call, 0), call.lane), call[1], call[2]);
}

// masked_fill(self, mask, value)
Id emitMaskedFill(Call& call) {
  if (!call.computeIn(call.result().dtype) || call.dtype == c10::ScalarType::Long) return Call::kRefused;
  return call.where(call.builder.convert(truth(call, 1), call.lane), call[2], call[0]);
}

Id emitIsNan(Call& call) { return call.emit(Opcode::IsNan, call[0]); }

Id emitSignbit(Call& call) { return call.less(call.emit(Opcode::Copysign, call.constant(1), call[0]), 0.0); }

}  // namespace

void addComparisonRules(Rules& rules) {
  for (const char* name : {"aten::lt.Tensor", "aten::lt.Scalar"}) {
    rules[name] = {Type::Own, emitComparison<Opcode::Less, false>};
  }
  for (const char* name : {"aten::le.Tensor", "aten::le.Scalar"}) {
    rules[name] = {Type::Own, emitComparison<Opcode::LessEqual, false>};
  }
  for (const char* name : {"aten::gt.Tensor", "aten::gt.Scalar"}) {
    rules[name] = {Type::Own, emitComparison<Opcode::Less, true>};
  }
  for (const char* name : {"aten::ge.Tensor", "aten::ge.Scalar"}) {
    rules[name] = {Type::Own, emitComparison<Opcode::LessEqual, true>};
  }
  for (const char* name : {"aten::eq.Tensor", "aten::eq.Scalar"}) {
    rules[name] = {Type::Own, emitComparison<Opcode::Equal, false>};
  }
  for (const char* name : {"aten::ne.Tensor", "aten::ne.Scalar"}) {
    rules[name] = {Type::Own, emitComparison<Opcode::NotEqual, false>};
  }
  rules["aten::logical_and"] = {Type::Own, emitLogical<Opcode::And>};
  rules["aten::logical_or"] = {Type::Own, emitLogical<Opcode::Or>};
  rules["aten::logical_xor"] = {Type::Own, emitLogical<Opcode::Xor>};
  rules["aten::logical_not"] = {Type::Own, emitLogicalNot};
  rules["aten::bitwise_and.Tensor"] = {Type::Own, emitBitwise<Opcode::And>};
  rules["aten::bitwise_or.Tensor"] = {Type::Own, emitBitwise<Opcode::Or>};
  rules["aten::bitwise_xor.Tensor"] = {Type::Own, emitBitwise<Opcode::Xor>};
  rules["aten::bitwise_not"] = {Type::Own, emitBitwiseNot};
  for (const char* name : {"aten::where.self", "aten::where.ScalarOther", "aten::where.ScalarSelf"}) {
    rules[name] = {Type::Own, emitWhere};
  }
  rules["aten::masked_fill.Scalar"] = {Type::Own, emitMaskedFill};
  rules["aten::masked_fill.Tensor"] = {Type::Own, emitMaskedFill};
  rules["aten::isnan"] = {Type::Common, emitIsNan};
  rules["aten::signbit"] = {Type::Common, emitSignbit};
}

}  // namespace torch_func::compile
