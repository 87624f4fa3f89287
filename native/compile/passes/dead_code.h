#pragma once
// Removes the nodes and values that nothing needs. Random operators stay: the numbers that later ones draw depend on
// them.

#include "compile/graph/graph.h"

namespace torch_func::compile {

void removeDeadCode(Graph& graph);

}  // namespace torch_func::compile
