// Exports that read the autograd graph: the node of a tensor, its name, its edges.

#include "autograd/graph_node.h"

#include <torch/csrc/autograd/variable.h>

#include <memory>
#include <utility>

#include "addon/exports.h"
#include "core/call_arguments.h"
#include "core/errors.h"
#include "core/tensor_handle.h"
#include "core/type_tags.h"

namespace torch_func {

namespace {

using NodePointer = c10::intrusive_ptr<torch::autograd::Node>;

napi_value wrapNode(Environment& environment, NodePointer node) {
  napi_value value;
  if (!node) {
    check(environment.env, napi_get_null(environment.env, &value));
    return value;
  }
  return wrapExternal(environment, std::make_unique<NodePointer>(std::move(node)), kGraphNodeTag);
}

// nodeOf(tensor): the node that computed the tensor; null for a leaf.
Napi::Value nodeOf(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  return Napi::Value(info.Env(), wrapNode(environment, toTensor(environment, info[0], "input").grad_fn()));
}

// nodeIdentity(node): a number that identifies the node while it lives.
Napi::Value nodeIdentity(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(reinterpret_cast<uintptr_t>(toNode(info[0]).get())));
}

Napi::Value nodeNameOf(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), toNode(info[0])->name());
}

// nodeEdges(node): [next node, index of the gradient in it] for each of the node's outputs; the next node is null where
// no gradient is needed.
Napi::Value nodeEdges(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  const auto& edges = toNode(info[0])->next_edges();
  auto result = Napi::Array::New(info.Env(), edges.size());
  for (size_t i = 0; i < edges.size(); ++i) {
    auto edge = Napi::Array::New(info.Env(), 2);
    edge.Set(0u, Napi::Value(info.Env(), wrapNode(environment, edges[i].function)));
    edge.Set(1u, static_cast<double>(edges[i].input_nr));
    result.Set(static_cast<uint32_t>(i), edge);
  }
  return result;
}

Napi::Value nodeSequence(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(toNode(info[0])->sequence_nr()));
}

}  // namespace

std::string nodeName(const torch::autograd::Node& node) {
  std::string name = node.name();
  const size_t colons = name.rfind("::");
  return colons == std::string::npos ? name : name.substr(colons + 2);
}

const NodePointer& toNode(const Napi::Value& value) {
  return toExternalData<NodePointer>(Environment::of(value.Env()), value, kGraphNodeTag, "node", "a node of the graph");
}

void defineGraphNodes(Napi::Object exports) {
  define<nodeOf>(exports, "nodeOf");
  define<nodeIdentity>(exports, "nodeIdentity");
  define<nodeNameOf>(exports, "nodeName");
  define<nodeEdges>(exports, "nodeEdges");
  define<nodeSequence>(exports, "nodeSequence");
}

}  // namespace torch_func
