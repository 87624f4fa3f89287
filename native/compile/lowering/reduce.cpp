// Reductions over the elements of a sample.

#include "compile/lowering/reduce.h"

#include <cmath>
#include <limits>

namespace torch_func::compile {

using Kind = Loop::Kind;

bool isElementwiseReduction(Kind kind) {
  switch (kind) {
    case Kind::RunningSum:
    case Kind::RunningProduct:
    case Kind::Softmax:
    case Kind::LogSoftmax:
    case Kind::SoftmaxBackward:
    case Kind::LogSoftmaxBackward:
    case Kind::Cross: return true;
    default: return false;
  }
}

Id Reduction::fold(Opcode opcode, const std::vector<Id>& values, double empty) {
  if (values.empty()) return builder.constant(lane, empty);
  Id result = values[0];
  for (size_t i = 1; i < values.size(); ++i) result = emit(opcode, result, values[i]);
  return result;
}

// sum + a * b, where products with zeros that stand for "no dependence" fall away.
Id Reduction::multiplyAdd(Id a, Id b, Id sum) {
  if (finiteMath) {
    for (Id factor : {a, b}) {
      if (builder.isConstant(factor) && builder.constantOf(factor) == 0) return sum;
    }
  }
  if (builder.isConstant(a, 1)) return sum == kNoId ? b : emit(Opcode::Add, sum, b);
  if (builder.isConstant(b, 1)) return sum == kNoId ? a : emit(Opcode::Add, sum, a);
  return sum == kNoId ? emit(Opcode::Mul, a, b) : emit(Opcode::MulAdd, a, b, sum);
}

Id Reduction::products(const std::vector<Id>& a, const std::vector<Id>& b) {
  Id sum = kNoId;
  for (size_t i = 0; i < a.size(); ++i) sum = multiplyAdd(a[i], b[i], sum);
  return sum == kNoId ? builder.constant(lane, 0) : sum;
}

Id Reduction::norm(const std::vector<Id>& values) {
  std::vector<Id> terms;
  terms.reserve(values.size());
  for (Id value : values) terms.push_back(loop.value == 2 ? emit(Opcode::Mul, value, value) : emit(Opcode::Abs, value));
  if (loop.value == 2) return emit(Opcode::Sqrt, sum(terms));
  if (loop.value == 1) return sum(terms);
  return fold(loop.value > 0 ? Opcode::Maximum : Opcode::Minimum, terms, 0);
}

// Of the differences from the first element: equal elements have a variance of exactly 0, as in ATen's updating
// formula.
Id Reduction::variance(const std::vector<Id>& values) {
  const auto count = static_cast<double>(values.size());
  std::vector<Id> shifted(values.size());
  for (size_t i = 0; i < values.size(); ++i) shifted[i] = emit(Opcode::Sub, values[i], values[0]);
  const Id mean = with(Opcode::Div, sum(shifted), count);
  Id squares = kNoId;
  for (Id value : shifted) {
    const Id difference = emit(Opcode::Sub, value, mean);
    squares = squares == kNoId ? emit(Opcode::Mul, difference, difference)
                               : emit(Opcode::MulAdd, difference, difference, squares);
  }
  const Id result = with(Opcode::Div, squares, count - loop.value);
  return loop.other == 1 ? emit(Opcode::Sqrt, result) : result;
}

Id Reduction::combine(const std::vector<Id>& a, const std::vector<Id>& b, Id added) {
  const double infinity = std::numeric_limits<double>::infinity();
  switch (loop.kind) {
    case Kind::Sum: {
      const Id result = sum(a);
      return loop.value == 1 ? result : with(Opcode::Div, result, loop.value);
    }
    case Kind::Product: return fold(Opcode::Mul, a, 1);
    case Kind::Maximum: return fold(Opcode::Maximum, a, -infinity);
    case Kind::Minimum: return fold(Opcode::Minimum, a, infinity);
    case Kind::Norm: return norm(a);
    case Kind::Variance: return variance(a);
    default: {
      Id result = products(a, b);
      if (loop.value != 1) result = with(Opcode::Mul, result, loop.value);
      if (added == kNoId) return result;
      if (loop.other != 1) added = with(Opcode::Mul, added, loop.other);
      return emit(Opcode::Add, result, added);
    }
  }
}

void Reduction::along(std::vector<Id>& a, const std::vector<Id>& b) {
  switch (loop.kind) {
    case Kind::RunningSum:
    case Kind::RunningProduct:
      for (size_t i = 1; i < a.size(); ++i) {
        a[i] = emit(loop.kind == Kind::RunningSum ? Opcode::Add : Opcode::Mul, a[i - 1], a[i]);
      }
      return;
    case Kind::Softmax:
    case Kind::LogSoftmax: {
      const Id most = fold(Opcode::Maximum, a, 0);
      std::vector<Id> powers;
      powers.reserve(a.size());
      for (Id& value : a) {
        value = emit(Opcode::Sub, value, most);
        powers.push_back(emit(Opcode::Exp, value));
      }
      const Id total = sum(powers);
      const Id logarithm = loop.kind == Kind::LogSoftmax ? emit(Opcode::Log, total) : kNoId;
      for (size_t i = 0; i < a.size(); ++i) {
        a[i] = loop.kind == Kind::Softmax ? emit(Opcode::Div, powers[i], total) : emit(Opcode::Sub, a[i], logarithm);
      }
      return;
    }
    case Kind::SoftmaxBackward: {
      const Id total = products(a, b);
      for (size_t i = 0; i < a.size(); ++i) a[i] = emit(Opcode::Mul, emit(Opcode::Sub, a[i], total), b[i]);
      return;
    }
    case Kind::LogSoftmaxBackward: {
      const Id total = sum(a);
      for (size_t i = 0; i < a.size(); ++i) {
        a[i] = emit(Opcode::NegMulAdd, emit(Opcode::Exp, b[i]), total, a[i]);
      }
      return;
    }
    default: {
      const std::vector<Id> x = a;
      for (size_t i = 0; i < 3; ++i) {
        const size_t j = (i + 1) % 3, k = (i + 2) % 3;
        a[i] = emit(Opcode::Sub, emit(Opcode::Mul, x[j], b[k]), emit(Opcode::Mul, x[k], b[j]));
      }
    }
  }
}

}  // namespace torch_func::compile
