// Values of programs: equal ones are merged, constants folded.

#include "compile/machine/builder.h"

#include <bit>
#include <cmath>
#include <utility>

#include "compile/machine/kernels.h"

namespace torch_func::compile {

namespace {

uint64_t bitsOf(double number) { return std::bit_cast<uint64_t>(number); }

bool isZero(double number) { return number == 0; }

// Of two zeros, the larger or smaller one is the first or the second operand.
bool isOrdered(Opcode opcode, double number) {
  return (opcode == Opcode::Maximum || opcode == Opcode::Minimum) && isZero(number);
}

// The opcode with its last operand as immediate number, if there is one.
bool immediateForm(Opcode opcode, double number, Opcode* form) {
  if (isOrdered(opcode, number)) return false;
  switch (opcode) {
#define TORCH_FUNC_FORM(from, to) \
  case Opcode::from: *form = Opcode::to; return true;
    TORCH_FUNC_FORM(Add, AddImmediate)
    TORCH_FUNC_FORM(Mul, MulImmediate)
    TORCH_FUNC_FORM(Div, DivImmediate)
    TORCH_FUNC_FORM(Maximum, MaximumImmediate)
    TORCH_FUNC_FORM(Minimum, MinimumImmediate)
    TORCH_FUNC_FORM(Less, LessImmediate)
    TORCH_FUNC_FORM(LessEqual, LessEqualImmediate)
    TORCH_FUNC_FORM(Equal, EqualImmediate)
    TORCH_FUNC_FORM(NotEqual, NotEqualImmediate)
    default: return false;
  }
}

// The opcode with its first operand as immediate number and the second as the first.
bool reversedImmediateForm(Opcode opcode, double number, Opcode* form) {
  if (isOrdered(opcode, number)) return false;
  switch (opcode) {
    TORCH_FUNC_FORM(Add, AddImmediate)
    TORCH_FUNC_FORM(Sub, RsubImmediate)
    TORCH_FUNC_FORM(Mul, MulImmediate)
    TORCH_FUNC_FORM(Div, RdivImmediate)
    TORCH_FUNC_FORM(Maximum, MaximumImmediate)
    TORCH_FUNC_FORM(Minimum, MinimumImmediate)
    TORCH_FUNC_FORM(Less, GreaterImmediate)
    TORCH_FUNC_FORM(LessEqual, GreaterEqualImmediate)
    TORCH_FUNC_FORM(Equal, EqualImmediate)
    TORCH_FUNC_FORM(NotEqual, NotEqualImmediate)
#undef TORCH_FUNC_FORM
    default: return false;
  }
}

bool sameOperand(const Operand& a, const Operand& b) {
  return a.buffer == b.buffer && a.dtype == b.dtype && a.offset == b.offset && a.lane == b.lane &&
         a.strides == b.strides;
}

}  // namespace

bool Builder::Value::operator==(const Value& other) const {
  return kind == other.kind && lane == other.lane && opcode == other.opcode && loop == other.loop && a == other.a &&
         b == other.b && c == other.c && bitsOf(immediate) == bitsOf(other.immediate);
}

size_t Builder::Hash::operator()(const Value& value) const {
  uint64_t hash = static_cast<uint64_t>(value.opcode) * 4 + static_cast<uint64_t>(value.kind) * 2 +
                  static_cast<uint64_t>(value.lane);
  const auto mix = [&](uint64_t part) { hash = (hash ^ (part + (hash >> 29))) * 0x9E3779B97F4A7C15ull; };
  mix(static_cast<uint32_t>(value.a) | static_cast<uint64_t>(static_cast<uint32_t>(value.b)) << 32);
  mix(static_cast<uint32_t>(value.c) | static_cast<uint64_t>(value.loop) << 32);
  mix(bitsOf(value.immediate));
  return hash ^ hash >> 32;
}

Id Builder::add(const Value& value) {
  const auto [place, isNew] = known.try_emplace(value, static_cast<Id>(values.size()));
  if (isNew) values.push_back(value);
  return place->second;
}

Id Builder::load(const Operand& operand) {
  // Few operands differ only by what the key lacks, the strides.
  Value value{Value::Kind::Load, operand.lane};
  uint64_t hash = static_cast<uint64_t>(operand.buffer) << 32 ^ static_cast<uint64_t>(operand.dtype) << 24 ^
                  static_cast<uint64_t>(operand.lane);
  for (int64_t stride : operand.strides) hash = hash * 31 + static_cast<uint64_t>(stride);
  hash = (hash ^ static_cast<uint64_t>(operand.offset)) * 0x9E3779B97F4A7C15ull;
  for (;; hash += 1) {
    const auto [place, isNew] = loads.try_emplace(hash, static_cast<Id>(values.size()));
    if (isNew) {
      value.a = static_cast<Id>(operands.size());
      operands.push_back(operand);
      values.push_back(value);
      return place->second;
    }
    if (sameOperand(operands[values[place->second].a], operand)) return place->second;
  }
}

Id Builder::constant(Lane lane, double number) {
  Value value{Value::Kind::Constant, lane};
  value.immediate = lane == Lane::F32 ? static_cast<double>(static_cast<float>(number)) : number;
  return add(value);
}

bool Builder::isConstant(Id value, double number) const {
  return isConstant(value) && bitsOf(values[value].immediate) == bitsOf(number);
}

uint16_t Builder::addLoop(const EagerLoop& loop) {
  std::vector<int64_t> key(loop.strides.begin(), loop.strides.end());
  key.insert(key.end(), {loop.offset, loop.period, loop.total, loop.width});
  // Every column of a scalarized function may have its own; without a number left, all elements count as vector code.
  if (loops.size() >= 0xFFFF) return 0;
  const auto [place, isNew] = knownLoops.try_emplace(std::move(key), static_cast<uint16_t>(loops.size() + 1));
  if (isNew) loops.push_back(loop);
  return place->second;
}

// Whether every element of the dtype is a float32.
static bool isExactInFloat(c10::ScalarType dtype) {
  return dtype != c10::ScalarType::Double && dtype != c10::ScalarType::Int && dtype != c10::ScalarType::Long;
}

Id Builder::convert(Id value, Lane lane) {
  const Value& from = values[value];
  if (from.lane == lane) return value;
  if (from.kind == Value::Kind::Constant) return constant(lane, from.immediate);
  if (from.kind == Value::Kind::Load) {
    // Converted from the element itself: a 64-bit integer is rounded once. Elements that were rounded to float32 stay
    // so.
    Operand operand = operands[from.a];
    if (lane == Lane::F32 || isExactInFloat(operand.dtype)) {
      operand.lane = lane;
      return load(operand);
    }
  }
  // Every float32 is a float64.
  if (lane == Lane::F32 && from.opcode == Opcode::Convert) return from.a;
  Value converted{Value::Kind::Instruction, lane, Opcode::Convert};
  converted.a = value;
  return add(converted);
}

Id Builder::emit(Opcode opcode, Lane lane, Id a, Id b, Id c, double immediate, uint16_t loop) {
  if (lane == Lane::F32 && opcode != Opcode::PowImmediate) {
    immediate = static_cast<double>(static_cast<float>(immediate));
  }
  Opcode form;
  if (b != kNoId && c == kNoId && !(isConstant(a) && isConstant(b))) {
    if (isConstant(b) && opcode == Opcode::Sub)
      return emit(Opcode::AddImmediate, lane, a, kNoId, kNoId, -constantOf(b));
    if (isConstant(b) && immediateForm(opcode, constantOf(b), &form)) {
      return emit(form, lane, a, kNoId, kNoId, constantOf(b), loop);
    }
    if (isConstant(a) && reversedImmediateForm(opcode, constantOf(a), &form)) {
      return emit(form, lane, b, kNoId, kNoId, constantOf(a), loop);
    }
  }
  const Id simple = simplify(opcode, lane, a, b, c, immediate);
  if (simple != kNoId) return simple;
  const Value value{Value::Kind::Instruction, lane, opcode, loop, a, b, c, immediate};
  const bool isConstantNow = isConstant(a) && (b == kNoId || isConstant(b)) && (c == kNoId || isConstant(c));
  return isConstantNow ? fold(value) : add(value);
}

// A value that is equal for all operands, NaN, infinities and -0 included.
Id Builder::simplify(Opcode opcode, Lane lane, Id a, Id b, Id c, double immediate) {
  const bool finite = options.finiteMath;
  const auto is = [&](double number) { return bitsOf(immediate) == bitsOf(number); };
  const auto isZeroValue = [&](Id value) { return isConstant(value) && isZero(constantOf(value)); };
  switch (opcode) {
    case Opcode::AddImmediate: return is(-0.0) || (finite && isZero(immediate)) ? a : kNoId;
    // 0 - a is not -a: 0 - 0 is 0. It takes no longer.
    case Opcode::RsubImmediate: return is(-0.0) ? emit(Opcode::Neg, lane, a) : kNoId;
    case Opcode::MulImmediate:
      if (finite && isZero(immediate)) return constant(lane, 0.0);
      return is(1.0) ? a : kNoId;
    case Opcode::DivImmediate: return is(1.0) ? a : kNoId;
    case Opcode::RdivImmediate:
      if (finite && isZero(immediate)) return constant(lane, 0.0);
      return is(1.0) ? emit(Opcode::Reciprocal, lane, a) : kNoId;
    case Opcode::MulAdd:
    case Opcode::NegMulAdd:
      if (finite && (isZeroValue(a) || isZeroValue(b))) return c;
      if (finite && opcode == Opcode::MulAdd && isZeroValue(c)) return emit(Opcode::Mul, lane, a, b);
      if (isConstant(a, 1.0))
        return opcode == Opcode::MulAdd ? emit(Opcode::Add, lane, b, c) : emit(Opcode::Sub, lane, c, b);
      if (isConstant(b, 1.0))
        return opcode == Opcode::MulAdd ? emit(Opcode::Add, lane, a, c) : emit(Opcode::Sub, lane, c, a);
      if (opcode == Opcode::MulAdd && isConstant(b) && !(isConstant(a) && isConstant(c))) {
        return emit(Opcode::MulAddImmediate, lane, a, c, kNoId, constantOf(b));
      }
      if (opcode == Opcode::MulAdd && isConstant(a) && !(isConstant(b) && isConstant(c))) {
        return emit(Opcode::MulAddImmediate, lane, b, c, kNoId, constantOf(a));
      }
      return kNoId;
    case Opcode::MulSub:
      if (finite && (isZeroValue(a) || isZeroValue(b))) return emit(Opcode::Neg, lane, c);
      return kNoId;
    case Opcode::MulAddImmediate:
      if (finite && isZero(immediate)) return b;
      return is(1.0) ? emit(Opcode::Add, lane, a, b) : kNoId;
    case Opcode::Neg:
      return values[a].kind == Value::Kind::Instruction && values[a].opcode == Opcode::Neg ? values[a].a : kNoId;
    case Opcode::Where:
      if (b == c) return b;
      if (isConstant(a)) return constantOf(a) != 0 ? b : c;
      return kNoId;
    default: return kNoId;
  }
}

Id Builder::fold(const Value& value) {
  const auto opcode = static_cast<size_t>(value.opcode);
  const auto lane = static_cast<size_t>(value.lane);
  const auto number = [&](Id id) { return id == kNoId ? 0.0 : constantOf(id); };
  const auto compute = [&](Kernel kernel) -> double {
    if (value.lane == Lane::F32) {
      const float a = static_cast<float>(number(value.a)), b = static_cast<float>(number(value.b)),
                  c = static_cast<float>(number(value.c));
      float result = 0;
      kernel(&result, &a, &b, &c, 1, value.immediate);
      return result;
    }
    const double a = number(value.a), b = number(value.b), c = number(value.c);
    double result = 0;
    kernel(&result, &a, &b, &c, 1, value.immediate);
    return result;
  };
  const double result = compute(kernels().vector[opcode][lane]);
  const Kernel scalar = kernels().scalar[opcode][lane];
  if (value.loop == 0 || scalar == nullptr) return constant(value.lane, result);
  const double ofScalar = compute(scalar);
  if (loops[value.loop - 1].width == 0) return constant(value.lane, ofScalar);
  // The loop has both kinds of code.
  return bitsOf(result) == bitsOf(ofScalar) ? constant(value.lane, result) : add(value);
}

}  // namespace torch_func::compile
