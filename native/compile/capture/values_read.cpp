// What a recording does about values that are read: they are the same in every call, or they are expected again.

#include <ATen/Functions.h>

#include <algorithm>
#include <utility>

#include "compile/capture/recorder.h"
#include "core/recording.h"

namespace torch_func::compile {

void Recorder::expect(ValueId value, at::Tensor expected, std::string reason) {
  graph_.expectations.push_back({value, std::move(expected), std::move(reason)});
}

// A value that libtorch reads, to decide how to compute or what is an error. Says whether the graph can look at it.
bool Recorder::expectRead(const Node& node, const c10::IValue& result, std::string reason) {
  if (!mayExpect || ReadsInJavaScript::isActive()) return false;
  const auto& name = node.op.operator_name().name;
  if (name == "aten::_local_scalar_dense" || name == "aten::item") {
    // A copy: the function may write to the tensor later.
    const ValueId copy = graph_.call("aten::clone", "", {node.tensors[0].value, c10::IValue()});
    expect(copy,
           at::scalar_tensor(result.toScalar(), at::device(graph_.type(copy).device).dtype(graph_.type(copy).dtype)),
           std::move(reason));
    return true;
  }
  if (name != "aten::equal") return false;
  const auto [a, b] = std::pair{node.tensors[0].value, node.tensors[1].value};
  if (graph_.type(a).sizes != graph_.type(b).sizes) return true;
  const ValueId all = graph_.call("aten::all", "", {graph_.call("aten::eq", "Tensor", {a, b})});
  expect(all, at::scalar_tensor(result.toBool(), at::device(graph_.type(all).device).dtype(at::kBool)),
         std::move(reason));
  return true;
}

// Whether a call does more than compute its results: it cannot be given up halfway.
bool Recorder::changesSurroundings() const {
  return std::any_of(graph_.nodes.begin(), graph_.nodes.end(), [&](const Node& node) {
    if (isRandom(node.op)) return true;
    return std::any_of(node.tensors.begin(), node.tensors.end(), [&](const TensorArgument& given) {
      const auto* alias = node.op.schema().arguments()[given.argument].alias_info();
      return alias != nullptr && alias->isWrite() &&
             graph_.values[graph_.values[given.value].base].kind != Value::Kind::Result;
    });
  });
}

bool Recorder::dependsOnConstants(const Node& node) const {
  return std::all_of(node.tensors.begin(), node.tensors.end(),
                     [&](const TensorArgument& given) { return isFixed(given.value); });
}

bool Recorder::isFixed(ValueId value) const {
  const ValueId base = graph_.values[value].base;
  return graph_.values[base].kind == Value::Kind::Constant || fixed_.contains(base);
}

// Whether the values that the shape of the result depends on are the same in every call.
bool Recorder::hasFixedShape(const Node& node) const {
  const auto& name = node.op.operator_name().name;
  const bool isSelection = name == "aten::masked_select" || name == "aten::index" || name == "aten::_unsafe_index";
  return std::all_of(node.tensors.begin(), node.tensors.end(), [&](const TensorArgument& given) {
    return (isSelection && given.argument == 0) || isFixed(given.value);
  });
}

}  // namespace torch_func::compile
