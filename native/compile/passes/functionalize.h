#pragma once
// Removes the writes from a recorded graph.
//
// Note [Functionalization]
// A tensor in memory is a view of a base. A write to a view makes a new version of the base: the functional form of the
// operator computes what the view contains after the write, and the inverse of each view between it and the base puts
// that into the whole. Values that are read afterwards are derived from the newest version, by repeating the views.
// The last version of an input is copied into it at the end (Graph::writeBacks). An output that is a view of an input
// stays one, and so sees what is copied.

#include "compile/graph/graph.h"

namespace torch_func::compile {

// Throws Refusal for writes that have no functional form.
void functionalize(Graph& graph);

}  // namespace torch_func::compile
