#pragma once
// From a chain to a step that runs it for a few samples at a time.

#include <memory>

#include "compile/execute/plan_builder.h"
#include "compile/lowering/chain.h"

namespace torch_func::compile {

// The nodes for which `keep` holds, as a graph with the same values. Values that other nodes read are outputs too.
Graph partOf(const Graph& graph, const std::vector<bool>& keep);

// Null if there is a node in the chain that chunks cannot run.
std::unique_ptr<Step> chainStep(const Graph& graph, const Chain& chain, PlanBuilder& builder);

}  // namespace torch_func::compile
