// Replays a graph, and releases values after their last use.

#include "compile/graph/replay.h"

#include <ATen/core/LegacyTypeDispatch.h>

#include <algorithm>
#include <utility>

namespace torch_func::compile {

static std::vector<std::vector<ValueId>> lastUses(const Graph& graph, c10::ArrayRef<ValueId> written) {
  std::vector<std::vector<ValueId>> result(graph.nodes.size());
  std::vector<bool> isNeeded(graph.values.size());
  for (ValueId id : written) isNeeded[id] = true;
  for (ValueId id : graph.outputs) {
    if (id != kNoValue) isNeeded[id] = true;
  }
  for (const Graph::WriteBack& write : graph.writeBacks) isNeeded[write.value] = isNeeded[write.target] = true;
  for (size_t i = graph.nodes.size(); i-- > 0;) {
    const auto release = [&](ValueId id) {
      if (id == kNoValue || isNeeded[id]) return;
      isNeeded[id] = true;
      result[i].push_back(id);
    };
    for (const TensorArgument& given : graph.nodes[i].tensors) release(given.value);
    for (ValueId id : graph.nodes[i].results) release(id);
  }
  return result;
}

Replay::Replay(Graph graph) : graph_(std::move(graph)) {
  for (ValueId id : graph_.closures) closures_.push_back(graph_.values[id].tensor);
  for (const Node& node : graph_.nodes) {
    checksShape_.push_back(hasShapeOfValues(graph_, node));
    const auto& parameters = node.op.schema().arguments();
    for (const TensorArgument& given : node.tensors) {
      const auto* alias = parameters[given.argument].alias_info();
      if (alias == nullptr || !alias->isWrite()) continue;
      const ValueId base = graph_.values[given.value].base;
      if (graph_.values[base].kind != Value::Kind::Result) written_.push_back(base);
    }
  }
  lastUses_ = lastUses(graph_, written_);
}

void pushArguments(const Node& node, c10::ArrayRef<at::Tensor> values, torch::jit::Stack& stack) {
  size_t next = 0;
  for (size_t i = 0; i < node.arguments.size(); ++i) {
    const c10::IValue& constant = node.arguments[i];
    const bool isGiven = next < node.tensors.size() && node.tensors[next].argument == i;
    if (!isGiven) {
      stack.push_back(constant);
    } else if (node.tensors[next].element < 0) {
      stack.emplace_back(values[node.tensors[next++].value]);
    } else if (constant.isNone()) {
      c10::List<at::Tensor> list;
      for (; next < node.tensors.size() && node.tensors[next].argument == i; ++next) {
        list.push_back(values[node.tensors[next].value]);
      }
      stack.emplace_back(std::move(list));
    } else {
      auto list = constant.to<c10::List<std::optional<at::Tensor>>>().copy();
      for (; next < node.tensors.size() && node.tensors[next].argument == i; ++next) {
        list.set(node.tensors[next].element, values[node.tensors[next].value]);
      }
      stack.emplace_back(std::move(list));
    }
    // An empty list of tensors has no places.
    const bool isList = node.op.schema().arguments()[i].type()->kind() == c10::TypeKind::ListType;
    if (!isGiven && constant.isNone() && isList) stack.back() = c10::List<at::Tensor>();
  }
}

void Replay::run(c10::ArrayRef<at::Tensor> inputs, std::vector<at::Tensor>& outputs, const RunOptions& options) {
  const at::AutoDispatchBelowADInplaceOrView below;
  interpret(inputs, outputs, options, [](const Node& node, torch::jit::Stack& stack) { node.op.callBoxed(stack); });
}

// as_strided_scatter into a contiguous tensor, for which vmap has no rule.
static at::Tensor scatterStrided(const torch::jit::Stack& stack) {
  const at::Tensor self = stack[0].toTensor();
  const int64_t offset = stack[4].isNone() ? 0 : stack[4].toInt();
  const at::Tensor positions = at::arange(self.numel(), self.options().dtype(at::kLong))
                                   .as_strided(stack[2].toIntVector(), stack[3].toIntVector(), offset);
  return self.reshape(-1).scatter(0, positions.reshape(-1), stack[1].toTensor().reshape(-1)).reshape(self.sizes());
}

void Replay::runDifferentiably(c10::ArrayRef<at::Tensor> inputs, std::vector<at::Tensor>& outputs) {
  interpret(inputs, outputs, {}, [this](const Node& node, torch::jit::Stack& stack) {
    // A batched operand lies in memory in another way than the recorded one.
    if (node.is("aten::view") || node.is("aten::_unsafe_view")) {
      const at::Tensor result = stack[0].toTensor().reshape_symint(stack[1].toSymIntVector());
      stack = {result};
    } else if (node.is("aten::detach")) {
      stack = {stack[0].toTensor().alias()};
    } else if (node.is("aten::as_strided_scatter") && metaOf(graph_.type(node.tensor(0))).is_contiguous()) {
      const at::Tensor result = scatterStrided(stack);
      stack = {result};
    } else {
      node.op.callBoxed(stack);
    }
  });
}

template <typename Call>
void Replay::interpret(c10::ArrayRef<at::Tensor> inputs, std::vector<at::Tensor>& outputs, const RunOptions& options,
                       Call&& call) {
  std::vector<at::Tensor> values(graph_.values.size());
  for (size_t i = 0; i < inputs.size(); ++i) values[graph_.inputs[i]] = inputs[i];
  for (size_t id = 0; id < values.size(); ++id) {
    if (graph_.values[id].tensor.defined()) values[id] = graph_.values[id].tensor;
  }
  for (size_t i = 0; i < options.closures.size(); ++i) values[graph_.closures[i]] = options.closures[i];
  torch::jit::Stack stack;
  for (size_t i = 0; i < graph_.nodes.size(); ++i) {
    options.throwIfStopped();
    const Node& node = graph_.nodes[i];
    stack.clear();
    pushArguments(node, values, stack);
    call(node, stack);
    size_t next = 0;
    const auto store = [&](at::Tensor tensor) {
      const ValueId id = node.results[next++];
      if (checksShape_[i] && id != kNoValue && tensor.sizes() != graph_.type(id).sizes) throw UnexpectedValues();
      if (id != kNoValue) values[id] = std::move(tensor);
    };
    for (c10::IValue& result : stack) {
      if (result.isTensor()) {
        store(std::move(result).toTensor());
      } else if (result.isTensorList()) {
        for (const at::Tensor& tensor : result.toTensorVector()) store(tensor);
      }
    }
    for (ValueId id : lastUses_[i]) values[id] = at::Tensor();
  }
  for (const Graph::WriteBack& write : graph_.writeBacks) values[write.target].copy_(values[write.value]);
  // What an operator in place would do above the level on which these operators run.
  for (ValueId id : written_) values[id].unsafeGetTensorImpl()->bump_version();
  for (const Graph::WriteBack& write : graph_.writeBacks) values[write.target].unsafeGetTensorImpl()->bump_version();
  for (ValueId id : graph_.outputs) outputs.push_back(id == kNoValue ? at::Tensor() : values[id]);
}

std::vector<double> Replay::time(c10::ArrayRef<at::Tensor> inputs) {
  const at::AutoDispatchBelowADInplaceOrView below;
  std::vector<at::Tensor> outputs;
  std::vector<double> times;
  interpret(inputs, outputs, {}, [&](const Node& node, torch::jit::Stack& stack) {
    times.push_back(millisecondsOf([&] { node.op.callBoxed(stack); }));
  });
  return times;
}

std::vector<StepReport> Replay::report() const {
  std::vector<StepReport> reports;
  for (const Node& node : graph_.nodes) {
    reports.push_back({"replay", "call of " + node.name(), "", {node.name()}, workOf(graph_, node), {}});
  }
  return reports;
}

}  // namespace torch_func::compile
