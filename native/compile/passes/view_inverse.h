#pragma once
// What a write to a view does to the tensor that it is a view of.

#include "compile/graph/graph.h"

namespace torch_func::compile {

// The contents of the parent after its view, the result of `node`, has got new contents. Throws Refusal for a view
// without an inverse.
ValueId scatterView(Graph& graph, const Node& node, ValueId view, ValueId parent, ValueId parentNow, ValueId contents);

}  // namespace torch_func::compile
