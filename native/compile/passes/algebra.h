#pragma once
// Identities that hold for every number, NaN, infinities and signed zeros among them; copies that nobody writes to; and
// views of views.

#include "compile/graph/graph.h"

namespace torch_func::compile {

void simplifyAlgebra(Graph& graph);

}  // namespace torch_func::compile
