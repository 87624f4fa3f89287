#pragma once
// Short names for the calls that passes add to a graph.

#include "compile/graph/graph.h"

namespace torch_func::compile {

inline c10::IValue listOf(c10::IntArrayRef numbers) { return c10::IValue(numbers); }

// The value itself if it has the sizes, dtype or layout already.
ValueId reshaped(Graph& graph, ValueId value, c10::IntArrayRef sizes);
ValueId expanded(Graph& graph, ValueId value, c10::IntArrayRef sizes);
ValueId permuted(Graph& graph, ValueId value, c10::IntArrayRef order);
ValueId converted(Graph& graph, ValueId value, c10::ScalarType dtype);
ValueId contiguous(Graph& graph, ValueId value);

// A tensor of one number; sizes of 1 in all dimensions or of any size.
ValueId filled(Graph& graph, c10::IntArrayRef sizes, const c10::Scalar& number, const TensorType& like);

// A constant that promotes like a number in JavaScript.
ValueId numberConstant(Graph& graph, double number);

// A dimension as an operator takes it, from the back if it is negative.
inline int64_t dimensionOf(const c10::IValue& dimension, size_t rank) {
  const int64_t d = dimension.toInt();
  return d < 0 ? d + static_cast<int64_t>(rank) : d;
}

}  // namespace torch_func::compile
