// The hook of the tests of the machine: runs the operators of a function one by one through it.

#include <ATen/core/LegacyTypeDispatch.h>

#include <algorithm>
#include <chrono>

#include "compile/capture/record_call.h"
#include "compile/exports.h"
#include "compile/graph/replay.h"
#include "compile/lowering/pointwise.h"
#include "compile/machine/machine.h"
#include "core/errors.h"
#include "core/tensor_handle.h"

namespace torch_func {

namespace {

using namespace compile;

// Runs the nodes of a graph, those with a rule as programs of one node each.
class NodeRunner {
 public:
  NodeRunner(const Graph& graph, c10::ArrayRef<at::Tensor> inputs) : graph(graph), values(graph.values.size()) {
    for (size_t i = 0; i < inputs.size(); ++i) values[graph.inputs[i]] = inputs[i];
    for (size_t id = 0; id < values.size(); ++id) {
      if (graph.values[id].tensor.defined()) values[id] = graph.values[id].tensor;
    }
  }

  void run(int64_t repeats) {
    for (const Node& node : graph.nodes) {
      if (!runInMachine(node, repeats)) runOperator(node);
    }
  }

  std::vector<at::Tensor> outputs() const {
    std::vector<at::Tensor> result;
    for (ValueId id : graph.outputs) result.push_back(values[id]);
    return result;
  }

  std::vector<std::string> refused;
  double nanoseconds = 0;  // of the shortest run of the last program

 private:
  Operand operandOf(ValueId id, const Sizes& sizes) {
    const TensorType& type = graph.type(id);
    Operand operand;
    operand.buffer = static_cast<int32_t>(bases.size());
    operand.dtype = type.dtype;
    operand.lane = laneOf(type.dtype);
    operand.strides.resize(sizes.size(), 0);
    const size_t missing = sizes.size() - type.sizes.size();
    for (size_t d = missing; d < sizes.size(); ++d) {
      if (type.sizes[d - missing] == sizes[d]) operand.strides[d] = type.strides[d - missing];
    }
    bases.push_back(values[id].data_ptr());
    return operand;
  }

  bool runInMachine(const Node& node, int64_t repeats) {
    if (!isPointwise(graph, node)) return false;
    bases.clear();
    Builder builder;
    const Sizes& sizes = graph.type(node.results[0]).sizes;
    std::vector<Id> operands;
    for (const TensorArgument& given : node.tensors) operands.push_back(builder.load(operandOf(given.value, sizes)));
    const auto results = emitPointwise(builder, graph, node, operands, Points::all(sizes.size()));
    if (!results) return false;
    std::vector<Builder::Store> stores;
    for (size_t i = 0; i < node.results.size(); ++i) {
      const TensorType& type = graph.type(node.results[i]);
      values[node.results[i]] = at::empty_strided(type.sizes, type.strides, type.dtype);
      stores.push_back({(*results)[i], operandOf(node.results[i], sizes)});
    }
    const Program program = builder.finish(sizes, stores);
    runParallel(program, bases.data());
    nanoseconds = 1e12;
    for (int64_t i = 0; i < repeats; ++i) {
      const auto start = std::chrono::steady_clock::now();
      runParallel(program, bases.data());
      const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - start;
      nanoseconds = std::min(nanoseconds, time.count());
    }
    return true;
  }

  void runOperator(const Node& node) {
    const at::AutoDispatchBelowADInplaceOrView below;
    refused.push_back(node.name());
    torch::jit::Stack stack;
    pushArguments(node, values, stack);
    node.op.callBoxed(stack);
    for (size_t i = 0; i < node.results.size(); ++i) {
      if (stack[i].isTensor() && node.results[i] != kNoValue) values[node.results[i]] = stack[i].toTensor();
    }
  }

  const Graph& graph;
  std::vector<at::Tensor> values;
  std::vector<void*> bases;
};

// testMachine(function, inputs, repeats): records `function(inputs)`, and runs its operators through the machine; the
// time is that of the last one.
Napi::Value testMachine(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  const auto inputs = toTensorList(environment, info[1], "inputs");
  const Graph graph = recordCall(environment, "testMachine", info[0], inputs, info[1]);
  NodeRunner runner(graph, inputs);
  runner.run(info[2].ToNumber().Int64Value());
  auto result = Napi::Object::New(info.Env());
  result.Set("outputs", Napi::Value(environment.env, wrapTensorList(environment, runner.outputs())));
  auto refused = Napi::Array::New(info.Env());
  for (size_t i = 0; i < runner.refused.size(); ++i) refused.Set(static_cast<uint32_t>(i), runner.refused[i]);
  result.Set("refused", refused);
  result.Set("nodes", static_cast<double>(graph.nodes.size()));
  result.Set("nanoseconds", runner.nanoseconds);
  return result;
}

}  // namespace

void defineMachineTesting(Napi::Object exports) { define<testMachine>(exports, "testMachine"); }

}  // namespace torch_func
