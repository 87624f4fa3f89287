#pragma once
// Composite operators as sums, products and elementwise operators, which the back end fuses with what surrounds them.
// Results agree with those of the composite operators to rounding.

#include "compile/graph/graph.h"

namespace torch_func::compile {

void decompose(Graph& graph);

}  // namespace torch_func::compile
