// See Note [Chains].

#include "compile/lowering/chain.h"

#include <algorithm>

#include "compile/execute/plan.h"
#include "compile/lowering/groups.h"
#include "compile/lowering/matmul.h"
#include "compile/lowering/pointwise.h"

namespace torch_func::compile {

namespace {

constexpr int64_t kMinBatch = 32;
// Below, all intermediate results fit in the cache anyway.
constexpr int64_t kMinBytes = int64_t{1} << 20;
constexpr double kMinFlops = 4e6;

class Labels {
 public:
  Labels(const Graph& graph, const std::vector<bool>& isElementwise, int64_t batch)
      : graph_(graph), isElementwise_(isElementwise) {
    chain_.batch = batch;
    chain_.strides.resize(graph.values.size());
    chain_.contains.resize(graph.nodes.size());
  }

  // From a dimension of a base value; false if the labels contradict each other.
  bool spread(ValueId base, size_t dimension);
  Chain take() { return std::move(chain_); }

 private:
  int32_t dimensionOf(const Node& node, size_t operand, int32_t dimension) const;
  bool isCandidate(size_t index) const;
  bool visit(size_t index, bool mayLabel);
  bool label(ValueId view, const SampleDimension& samples);
  void keepConvex();

  const Graph& graph_;
  const std::vector<bool>& isElementwise_;
  Chain chain_;
  bool isChanged_ = false;
};

bool isProduct(const Node& node) { return node.is("aten::mm") || node.is("aten::bmm") || node.is("aten::mv"); }

// The dimension of the operand that a dimension of the result runs over, or -1.
int32_t Labels::dimensionOf(const Node& node, size_t operand, int32_t dimension) const {
  if (node.is("aten::mm")) return dimension == static_cast<int32_t>(operand) ? dimension : -1;
  if (node.is("aten::mv")) return operand == 0 ? 0 : -1;
  if (node.is("aten::bmm")) return dimension == 0 || dimension == static_cast<int32_t>(operand) + 1 ? dimension : -1;
  const auto rank = static_cast<int32_t>(graph_.type(node.results.front()).sizes.size());
  const auto own = static_cast<int32_t>(graph_.type(node.tensors[operand].value).sizes.size());
  return dimension + own - rank;
}

bool Labels::isCandidate(size_t index) const {
  const Node& node = graph_.nodes[index];
  if (isElementwise_[index]) return node.results.size() == 1 && (!node.tensors.empty() || isFill(node));
  return isProduct(node) && !graph_.isView(node.results.front());
}

bool Labels::label(ValueId view, const SampleDimension& samples) {
  const Value& value = graph_.values[view];
  int64_t& stride = chain_.strides[value.base];
  if (stride != 0) return chain_.samplesOf(graph_, view) == samples;
  const TensorType& base = graph_.type(value.base);
  if (!isDense(base) || base.numel() % chain_.batch != 0) return false;
  stride = value.type.strides[samples.dimension] * samples.after;
  if (stride > 0 && chain_.samplesOf(graph_, view) == samples && chain_.samplesOf(graph_, value.base)) {
    isChanged_ = true;
    return true;
  }
  stride = 0;
  return false;
}

// Whether the node is part of the chain. Labels its result and operands, if it may.
bool Labels::visit(size_t index, bool mayLabel) {
  const Node& node = graph_.nodes[index];
  const ValueId result = node.results.front();
  std::optional<SampleDimension> samples;
  if (chain_.strides[result] != 0) samples = chain_.samplesOf(graph_, result);
  const auto rank = static_cast<int32_t>(graph_.type(result).sizes.size());
  const size_t operands = isFill(node) ? 0 : node.tensors.size();
  for (size_t i = 0; i < operands; ++i) {
    const ValueId operand = node.tensors[i].value;
    if (chain_.strides[graph_.values[operand].base] == 0) continue;
    auto own = chain_.samplesOf(graph_, operand);
    if (!own) return false;
    int32_t found = -1;
    for (int32_t d = 0; d < rank; ++d) {
      if (dimensionOf(node, i, d) == own->dimension) found = d;
    }
    if (found < 0) return false;
    own->dimension = found;
    if (!samples) samples = own;
    if (*samples != *own) return false;
  }
  if (!samples) return false;
  for (size_t i = 0; i < operands; ++i) {
    const ValueId operand = node.tensors[i].value;
    const TensorType& type = graph_.type(operand);
    const int32_t own = dimensionOf(node, i, samples->dimension);
    const bool varies = own >= 0 && type.sizes[own] != 1 && type.strides[own] != 0;
    const bool isLabelled = chain_.strides[graph_.values[operand].base] != 0;
    if (varies == isLabelled) continue;
    if (isLabelled || !mayLabel || !label(operand, {own, samples->before, samples->after})) return false;
  }
  if (chain_.strides[result] != 0) return true;
  return mayLabel && label(result, *samples);
}

bool Labels::spread(ValueId base, size_t dimension) {
  if (!label(base, {static_cast<int32_t>(dimension), 1, 1})) return false;
  do {
    isChanged_ = false;
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      if (isCandidate(i)) visit(i, true);
    }
    for (size_t i = graph_.nodes.size(); isChanged_ && i-- > 0;) {
      if (isCandidate(i)) visit(i, true);
    }
  } while (isChanged_);
  for (size_t i = 0; i < graph_.nodes.size(); ++i) chain_.contains[i] = isCandidate(i) && visit(i, false);
  keepConvex();
  for (size_t i = 0; i < graph_.nodes.size(); ++i) {
    if (!chain_.contains[i] || !isProduct(graph_.nodes[i])) continue;
    const Node& node = graph_.nodes[i];
    const Sizes& sizes = graph_.type(node.tensor(0)).sizes;
    chain_.flops +=
        2.0 * static_cast<double>(graph_.type(node.results.front()).numel()) * static_cast<double>(sizes.back());
  }
  return true;
}

// Removes nodes until no node outside lies between two inside, and none reads merged samples from outside.
void Labels::keepConvex() {
  bool isStable = false;
  while (!isStable) {
    isStable = true;
    std::vector<bool> isAfter(graph_.nodes.size());
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      bool readsChain = false, readsAfter = false, readsMerged = false;
      for (const TensorArgument& given : graph_.nodes[i].tensors) {
        const ValueId base = graph_.values[given.value].base;
        const int32_t producer = graph_.values[base].producer;
        readsChain |= producer >= 0 && chain_.contains[producer];
        readsAfter |= producer >= 0 && isAfter[producer];
        if (!chain_.contains[i] || chain_.strides[base] == 0 || chain_.isInside(graph_, base)) continue;
        const auto samples = chain_.samplesOf(graph_, given.value);
        readsMerged |= !samples || samples->before != 1;
      }
      isAfter[i] = readsAfter || (readsChain && !chain_.contains[i]);
      if (!chain_.contains[i] || !(readsAfter || readsMerged)) continue;
      chain_.contains[i] = false;
      isAfter[i] = isAfter[i] || readsChain;
      isStable = false;
    }
  }
}

}  // namespace

bool Chain::isInside(const Graph& graph, ValueId base) const {
  const int32_t producer = graph.values[base].producer;
  return graph.values[base].kind == Value::Kind::Result && producer >= 0 && contains[producer];
}

std::optional<SampleDimension> Chain::samplesOf(const Graph& graph, ValueId view) const {
  const Value& value = graph.values[view];
  const int64_t stride = strides[value.base];
  if (stride == 0 || value.type.dtype != graph.type(value.base).dtype || value.offset < 0) return std::nullopt;
  if (value.offset / stride % batch != 0) return std::nullopt;
  std::optional<SampleDimension> found;
  int64_t inside = value.offset % stride;
  for (size_t d = 0; d < value.type.sizes.size(); ++d) {
    const int64_t size = value.type.sizes[d], step = value.type.strides[d];
    if (size == 1 || step == 0) continue;
    if (step % (batch * stride) == 0) continue;
    if (step < stride && (size - 1) * step < stride) {
      inside += (size - 1) * step;
      continue;
    }
    if (found || stride % step != 0) return std::nullopt;
    const int64_t after = stride / step;
    if (size % (batch * after) != 0) return std::nullopt;
    inside += (after - 1) * step;
    found = SampleDimension{static_cast<int32_t>(d), size / (batch * after), after};
  }
  return inside < stride ? found : std::nullopt;
}

Value Chain::shrink(const Graph& graph, ValueId view, int64_t count, bool isLocal) const {
  Value value = graph.values[view];
  const int64_t stride = strides[value.base];
  const auto samples = samplesOf(graph, view);
  if (!samples) throw std::logic_error("a view in a chain does not run over the samples");
  value.type.sizes[samples->dimension] = samples->before * count * samples->after;
  if (!isLocal) return value;
  const int64_t all = batch * stride;
  for (int64_t& step : value.type.strides) {
    if (step >= all) step = step / all * (count * stride);
  }
  value.offset = value.offset / all * (count * stride) + value.offset % all;
  return value;
}

std::optional<Chain> findChain(const Graph& graph) {
  std::vector<bool> isElementwise(graph.nodes.size());
  double flops = 0;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    isElementwise[i] = isPointwise(graph, node) && !graph.isView(node.results.front());
    if (const auto product = productOf(graph, node)) {
      flops += product->batch.product.flops() * static_cast<double>(product->batch.batches);
    }
  }
  if (flops < kMinFlops) return std::nullopt;
  std::optional<Chain> best;
  for (size_t id = 0; id < graph.values.size(); ++id) {
    const Value& value = graph.values[id];
    if (value.kind == Value::Kind::Result || value.kind == Value::Kind::Constant) continue;
    for (size_t d = 0; d < value.type.sizes.size(); ++d) {
      if (value.type.sizes[d] < kMinBatch) continue;
      Labels labels(graph, isElementwise, value.type.sizes[d]);
      if (!labels.spread(static_cast<ValueId>(id), d)) continue;
      Chain chain = labels.take();
      if (!best || chain.flops > best->flops) best = std::move(chain);
    }
    if (best && best->flops >= 0.99 * flops) break;
  }
  if (!best || best->flops < kMinFlops) return std::nullopt;
  int64_t bytes = 0;
  for (size_t id = 0; id < graph.values.size(); ++id) {
    const Value& value = graph.values[id];
    if (graph.isView(static_cast<ValueId>(id)) || !best->isInside(graph, static_cast<ValueId>(id))) continue;
    bytes += value.type.numel() * static_cast<int64_t>(c10::elementSize(value.type.dtype));
  }
  if (bytes < kMinBytes) return std::nullopt;
  return best;
}

}  // namespace torch_func::compile
