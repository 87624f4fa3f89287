#pragma once
// Computes once what several nodes compute from the same operands. Needs a graph without writes.

#include "compile/graph/graph.h"

namespace torch_func::compile {

void shareCommonSubexpressions(Graph& graph);

}  // namespace torch_func::compile
