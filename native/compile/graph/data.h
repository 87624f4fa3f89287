#pragma once
// A graph as plain JavaScript data, for lib/fx/.

#include <napi.h>

#include "compile/graph/graph.h"
#include "core/environment.h"

namespace torch_func::compile {

// { values, nodes, inputs, outputs }; their types are GraphData and its parts in lib/native/exports.ts.
Napi::Value graphData(Environment& environment, const Graph& graph);

}  // namespace torch_func::compile
