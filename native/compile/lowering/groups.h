#pragma once
// Partition of a graph into groups: of elementwise operators that one program computes, and single other operators.
//
// Note [Groups]
// The operators of a group have one iteration space: the sizes of their results without dimensions of size 1, in the
// order of the strides. Inside a group a value is a register; this takes that its reader reads, at each point, the
// element that the same point writes. Other readings go through memory, from a group that runs before.
// A result that only elementwise operators read may lie in memory in any way. Where it does not depend on some
// dimensions, since its operands are broadcast there, it is computed in the smaller space and stored without these
// dimensions. Its dimensions have the order in which its reader walks over them, so that both can be in one group.

#include <optional>
#include <vector>

#include "compile/graph/graph.h"

namespace torch_func::compile {

// Whether all results are readings of other values: then there is nothing to compute.
bool isViewOnly(const Graph& graph, const Node& node);
// Whether all elements of the result are the same number, whatever the operands are.
bool isFill(const Node& node);

struct Group {
  bool isElementwise = false;
  Sizes space;
  std::vector<int32_t> nodes;
};

class Groups {
 public:
  explicit Groups(const Graph& graph);

  // In an order in which they can run.
  const std::vector<Group>& all() const { return groups_; }

  // How a result of an elementwise operator lies in memory.
  struct Layout {
    bool isOwn = false;                  // not as its type says: in a buffer of `elements`
    c10::SmallVector<int32_t, 5> order;  // the dimensions of the space, as dimensions of the result
    Sizes strides;                       // for each dimension of the result, 0 where it does not depend on it
    int64_t elements = 0;
    int32_t group = -1;
  };
  // Null for other values.
  const Layout* layoutOf(ValueId base) const { return layouts_[base] ? &*layouts_[base] : nullptr; }

  // The strides over the space of `group` with which a node with this layout reads an operand, in its memory.
  Sizes stridesOf(ValueId operand, const Layout& reader, size_t rank) const;
  // Whether the operand is a register in the group of the reader.
  bool isRegister(ValueId operand, const Layout& reader, size_t rank) const;
  // Whether the operand has the same value at all points, and its node can be repeated wherever it is read.
  bool isRepeated(ValueId base) const { return isRepeated_[base]; }
  // Whether the result must be stored.
  bool isStored(ValueId base) const { return isStored_[base]; }

 private:
  using Order = c10::SmallVector<int32_t, 5>;
  void findFreeLayouts();
  void findOrders();
  Order orderOf(ValueId result) const;
  Layout layOut(const Node& node) const;
  void place(int32_t index);
  std::optional<Order> dimensionsOf(ValueId view) const;
  bool variesAt(ValueId operand, size_t dimension) const;

  const Graph& graph_;
  std::vector<Group> groups_;
  std::vector<bool> isElementwise_;                   // by node
  std::vector<bool> isFree_, isRepeated_, isStored_;  // by base value
  std::vector<Order> orders_;                         // of free results, by base value; empty: that of the strides
  std::vector<std::optional<Layout>> layouts_;        // by base value
  std::vector<int32_t> groupOf_;                      // by base value
};

}  // namespace torch_func::compile
