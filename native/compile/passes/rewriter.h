#pragma once
// How a pass changes a graph.
//
// Note [Rewriting]
// A rewriter takes the nodes out of a graph. The pass walks over them, and puts each back (`keep`), or calls other
// operators and has their results take the place of the node's (`replace`). The replacement of a value has the same
// sizes and dtype and the same elements, but it may lie in memory in another way. The types of the nodes that use it
// are then inferred again, and `finish` copies where an output would have other strides than before, or would share its
// memory with another tensor than before.

#include <stdexcept>
#include <vector>

#include "compile/graph/graph.h"

namespace torch_func::compile {

// A pass throws it, with the reason, for a graph that it cannot do. The graph is then of no use any more.
class Refusal : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Rewriter {
 public:
  explicit Rewriter(Graph& graph);

  Graph& graph;
  // The nodes as they were.
  std::vector<Node> nodes;

  // What stands for a value of the graph as it was.
  ValueId operator[](ValueId old) const {
    return static_cast<size_t>(old) < replacements_.size() ? replacements_[old] : old;
  }
  void replace(ValueId old, ValueId by) { replacements_[old] = by; }

  // Appends one of the old nodes, with the replacements of its operands.
  void keep(Node node);

  // The value with these strides in memory of its own: a copy.
  ValueId copyWithStrides(ValueId value, Sizes strides);

  // Sets the outputs.
  void finish();

 private:
  struct Place {
    ValueId base;
    int64_t offset;
  };

  bool keepsTypes(const Node& node) const;
  bool isFresh(ValueId value) const;
  bool isMoved(ValueId old) const;
  void append(Node node);
  bool appendInferred(const Node& node);
  ValueId outputFor(ValueId old);

  std::vector<ValueId> replacements_;
  std::vector<Place> places_;  // of the old values
  // Of the memory of outputs: how many outputs an old base has, what the base has become, which new bases are taken.
  std::vector<int32_t> outputsOf_;
  std::vector<ValueId> storage_;
  std::vector<bool> isTaken_;
};

// Strides of a tensor of these sizes that is contiguous.
Sizes contiguousStrides(c10::IntArrayRef sizes);
// Whether tensors of both types lie in memory in the same way. The stride of a single element does not matter.
bool sameLayout(const TensorType& a, const TensorType& b);

}  // namespace torch_func::compile
