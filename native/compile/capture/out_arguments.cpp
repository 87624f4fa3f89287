// Operators that write their results to tensors they are given, in a recording.

#include <ATen/core/dispatch/Dispatcher.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "compile/capture/recorder.h"
#include "compile/graph/replay.h"

namespace torch_func::compile {

// The operator that returns what an operator with `out` arguments writes, or nothing.
static std::optional<c10::OperatorHandle> withoutOut(const c10::OperatorHandle& op) {
  const auto& arguments = op.schema().arguments();
  const auto outs = std::count_if(arguments.begin(), arguments.end(),
                                  [](const c10::Argument& argument) { return argument.is_out(); });
  if (outs == 0) return std::nullopt;
  // "out", "Tensor_out", "values_stable", "inverse": the form without `out` is "", "Tensor", "stable", "".
  const std::string& overload = op.operator_name().overload_name;
  const auto underscore = overload.find('_');
  std::vector<std::string> names = {""};
  if (underscore != std::string::npos) names = {overload.substr(0, underscore), overload.substr(underscore + 1), ""};
  for (const std::string& name : names) {
    const auto functional = c10::Dispatcher::singleton().findSchema({op.operator_name().name, name});
    if (!functional || functional->schema().arguments().size() + outs != arguments.size()) continue;
    const auto& own = functional->schema().arguments();
    const auto isSame = [](const c10::Argument& a, const c10::Argument& b) { return a.name() == b.name(); };
    if (std::equal(own.begin(), own.end(), arguments.begin(), isSame)) return functional;
  }
  return std::nullopt;
}

// An operator with `out` gives an empty tensor, which the function made, the shape of a result. The node becomes the
// operator without `out`: empty tensors stand for its results from here on, and the others are written to.
bool Recorder::replaceOut(Node& node, c10::ArrayRef<c10::IValue> results) {
  const auto functional = withoutOut(node.op);
  if (!functional) return false;
  const size_t count = functional->schema().arguments().size();
  std::erase_if(node.tensors, [&](const TensorArgument& given) { return given.argument >= count; });
  node.arguments.resize(count);
  node.op = *functional;
  std::vector<at::Tensor> meta(graph_.values.size());
  for (const TensorArgument& given : node.tensors) meta[given.value] = metaOf(graph_.type(given.value));
  torch::jit::Stack expected;
  try {
    pushArguments(node, meta, expected);
    node.op.callBoxed(expected);
  } catch (const c10::Error&) {
    return false;  // it has no meta kernel
  }
  if (expected.size() != results.size()) return false;
  for (size_t i = 0; i < results.size(); ++i) {
    const at::Tensor& tensor = results[i].toTensor();
    const at::Tensor& type = expected[i].toTensor();
    const Value& before = graph_.values[idOf(tensor)];
    if (!hasChanged(tensor) && type.sizes() == tensor.sizes()) continue;
    const bool isFresh = before.kind == Value::Kind::Result && before.base == idOf(tensor) && before.type.numel() == 0;
    if (!isFresh || type.scalar_type() != tensor.scalar_type() || type.sizes() != tensor.sizes() ||
        type.strides() != tensor.strides()) {
      return false;
    }
  }
  std::vector<std::pair<ValueId, ValueId>> copies;  // into the first from the second
  const auto producer = static_cast<int32_t>(graph_.nodes.size());
  for (size_t i = 0; i < results.size(); ++i) {
    const at::Tensor& tensor = results[i].toTensor();
    if (hasChanged(tensor)) {
      storages_.erase(tensor.storage().unsafeGetStorageImpl());
      node.results.push_back(addResult(tensor, producer));
      continue;
    }
    const auto id = static_cast<ValueId>(graph_.values.size());
    Value value;
    value.type = typeOf(expected[i].toTensor());
    value.type.device = tensor.device();
    value.base = id;
    value.producer = producer;
    graph_.values.push_back(std::move(value));
    node.results.push_back(id);
    copies.emplace_back(idOf(tensor), id);
  }
  addNode(std::move(node));
  for (const auto& [target, source] : copies) {
    Node copy{c10::Dispatcher::singleton().findSchemaOrThrow("aten::copy_", ""),
              {{}, {}, false},
              {{0, -1, target}, {1, -1, source}},
              {target}};
    addNode(std::move(copy));
  }
  return true;
}

}  // namespace torch_func::compile
