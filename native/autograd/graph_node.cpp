// Exports that read the autograd graph: the node of a tensor, its name, its edges.

#include "autograd/graph_node.h"

#include <torch/csrc/autograd/functions/accumulate_grad.h>
#include <torch/csrc/autograd/graph_task.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/csrc/dynamo/compiled_autograd.h>

#include <memory>
#include <utility>

#include "addon/exports.h"
#include "autograd/callbacks.h"
#include "core/arguments.h"
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

// nodeSavedTensors(node): the tensors that the node saved for its backward, each once. libtorch has no other list of
// them than the arguments that a node gives to compiled autograd.
Napi::Value nodeSavedTensors(const Napi::CallbackInfo& info) {
  namespace dynamo = torch::dynamo::autograd;
  Environment& environment = Environment::of(info.Env());
  const NodePointer& node = toNode(info[0]);
  dynamo::AutogradCompilerCall compiler(dynamo::SizeInput::STATIC);
  if (dynamic_cast<torch::autograd::AccumulateGrad*>(node.get()) == nullptr) {
    dynamo::CompiledNodeArgs arguments(compiler, compiler.node_calls.lookup(node));
    node->compiled_args(arguments);
  }
  return Napi::Value(info.Env(), wrapTensorList(environment, compiler.tensor_args.inputs));
}

// nodeVariable(node): the leaf into whose `grad` the node accumulates; null for any other node.
Napi::Value nodeVariable(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  const auto* accumulate = dynamic_cast<torch::autograd::AccumulateGrad*>(toNode(info[0]).get());
  return Napi::Value(info.Env(), wrapTensor(environment, accumulate ? accumulate->variable : at::Tensor()));
}

// gradientEdge(tensor): [node, index], the place in the graph where the tensor's gradient arrives.
Napi::Value gradientEdge(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  auto edge = torch::autograd::impl::gradient_edge(toTensor(environment, info[0], "tensor"));
  auto result = Napi::Array::New(info.Env(), 2);
  result.Set(0u, Napi::Value(info.Env(), wrapNode(environment, edge.function)));
  result.Set(1u, static_cast<double>(edge.input_nr));
  return result;
}

// edgeMetadata(node, index): [shape, dtype, device] of the gradient that arrives there.
Napi::Value edgeMetadata(const Napi::CallbackInfo& info) {
  const NodePointer& node = toNode(info[0]);
  const int64_t index = integerParameter(info, 1, "edgeMetadata", "index");
  if (index < 0 || index >= static_cast<int64_t>(node->num_inputs())) {
    throwRuntimeError("the node " + node->name() + " receives " + std::to_string(node->num_inputs()) +
                      " gradients, not one of index " + std::to_string(index));
  }
  const torch::autograd::InputMetadata& metadata = node->input_metadata(index);
  if (metadata.is_cpp_nested_tensor()) throwRuntimeError("C++ NestedTensor are not supported with GradientEdge");
  auto shape = Napi::Array::New(info.Env());
  for (const int64_t size : C10_AS_INTARRAYREF_SLOW(metadata.shape_as_dim_vector())) {
    shape.Set(shape.Length(), static_cast<double>(size));
  }
  auto result = Napi::Array::New(info.Env(), 3);
  result.Set(0u, shape);
  result.Set(1u, dtypeName(c10::typeMetaToScalarType(metadata.dtype())));
  result.Set(2u, metadata.device().str());
  return result;
}

// graphTask(): the number of the engine's run in progress, -1 outside of one, and how many runs are in progress.
Napi::Value graphTask(const Napi::CallbackInfo& info) {
  auto result = Napi::Array::New(info.Env(), 2);
  result.Set(0u, torch::autograd::get_current_graph_task_id());
  result.Set(1u, engineDepth());
  return result;
}

// incrementVersion(tensor): counts a change in place that libtorch has not seen.
Napi::Value incrementVersion(const Napi::CallbackInfo& info) {
  const at::Tensor& tensor = toTensor(Environment::of(info.Env()), info[0], "tensor");
  if (tensor.is_inference()) throwRuntimeError("Inference tensors do not track version counter.");
  torch::autograd::impl::bump_version(tensor);
  return info.Env().Undefined();
}

// willExecute(node): whether the engine's run in progress executes the node; `_will_engine_execute_node`.
Napi::Value willExecute(const Napi::CallbackInfo& info) {
  const NodePointer& node = toNode(info[0]);
  const auto* nodes = torch::autograd::get_current_graph_task_nodes_in_graph();
  if (nodes == nullptr) throwRuntimeError("willExecute() can only be called during a run of the engine");
  bool executes = nodes->find(node.get()) != nodes->end();
  const auto& wanted = *torch::autograd::get_current_graph_task_exec_info();
  if (executes && !wanted.empty()) {
    const auto found = wanted.find(node.get());
    executes = found != wanted.end() && found->second.should_execute();
  }
  return Napi::Boolean::New(info.Env(), executes);
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
  define<nodeSavedTensors>(exports, "nodeSavedTensors");
  define<nodeVariable>(exports, "nodeVariable");
  define<gradientEdge>(exports, "gradientEdge");
  define<edgeMetadata>(exports, "edgeMetadata");
  define<graphTask>(exports, "graphTask");
  define<willExecute>(exports, "willExecute");
  define<incrementVersion>(exports, "incrementVersion");
}

}  // namespace torch_func
