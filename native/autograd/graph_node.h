#pragma once
// Nodes of the autograd graph for JavaScript: `Tensor.gradFn` and the nodes that it leads to.

#include <napi.h>
#include <torch/csrc/autograd/node.h>

#include "core/environment.h"

namespace torch_func {

// A node's name as PyTorch prints it, without the C++ namespace.
std::string nodeName(const torch::autograd::Node& node);

// The node of an External from nodeOf() or nodeEdges(). Throws a TypeError for any other value.
const c10::intrusive_ptr<torch::autograd::Node>& toNode(const Napi::Value& value);

}  // namespace torch_func
