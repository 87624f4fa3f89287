// See Note [Joined products].

#include "compile/lowering/joined_products.h"

#include <algorithm>
#include <utility>

#include "compile/execute/plan.h"
#include "compile/lowering/pointwise.h"

namespace torch_func::compile {

namespace {

// Operators that are moved for one product: their results live longer than before.
constexpr int kMostMoved = 32;

class Gathering {
 public:
  explicit Gathering(Graph& graph)
      : graph_(graph),
        nodes_(std::exchange(graph.nodes, {})),
        isDone_(nodes_.size()),
        producers_(graph.values.size(), -1) {
    for (size_t i = 0; i < nodes_.size(); ++i) {
      for (ValueId result : nodes_[i].results) {
        if (result != kNoValue) producers_[result] = static_cast<int32_t>(i);
      }
    }
  }

  void run() {
    for (size_t i = 0; i < nodes_.size(); ++i) {
      if (isDone_[i]) continue;
      std::vector<size_t> joined;
      if (nodes_[i].is("aten::mm")) joined = gather(i);
      append(i);
      for (size_t product : joined) append(product);
    }
  }

 private:
  bool isSame(ValueId a, ValueId b) const {
    const Value &x = graph_.values[a], &y = graph_.values[b];
    return x.base == y.base && x.offset == y.offset && x.type.sizes == y.type.sizes && x.type.strides == y.type.strides;
  }

  // The later products with the right operand of this one. Appends what their left operands need.
  std::vector<size_t> gather(size_t product) {
    std::vector<size_t> joined;
    for (size_t i = product + 1; i < nodes_.size(); ++i) {
      if (isDone_[i] || !nodes_[i].is("aten::mm") || !isSame(nodes_[i].tensor(1), nodes_[product].tensor(1))) continue;
      std::vector<size_t> needed;
      int budget = kMostMoved;
      if (!canMove(nodes_[i], needed, budget)) continue;
      for (size_t index : needed) append(index);
      joined.push_back(i);
    }
    return joined;
  }

  // Whether the operands are known, or follow from what is known by views and elementwise operators: `needed`, in
  // order.
  bool canMove(const Node& node, std::vector<size_t>& needed, int& budget) const {
    for (const TensorArgument& given : node.tensors) {
      const int32_t producer = producers_[given.value];
      if (producer < 0 || isDone_[producer]) continue;
      if (std::find(needed.begin(), needed.end(), static_cast<size_t>(producer)) != needed.end()) continue;
      const Node& operand = nodes_[producer];
      if (--budget < 0) return false;
      if (!isViewOnly(graph_, operand) && !isPointwise(graph_, operand)) return false;
      if (!canMove(operand, needed, budget)) return false;
      needed.push_back(static_cast<size_t>(producer));
    }
    return true;
  }

  void append(size_t index) {
    isDone_[index] = true;
    for (ValueId result : nodes_[index].results) {
      if (result != kNoValue) graph_.values[result].producer = static_cast<int32_t>(graph_.nodes.size());
    }
    graph_.nodes.push_back(std::move(nodes_[index]));
  }

  Graph& graph_;
  std::vector<Node> nodes_;
  std::vector<bool> isDone_;
  std::vector<int32_t> producers_;  // by value
};

}  // namespace

void gatherProducts(Graph& graph) { Gathering(graph).run(); }

JoinedProducts::JoinedProducts(const Graph& graph, const Groups& groups)
    : products_(groups.all().size()),
      isJoined_(groups.all().size()),
      groupOf_(graph.values.size(), -1),
      isPlaceable_(graph.values.size()) {
  for (size_t g = 0; g < groups.all().size(); ++g) {
    const Group& group = groups.all()[g];
    if (!group.isElementwise) products_[g] = productOf(graph, graph.nodes[group.nodes.front()]);
  }
  findPlaceable(graph, groups);
  for (size_t g = 0; g < products_.size(); ++g) {
    if (products_[g] && !isJoined_[g]) join(graph, g);
  }
}

// Results that only elementwise operators and products know, and nothing outside of the graph.
void JoinedProducts::findPlaceable(const Graph& graph, const Groups& groups) {
  for (size_t g = 0; g < products_.size(); ++g) {
    for (int32_t index : groups.all()[g].nodes) {
      for (ValueId result : graph.nodes[index].results) {
        if (result == kNoValue) continue;
        groupOf_[result] = static_cast<int32_t>(g);
        isPlaceable_[result] = true;
      }
    }
  }
  const auto fix = [&](ValueId value) {
    if (value != kNoValue) isPlaceable_[graph.values[value].base] = false;
  };
  for (size_t g = 0; g < products_.size(); ++g) {
    if (groups.all()[g].isElementwise || products_[g]) continue;
    for (int32_t index : groups.all()[g].nodes) {
      for (ValueId result : graph.nodes[index].results) fix(result);
      for (const TensorArgument& given : graph.nodes[index].tensors) fix(given.value);
    }
  }
  for (ValueId output : graph.outputs) fix(output);
  for (const Graph::WriteBack& write : graph.writeBacks) fix(write.value), fix(write.target);
}

// Whether the value is a matrix that fills its memory, row by row.
bool JoinedProducts::isWhole(const Graph& graph, ValueId value, int64_t rows, int64_t columns) const {
  const Value& matrix = graph.values[value];
  const TensorType& base = graph.type(matrix.base);
  return matrix.offset == 0 && isPlaceable_[matrix.base] && isDense(base) && base.numel() == rows * columns;
}

bool JoinedProducts::canStack(const Graph& graph, const NodeProduct& product) const {
  const MatrixProduct& p = product.batch.product;
  return product.batch.batches == 1 && p.aRow == p.k && p.aColumn == 1 && p.cRow == p.n && p.cColumn == 1 &&
         isWhole(graph, product.a, p.m, p.k) && isWhole(graph, product.c, p.m, p.n);
}

// Joins the products to that of the group whose operands are known before it.
void JoinedProducts::join(const Graph& graph, size_t first) {
  NodeProduct& product = *products_[first];
  if (!canStack(graph, product)) return;
  const auto baseOf = [&](ValueId value) { return graph.values[value].base; };
  const auto hasSameRight = [&](const NodeProduct& other) {
    const MatrixProduct &p = product.batch.product, &q = other.batch.product;
    return baseOf(other.b) == baseOf(product.b) && graph.values[other.b].offset == graph.values[product.b].offset &&
           p.k == q.k && p.n == q.n && p.bRow == q.bRow && p.bColumn == q.bColumn;
  };
  std::vector<ValueId> operands = {baseOf(product.a)}, results = {baseOf(product.c)};
  int64_t rows = product.batch.product.m;
  for (size_t g = first + 1; g < products_.size(); ++g) {
    const auto& other = products_[g];
    if (!other || isJoined_[g] || !hasSameRight(*other) || !canStack(graph, *other)) continue;
    const ValueId operand = baseOf(other->a);
    if (groupOf_[operand] >= static_cast<int32_t>(first)) continue;
    if (std::find(operands.begin(), operands.end(), operand) != operands.end()) continue;
    operands.push_back(operand);
    results.push_back(baseOf(other->c));
    rows += other->batch.product.m;
    isJoined_[g] = true;
  }
  if (operands.size() == 1) return;
  product.batch.product.m = rows;
  for (auto* stack : {&operands, &results}) {
    for (ValueId base : *stack) isPlaceable_[base] = false;
    stacks_.push_back(std::move(*stack));
  }
}

void JoinedProducts::place(ValueBuffers& buffers) const {
  for (const std::vector<ValueId>& stack : stacks_) buffers.stack(stack);
}

}  // namespace torch_func::compile
