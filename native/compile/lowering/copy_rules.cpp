// Rules of copies, conversions and constant tensors.

#include <cmath>

#include "compile/lowering/call.h"

namespace torch_func::compile {

namespace {

using c10::ScalarType;
using Type = Rule::Type;

// Integers that a float32 and the machine hold exactly.
bool isSmallInteger(ScalarType dtype) {
  return dtype == ScalarType::Byte || dtype == ScalarType::Char || dtype == ScalarType::Short;
}

// An argument as the result's type.
Id convert(Call& call, size_t argument) {
  const Id value = call.raw(argument);
  if (value == kNoId) return Call::kRefused;
  const ScalarType from = call.type(argument).dtype, to = call.result().dtype;
  const Lane lane = call.builder.lane(value);
  if (c10::isFloatingType(to)) return call.builder.convert(value, laneOf(to));
  if (to == ScalarType::Bool) {
    if (from == ScalarType::Bool) return value;
    return call.builder.emit(Opcode::NotEqual, lane, value, call.builder.constant(lane, 0));
  }
  if (c10::isFloatingType(from)) {
    if (to == ScalarType::Long) return call.builder.emit(Opcode::ToInt64, lane, value);
    return to == ScalarType::Int ? call.builder.emit(Opcode::ToInt32, lane, value) : Call::kRefused;
  }
  // Between integers: where every number fits.
  if (from == ScalarType::Bool || (from == to && from != ScalarType::Long)) return value;
  if (isSmallInteger(from) && (to == ScalarType::Int || to == ScalarType::Long)) return value;
  return from == ScalarType::Int && to == ScalarType::Long ? value : Call::kRefused;
}

Id emitCopy(Call& call) { return convert(call, 0); }
Id emitCopyOfSecond(Call& call) { return convert(call, 1); }

Id fill(Call& call, double value) {
  const ScalarType dtype = call.result().dtype;
  if (dtype == ScalarType::Bool) value = value != 0;
  if (c10::isIntegralType(dtype, false)) value = std::trunc(value);
  if (dtype == ScalarType::Long && std::abs(value) > 0x1p53) return Call::kRefused;
  if (c10::isIntegralType(dtype, false) && dtype != ScalarType::Long && std::abs(value) > 127) return Call::kRefused;
  return call.builder.constant(laneOf(dtype), value);
}

template <int value>
Id emitFill(Call& call) {
  return fill(call, value);
}

template <size_t argument>
Id emitFillWith(Call& call) {
  return fill(call, call.argument(argument).toScalar().to<double>());
}

}  // namespace

void addCopyRules(Rules& rules) {
  for (const char* name : {"aten::clone", "aten::_to_copy", "aten::alias_copy", "aten::detach_copy",
                           "aten::lift_fresh_copy", "aten::positive", "aten::contiguous"}) {
    rules[name] = {Type::Own, emitCopy};
  }
  rules["aten::copy"] = {Type::Own, emitCopyOfSecond};
  rules["aten::fill.Tensor"] = {Type::Own, emitCopyOfSecond};
  for (const char* name :
       {"aten::zeros", "aten::zeros_like", "aten::new_zeros", "aten::zero", "aten::_efficientzerotensor"}) {
    rules[name] = {Type::Own, emitFill<0>};
  }
  for (const char* name : {"aten::ones", "aten::ones_like", "aten::new_ones"}) rules[name] = {Type::Own, emitFill<1>};
  rules["aten::scalar_tensor"] = {Type::Own, emitFillWith<0>};
  rules["aten::full"] = {Type::Own, emitFillWith<1>};
  rules["aten::full_like"] = {Type::Own, emitFillWith<1>};
  rules["aten::fill.Scalar"] = {Type::Own, emitFillWith<1>};
  rules["aten::new_full"] = {Type::Own, emitFillWith<2>};
}

}  // namespace torch_func::compile
