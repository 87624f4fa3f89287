#pragma once
// Computes with the elements of identities, diagonals and blocks that are not zero. See Note [Structure].
// 0 * x is then 0 where x is infinite or NaN, which eager execution makes NaN.

#include "compile/graph/graph.h"

namespace torch_func::compile {

void simplifyStructure(Graph& graph);

}  // namespace torch_func::compile
