#pragma once
// Nodes of the graph as JavaScript sees them: `Tensor.gradFn` and what it leads to.

#include <napi.h>
#include <torch/csrc/autograd/node.h>

#include "core/environment.h"

namespace torch_func {

// A node's name as PyTorch prints it, without the C++ namespace.
std::string nodeName(const torch::autograd::Node& node);

// The node behind an External that nodeOf() or nodeEdges() made.
const c10::intrusive_ptr<torch::autograd::Node>& toNode(const Napi::Value& value);

}  // namespace torch_func
