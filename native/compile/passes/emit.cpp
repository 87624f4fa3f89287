// Calls of operators that several passes make.

#include "compile/passes/emit.h"

#include <ATen/Functions.h>
#include <ATen/TensorUtils.h>

#include <algorithm>

namespace torch_func::compile {

ValueId contiguous(Graph& graph, ValueId value) {
  return graph.call("aten::clone", "", {value, c10::IValue(static_cast<int64_t>(c10::MemoryFormat::Contiguous))});
}

ValueId reshaped(Graph& graph, ValueId value, c10::IntArrayRef sizes) {
  const TensorType& type = graph.type(value);
  if (c10::IntArrayRef(type.sizes) == sizes) return value;
  if (!at::detail::computeStride(type.sizes, type.strides, sizes)) value = contiguous(graph, value);
  return graph.call("aten::view", "", {value, listOf(sizes)});
}

ValueId expanded(Graph& graph, ValueId value, c10::IntArrayRef sizes) {
  if (c10::IntArrayRef(graph.type(value).sizes) == sizes) return value;
  return graph.call("aten::expand", "", {value, listOf(sizes)});
}

ValueId permuted(Graph& graph, ValueId value, c10::IntArrayRef order) {
  if (std::is_sorted(order.begin(), order.end())) return value;
  return graph.call("aten::permute", "", {value, listOf(order)});
}

ValueId converted(Graph& graph, ValueId value, c10::ScalarType dtype) {
  if (graph.type(value).dtype == dtype) return value;
  return graph.call("aten::_to_copy", "", {value, c10::IValue(dtype)});
}

ValueId filled(Graph& graph, c10::IntArrayRef sizes, const c10::Scalar& number, const TensorType& like) {
  return graph.call(
      "aten::full", "",
      {listOf(sizes), c10::IValue(number), c10::IValue(like.dtype), c10::IValue(), c10::IValue(like.device)});
}

ValueId numberConstant(Graph& graph, double number) {
  at::Tensor tensor = at::scalar_tensor(number, at::kDouble);
  tensor.unsafeGetTensorImpl()->set_wrapped_number(true);
  return graph.addConstant(std::move(tensor));
}

}  // namespace torch_func::compile
