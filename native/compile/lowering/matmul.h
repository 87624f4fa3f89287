#pragma once
// Matrix products: which calls become BLAS calls on planned memory.

#include <memory>
#include <optional>
#include <string>

#include "compile/execute/product_step.h"
#include "compile/graph/graph.h"

namespace torch_func::compile {

// The products of a node, if BLAS takes its operands as they lie in memory.
struct NodeProduct {
  ProductBatch batch;
  ValueId a = kNoValue, b = kNoValue, c = kNoValue;
  std::string name;  // of the operator
};
std::optional<NodeProduct> productOf(const Graph& graph, const Node& node);

// Writes additions to products as operators of their own, which fuse with what follows, and outer products as
// multiplications.
void expandProducts(Graph& graph);

}  // namespace torch_func::compile
