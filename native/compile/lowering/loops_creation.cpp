// Loops of the operators that make tensors from nothing, and of plain copies.

#include <cmath>

#include "compile/lowering/loops.h"

namespace torch_func::compile {

namespace {

double inDtype(double value, c10::ScalarType dtype) {
  if (dtype == c10::kBool) return value != 0 ? 1 : 0;
  return c10::isIntegralType(dtype, false) ? std::trunc(value) : value;
}

bool fillAll(LoopWriter& writer, double value) {
  const Region to = writer.result();
  writer.fill(to, inDtype(value, writer.graph.type(writer.current->results[0]).dtype));
  return true;
}

bool zeros(LoopWriter& writer, const Node&) { return fillAll(writer, 0); }
bool ones(LoopWriter& writer, const Node&) { return fillAll(writer, 1); }

// A call whose number is the argument at this index.
template <size_t index>
bool full(LoopWriter& writer, const Node&) {
  const c10::IValue& value = writer.argument(index);
  if (!value.isScalar() || value.toScalar().isComplex()) return false;
  return fillAll(writer, value.toScalar().toDouble());
}

bool eye(LoopWriter& writer, const Node&) {
  const Region to = writer.result();
  writer.fill(to, 0);
  writer.fill(to.diagonal(0, 0, 1), 1);
  return true;
}

bool arange(LoopWriter& writer, const Node& node) {
  const size_t numbers = node.is("aten::arange") ? 1 : node.is("aten::arange.start") ? 2 : 3;
  const Region to = writer.result();
  if (to.numel() > 4096) return false;
  const double start = numbers > 1 ? writer.argument(0).toScalar().toDouble() : 0;
  const double step = numbers > 2 ? writer.argument(2).toScalar().toDouble() : 1;
  // Exact only for integers: eager execution computes float32 ranges in vectors.
  if (start != std::trunc(start) || step != std::trunc(step)) return false;
  for (int64_t i = 0; i < to.sizes[0]; ++i) writer.fill(to.select(0, i), start + static_cast<double>(i) * step);
  return true;
}

// Whether the conversion is that of lanes: into floating point, or into an integer type that holds all values.
bool isConversionOfLanes(c10::ScalarType from, c10::ScalarType to) {
  if (from == to || c10::isFloatingType(to)) return true;
  if (to == c10::kLong) return from == c10::kInt || from == c10::kBool;
  return to == c10::kInt && from == c10::kBool;
}

bool copyOperand(LoopWriter& writer, const Region& from, c10::ScalarType dtype) {
  const Region to = writer.result();
  if (!isConversionOfLanes(dtype, writer.graph.type(writer.current->results[0]).dtype)) return false;
  if (from.sizes == to.sizes) {
    writer.copy(to, from);
    return true;
  }
  Region reshaped;
  if (from.numel() == to.numel()) {
    if (!to.reshape(from.sizes, reshaped)) return false;
    writer.copy(reshaped, from);
    return true;
  }
  if (from.rank() > to.rank()) return false;
  writer.copy(to, from.expand(to.sizes));
  return true;
}

template <size_t index>
bool copyArgument(LoopWriter& writer, const Node&) {
  if (!writer.hasTensor(index)) return false;
  return copyOperand(writer, writer.operand(index), writer.type(index).dtype);
}

}  // namespace

c10::ArrayRef<NamedLoopRule> creationRules() {
  static const NamedLoopRule table[] = {
      {"aten::zeros", zeros},
      {"aten::zeros_like", zeros},
      {"aten::new_zeros", zeros},
      {"aten::zero", zeros},
      {"aten::_efficientzerotensor", zeros},
      // Their elements are not defined.
      {"aten::empty.memory_format", zeros},
      {"aten::empty_like", zeros},
      {"aten::empty_strided", zeros},
      {"aten::new_empty", zeros},
      {"aten::new_empty_strided", zeros},
      {"aten::ones", ones},
      {"aten::ones_like", ones},
      {"aten::new_ones", ones},
      {"aten::full", full<1>},
      {"aten::full_like", full<1>},
      {"aten::new_full", full<2>},
      {"aten::fill.Scalar", full<1>},
      {"aten::scalar_tensor", full<0>},
      {"aten::eye", eye},
      {"aten::eye.m", eye},
      {"aten::arange", arange},
      {"aten::arange.start", arange},
      {"aten::arange.start_step", arange},
      {"aten::fill.Tensor", copyArgument<1>},
      {"aten::copy", copyArgument<1>},
      {"aten::clone", copyArgument<0>},
      {"aten::_to_copy", copyArgument<0>},
      {"aten::contiguous", copyArgument<0>},
      {"aten::lift_fresh_copy", copyArgument<0>},
      {"aten::view", copyArgument<0>},
      {"aten::_unsafe_view", copyArgument<0>},
      {"aten::reshape", copyArgument<0>},
      {"aten::_reshape_copy", copyArgument<0>},
      {"aten::view_copy", copyArgument<0>},
      {"aten::alias_copy", copyArgument<0>},
      {"aten::expand_copy", copyArgument<0>},
  };
  return table;
}

}  // namespace torch_func::compile
