#pragma once
// Computes what does not depend on inputs once, when the graph is made. Results of more than a few elements stay
// operators: reading them would cost more than making them.

#include "compile/graph/graph.h"

namespace torch_func::compile {

void foldConstants(Graph& graph);

}  // namespace torch_func::compile
