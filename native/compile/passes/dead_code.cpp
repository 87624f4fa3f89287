// Removes nodes whose results nobody reads.

#include "compile/passes/dead_code.h"

#include <algorithm>
#include <utility>

namespace torch_func::compile {

namespace {

bool hasEffect(const Node& node) {
  return isRandom(node.op) || writesInPlace(node.op) || node.op.schema().returns().empty();
}

// Renumbers the values, without those that nothing uses. Inputs come first.
void compact(Graph& graph) {
  std::vector<bool> isUsed(graph.values.size());
  const auto use = [&](ValueId id) {
    if (id != kNoValue) isUsed[id] = true;
  };
  for (ValueId id : graph.inputs) use(id);
  for (ValueId id : graph.outputs) use(id);
  for (const Graph::WriteBack& write : graph.writeBacks) use(write.target), use(write.value);
  for (const Node& node : graph.nodes) {
    for (const TensorArgument& given : node.tensors) use(given.value);
    for (ValueId id : node.results) use(id);
  }
  for (size_t id = 0; id < isUsed.size(); ++id) {
    if (isUsed[id]) use(graph.values[id].base);
  }
  std::vector<ValueId> numbers(graph.values.size(), kNoValue);
  std::vector<Value> values;
  const auto number = [&](ValueId id) {
    if (id == kNoValue || !isUsed[id] || numbers[id] != kNoValue) return;
    numbers[id] = static_cast<ValueId>(values.size());
    values.push_back(std::move(graph.values[id]));
  };
  for (size_t id = 0; id < isUsed.size(); ++id) {
    if (graph.values[id].kind != Value::Kind::Result) number(static_cast<ValueId>(id));
  }
  for (const Node& node : graph.nodes) {
    for (ValueId id : node.results) number(id);
  }
  for (size_t id = 0; id < isUsed.size(); ++id) number(static_cast<ValueId>(id));
  const auto renumber = [&](ValueId& id) {
    if (id != kNoValue) id = numbers[id];
  };
  graph.values = std::move(values);
  std::erase_if(graph.closures, [&](ValueId id) { return !isUsed[id]; });
  for (auto* list : {&graph.inputs, &graph.closures, &graph.outputs})
    std::for_each(list->begin(), list->end(), renumber);
  for (Graph::WriteBack& write : graph.writeBacks) renumber(write.target), renumber(write.value);
  for (Value& value : graph.values) renumber(value.base);
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    for (TensorArgument& given : graph.nodes[i].tensors) renumber(given.value);
    for (ValueId& id : graph.nodes[i].results) {
      renumber(id);
      if (id != kNoValue && graph.values[id].kind == Value::Kind::Result) {
        graph.values[id].producer = static_cast<int32_t>(i);
      }
    }
  }
}

}  // namespace

void removeDeadCode(Graph& graph) {
  std::vector<bool> isNeeded(graph.values.size());
  const auto need = [&](ValueId id) {
    if (id != kNoValue) isNeeded[id] = isNeeded[graph.values[id].base] = true;
  };
  for (ValueId id : graph.outputs) need(id);
  for (const Graph::WriteBack& write : graph.writeBacks) need(write.value);
  std::vector<Node> live;
  for (size_t i = graph.nodes.size(); i-- > 0;) {
    Node& node = graph.nodes[i];
    const auto isLive = [&](ValueId id) { return id != kNoValue && isNeeded[id]; };
    if (!hasEffect(node) && std::none_of(node.results.begin(), node.results.end(), isLive)) continue;
    for (const TensorArgument& given : node.tensors) need(given.value);
    live.push_back(std::move(node));
  }
  std::reverse(live.begin(), live.end());
  graph.nodes = std::move(live);
  compact(graph);
}

}  // namespace torch_func::compile
