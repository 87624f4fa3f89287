#pragma once
// What the rules of the structure pass work with.

#include <optional>
#include <vector>

#include "compile/passes/rewriter.h"
#include "compile/passes/structure/pattern.h"

namespace torch_func::compile {

// Disjoint patterns, whose sum the tensor is; none for zeros.
using Terms = std::vector<Pattern>;

class Symbols {
 public:
  explicit Symbols(Graph& graph) : rewriter(graph), graph(graph), terms_(graph.values.size()) {}

  Rewriter rewriter;
  Graph& graph;

  // Whether more is known of a value than that it is a tensor.
  bool isKnown(ValueId old) const { return terms_[old].has_value(); }
  bool isZero(ValueId old) const { return terms_[old] && terms_[old]->empty(); }
  // The number that all elements are equal to.
  std::optional<c10::Scalar> numberOf(ValueId old) const;
  Terms of(ValueId old);

  // Gives a value its terms, or, if they say nothing, its tensor. False if they are of another dtype.
  bool set(ValueId old, Terms terms);
  // Makes the rewriter's replacement the tensor.
  ValueId tensor(ValueId old);

 private:
  std::vector<std::optional<Terms>> terms_;
};

// Adds up terms in the same place; nullopt if terms overlap.
std::optional<Terms> combined(Graph& graph, Terms terms);

// The rules: true if they have given the results of the node their terms.
bool makeStructure(Symbols& symbols, const Node& node);    // rules_sources.cpp: zeros, eye, select_backward
bool viewStructure(Symbols& symbols, const Node& node);    // rules_views.cpp
bool mapStructure(Symbols& symbols, const Node& node);     // rules_pointwise.cpp
bool reduceStructure(Symbols& symbols, const Node& node);  // rules_products.cpp: sums and products of matrices

// A call of the node's operator on other operands. Returns the first result.
ValueId callAgain(Graph& graph, const Node& node, c10::ArrayRef<ValueId> operands);

}  // namespace torch_func::compile
