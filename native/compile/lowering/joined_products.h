#pragma once
// Matrix products with the same right operand as one.
//
// Note [Joined products]
// Derivatives multiply by the matrices of the function again: tangents by those of the values, for example. Where the
// left operands of such products are known at the same time, they lie below each other in one buffer, so that a single
// product computes all rows, and their results do too.

#include <optional>
#include <vector>

#include "compile/lowering/elementwise.h"
#include "compile/lowering/groups.h"
#include "compile/lowering/matmul.h"

namespace torch_func::compile {

// Moves products with the same right operand to the first of them, as far as their left operands do not depend on other
// products: then they can be joined, and the operators after them are one group.
void gatherProducts(Graph& graph);

class JoinedProducts {
 public:
  JoinedProducts(const Graph& graph, const Groups& groups);

  // Gives the operands and results of joined products their places.
  void place(ValueBuffers& buffers) const;
  // The product of a group, with all rows of those that are joined to it. Nothing for another operator.
  const std::optional<NodeProduct>& of(size_t group) const { return products_[group]; }
  // Whether the product of the group runs with an earlier one.
  bool isJoined(size_t group) const { return isJoined_[group]; }

 private:
  void findPlaceable(const Graph& graph, const Groups& groups);
  void join(const Graph& graph, size_t first);
  bool canStack(const Graph& graph, const NodeProduct& product) const;
  bool isWhole(const Graph& graph, ValueId value, int64_t rows, int64_t columns) const;

  std::vector<std::optional<NodeProduct>> products_;  // by group
  std::vector<bool> isJoined_;                        // by group
  std::vector<int32_t> groupOf_;                      // by base value; -1: of no group
  std::vector<bool> isPlaceable_;                     // by base value
  std::vector<std::vector<ValueId>> stacks_;          // bases that lie below each other
};

}  // namespace torch_func::compile
