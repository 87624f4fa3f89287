#pragma once
// A call of an operator of the library: into planned buffers if it has a variant with out arguments.

#include <memory>

#include "compile/execute/plan_builder.h"

namespace torch_func::compile {

// `reason`: why the operator is not computed otherwise.
std::unique_ptr<Step> libraryStep(const Graph& graph, const Node& node, PlanBuilder& builder, std::string reason);

}  // namespace torch_func::compile
