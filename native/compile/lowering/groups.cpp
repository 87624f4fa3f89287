// See Note [Groups].

#include "compile/lowering/groups.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>

#include "compile/execute/plan.h"
#include "compile/lowering/pointwise.h"

namespace torch_func::compile {

// Larger groups would keep more values alive than fit in the cache.
static constexpr size_t kMaxNodes = 256;

bool isViewOnly(const Graph& graph, const Node& node) {
  if (node.results.empty()) return false;  // a check of values, for example
  return std::all_of(node.results.begin(), node.results.end(),
                     [&](ValueId result) { return result == kNoValue || graph.isView(result); });
}

bool isFill(const Node& node) {
  static constexpr std::array<std::string_view, 10> kNames = {
      "aten::full",      "aten::zeros",     "aten::ones",      "aten::scalar_tensor", "aten::zeros_like",
      "aten::ones_like", "aten::full_like", "aten::new_zeros", "aten::new_ones",      "aten::new_full"};
  return std::any_of(kNames.begin(), kNames.end(), [&](std::string_view name) { return node.is(name); });
}

Groups::Groups(const Graph& graph)
    : graph_(graph),
      isElementwise_(graph.nodes.size()),
      isFree_(graph.values.size()),
      isRepeated_(graph.values.size()),
      isStored_(graph.values.size()),
      orders_(graph.values.size()),
      layouts_(graph.values.size()),
      groupOf_(graph.values.size(), -1) {
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    isElementwise_[i] =
        isPointwise(graph, node) && std::all_of(node.results.begin(), node.results.end(), [&](ValueId result) {
          return result != kNoValue && !graph.isView(result) && isInjective(graph.type(result)) &&
                 graph.type(result).numel() > 0 && graph.type(result).sizes == graph.type(node.results.front()).sizes &&
                 graph.type(result).strides == graph.type(node.results.front()).strides;
        });
  }
  findFreeLayouts();
  findOrders();
  for (size_t i = 0; i < graph.nodes.size(); ++i) place(static_cast<int32_t>(i));
}

// Results with a free choice of their layout: one that elementwise operators alone read, whole.
void Groups::findFreeLayouts() {
  for (size_t i = 0; i < graph_.nodes.size(); ++i) {
    if (!isElementwise_[i] || graph_.nodes[i].results.size() != 1) continue;
    const ValueId result = graph_.nodes[i].results.front();
    isFree_[result] = true;
    isRepeated_[result] = isFill(graph_.nodes[i]);
  }
  for (size_t i = 0; i < graph_.nodes.size(); ++i) {
    const Node& node = graph_.nodes[i];
    if (isViewOnly(graph_, node) || (isElementwise_[i] && isRepeated_[node.results.front()])) continue;
    for (const TensorArgument& given : node.tensors) {
      if (!isElementwise_[i] || !dimensionsOf(given.value)) isFree_[graph_.values[given.value].base] = false;
    }
  }
  const auto fix = [&](ValueId value) {
    if (value == kNoValue) return;
    isFree_[graph_.values[value].base] = false;
    isStored_[graph_.values[value].base] = true;
  };
  for (ValueId output : graph_.outputs) fix(output);
  for (const Graph::WriteBack& write : graph_.writeBacks) fix(write.value);
  for (size_t id = 0; id < isRepeated_.size(); ++id) isRepeated_[id] = isRepeated_[id] && isFree_[id];
}

// The dimensions of a result, from the outermost to the innermost.
Groups::Order Groups::orderOf(ValueId result) const {
  if (!orders_[result].empty()) return orders_[result];
  const TensorType& type = graph_.type(result);
  Order order(type.sizes.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) { return type.strides[a] > type.strides[b]; });
  return order;
}

// Free results have the order of their last reader.
void Groups::findOrders() {
  for (size_t i = graph_.nodes.size(); i-- > 0;) {
    if (!isElementwise_[i]) continue;
    const Node& node = graph_.nodes[i];
    const ValueId result = node.results.front();
    const auto rank = static_cast<int32_t>(graph_.type(result).sizes.size());
    const Order reader = orderOf(result);
    for (const TensorArgument& given : node.tensors) {
      const ValueId base = graph_.values[given.value].base;
      if (!isFree_[base] || !orders_[base].empty()) continue;
      const auto dimensions = dimensionsOf(given.value);
      if (!dimensions) continue;
      Order order;
      for (int32_t d : reader) {
        const int32_t own = d + static_cast<int32_t>(dimensions->size()) - rank;
        if (own >= 0 && (*dimensions)[own] >= 0) order.push_back((*dimensions)[own]);
      }
      // Dimensions of one element.
      for (int32_t d : orderOf(base)) {
        if (std::find(order.begin(), order.end(), d) == order.end()) order.push_back(d);
      }
      orders_[base] = std::move(order);
    }
  }
}

// The dimensions of the base that those of the view run over, -1 where the view does not depend on the dimension.
// Nothing if the view is not the whole base, permuted or expanded.
std::optional<Groups::Order> Groups::dimensionsOf(ValueId id) const {
  const Value& view = graph_.values[id];
  const TensorType& base = graph_.type(view.base);
  if (view.offset != 0 || view.type.dtype != base.dtype) return std::nullopt;
  Order result(view.type.sizes.size(), -1);
  int64_t points = 1;
  for (size_t d = 0; d < result.size(); ++d) {
    if (view.type.sizes[d] == 1 || view.type.strides[d] == 0) continue;
    for (size_t k = 0; k < base.sizes.size(); ++k) {
      if (base.sizes[k] == view.type.sizes[d] && base.strides[k] == view.type.strides[d])
        result[d] = static_cast<int32_t>(k);
    }
    if (result[d] < 0 || std::find(result.begin(), result.begin() + d, result[d]) != result.begin() + d) {
      return std::nullopt;
    }
    points *= view.type.sizes[d];
  }
  // A diagonal has the elements of two dimensions in one, and a part has fewer.
  if (points != base.numel()) return std::nullopt;
  return result;
}

// Whether the operand depends on its dimension.
bool Groups::variesAt(ValueId operand, size_t dimension) const {
  const Value& value = graph_.values[operand];
  if (value.type.sizes[dimension] == 1 || value.type.strides[dimension] == 0) return false;
  if (isRepeated_[value.base]) return false;
  const Layout* layout = layoutOf(value.base);
  if (layout == nullptr) return true;
  const auto dimensions = dimensionsOf(operand);
  return !dimensions || layout->strides[(*dimensions)[dimension]] != 0;
}

Groups::Layout Groups::layOut(const Node& node) const {
  const ValueId result = node.results.front();
  const TensorType& type = graph_.type(result);
  const size_t rank = type.sizes.size();
  Layout layout;
  for (int32_t d : orderOf(result)) {
    bool varies = type.sizes[d] != 1;
    if (varies && isFree_[result]) {
      varies = std::any_of(node.tensors.begin(), node.tensors.end(), [&](const TensorArgument& given) {
        const size_t operandRank = graph_.type(given.value).sizes.size();
        return d + operandRank >= rank && variesAt(given.value, d + operandRank - rank);
      });
    }
    if (varies) layout.order.push_back(d);
  }
  layout.strides.assign(rank, 0);
  layout.elements = 1;
  for (size_t i = layout.order.size(); i-- > 0;) {
    layout.strides[layout.order[i]] = layout.elements;
    layout.elements *= type.sizes[layout.order[i]];
  }
  layout.isOwn = layout.elements != type.numel() ||
                 !std::is_sorted(layout.order.begin(), layout.order.end(),
                                 [&](int32_t a, int32_t b) { return type.strides[a] > type.strides[b]; });
  return layout;
}

Sizes Groups::stridesOf(ValueId operand, const Layout& reader, size_t rank) const {
  const Value& value = graph_.values[operand];
  const size_t operandRank = value.type.sizes.size();
  const Layout* layout = layoutOf(value.base);
  const auto dimensions = layout != nullptr && layout->isOwn ? dimensionsOf(operand) : std::nullopt;
  Sizes strides;
  for (int32_t d : reader.order) {
    const auto own = static_cast<int64_t>(d) + static_cast<int64_t>(operandRank) - static_cast<int64_t>(rank);
    if (own < 0 || value.type.sizes[own] == 1) {
      strides.push_back(0);
    } else if (dimensions) {
      strides.push_back((*dimensions)[own] < 0 ? 0 : layout->strides[(*dimensions)[own]]);
    } else {
      strides.push_back(value.type.strides[own]);
    }
  }
  return strides;
}

bool Groups::isRegister(ValueId operand, const Layout& reader, size_t rank) const {
  const Value& value = graph_.values[operand];
  const Layout* layout = layoutOf(value.base);
  if (layout == nullptr || value.offset != 0 || value.type.dtype != graph_.type(value.base).dtype) return false;
  if (layout->elements == 1) return reader.order.empty();
  Sizes written;
  for (int32_t d : layout->order) written.push_back(layout->strides[d]);
  if (stridesOf(operand, reader, rank) != written) return false;
  // The spaces must have the same sizes.
  const TensorType& type = graph_.type(value.base);
  for (size_t i = 0; i < reader.order.size(); ++i) {
    const auto own = static_cast<int64_t>(reader.order[i]) + static_cast<int64_t>(value.type.sizes.size()) -
                     static_cast<int64_t>(rank);
    if (own < 0 || value.type.sizes[own] != type.sizes[layout->order[i]]) return false;
  }
  return true;
}

void Groups::place(int32_t index) {
  const Node& node = graph_.nodes[index];
  if (isViewOnly(graph_, node)) return;
  if (!isElementwise_[index]) {
    for (const TensorArgument& given : node.tensors) isStored_[graph_.values[given.value].base] = true;
    for (ValueId result : node.results) {
      if (result != kNoValue) groupOf_[graph_.values[result].base] = static_cast<int32_t>(groups_.size());
    }
    groups_.push_back({false, {}, {index}});
    return;
  }
  const ValueId result = node.results.front();
  if (isRepeated_[result]) return;
  Layout layout = layOut(node);
  const TensorType& type = graph_.type(result);
  Sizes space;
  for (int32_t d : layout.order) space.push_back(type.sizes[d]);

  // The first group in which all operands are known, and the groups in which all are known or registers.
  int32_t known = 0, possible = 0;
  for (const TensorArgument& given : node.tensors) {
    const ValueId base = graph_.values[given.value].base;
    if (groupOf_[base] < 0) continue;
    const bool canJoin = isRegister(given.value, layout, type.sizes.size()) && groups_[groupOf_[base]].isElementwise;
    possible = std::max(possible, canJoin ? groupOf_[base] : groupOf_[base] + 1);
    known = std::max(known, groupOf_[base] + 1);
  }
  auto chosen = static_cast<int32_t>(groups_.size());
  for (int32_t g = chosen; g-- > possible;) {
    const Group& group = groups_[g];
    if (!group.isElementwise || group.space != space || group.nodes.size() >= kMaxNodes) continue;
    chosen = g;
    break;
  }
  if (chosen == static_cast<int32_t>(groups_.size())) groups_.push_back({true, space, {}});
  groups_[chosen].nodes.push_back(index);
  layout.group = chosen;
  for (const TensorArgument& given : node.tensors) {
    const ValueId base = graph_.values[given.value].base;
    if (groupOf_[base] != chosen) isStored_[base] = true;
  }
  for (ValueId id : node.results) {
    groupOf_[id] = chosen;
    layouts_[id] = layout;
    if (!layout.isOwn) layouts_[id]->strides = graph_.type(id).strides;
  }
}

}  // namespace torch_func::compile
