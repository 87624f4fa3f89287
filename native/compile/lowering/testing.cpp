// The hook of the tests of scalarized programs.

#include <algorithm>
#include <chrono>
#include <numeric>

#include "compile/capture/record_call.h"
#include "compile/exports.h"
#include "compile/lowering/scalarize.h"
#include "compile/machine/machine.h"
#include "compile/passes/pipeline.h"
#include "core/arguments.h"
#include "core/errors.h"
#include "core/tensor_handle.h"

namespace torch_func {

namespace {

using namespace compile;

double secondsOf(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Memory for all bases of the programs, and the outputs as views of it.
struct Memory {
  Memory(const Graph& graph, const Scalarized& scalarized, const std::vector<at::Tensor>& inputs) : graph(graph) {
    bases.resize(graph.values.size());
    addresses.resize(graph.values.size());
    for (size_t i = 0; i < inputs.size(); ++i) bases[graph.inputs[i]] = inputs[i];
    for (size_t i = 0; i < graph.values.size(); ++i) {
      if (graph.values[i].tensor.defined()) bases[i] = graph.values[i].tensor;
    }
    for (const auto& made : {scalarized.stored, scalarized.temporaries}) {
      for (ValueId base : made) {
        const TensorType& type = graph.type(base);
        bases[base] = at::empty_strided(type.sizes, type.strides, type.dtype);
      }
    }
    for (size_t i = 0; i < bases.size(); ++i) {
      if (bases[i].defined()) addresses[i] = bases[i].data_ptr();
    }
  }

  std::vector<at::Tensor> outputs() const {
    std::vector<at::Tensor> result;
    for (ValueId id : graph.outputs) {
      const Value& value = graph.values[id];
      const at::Tensor& base = bases[value.base];
      result.push_back(base.as_strided(value.type.sizes, value.type.strides, base.storage_offset() + value.offset));
    }
    return result;
  }

  const Graph& graph;
  std::vector<at::Tensor> bases;
  std::vector<void*> addresses;
};

// testScalarize(function, inputs, runs, repeats, finiteMath): records `function(inputs)`, applies the passes, and runs
// the scalarized programs on other inputs, `repeats` times on the first ones to measure their time.
Napi::Value testScalarize(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  if (!info[2].IsArray()) throwTypeError("testScalarize(): the list of runs must be an array");
  const auto inputs = toTensorList(environment, info[1], "inputs");
  Graph graph = recordCall(environment, "testScalarize", info[0], inputs, info[1]);
  auto result = Napi::Object::New(info.Env());
  result.Set("recorded", static_cast<double>(graph.nodes.size()));
  std::string reason;
  result.Set("passes", 1e3 * secondsOf([&] { reason = runPasses(graph, {.strictZeros = !info[4].ToBoolean()}); }));
  result.Set("reason", reason);
  result.Set("nodes", static_cast<double>(graph.nodes.size()));
  result.Set("graph", graph.print());
  if (!reason.empty()) return result;
  std::optional<Scalarized> scalarized;
  const ScalarizeOptions options{.finiteMath = info[4].ToBoolean()};
  result.Set("milliseconds", 1e3 * secondsOf([&] { scalarized = scalarize(graph, reason, options); }));
  result.Set("reason", reason);
  if (!scalarized) return result;
  result.Set("lanes", static_cast<double>(scalarized->lanes));
  result.Set("instructions", static_cast<double>(scalarized->program.instructions.size()));
  result.Set("uniformInstructions", static_cast<double>(scalarized->uniform.instructions.size()));
  result.Set("isForAnyLanes", scalarized->isForAnyLanes);
  const auto runOnce = [&](const Memory& memory) {
    run(scalarized->uniform, memory.addresses.data(), 0, scalarized->uniform.points);
    run(scalarized->program, memory.addresses.data(), 0, scalarized->program.points);
  };
  auto runs = Napi::Array::New(info.Env());
  const auto given = info[2].As<Napi::Array>();
  for (uint32_t i = 0; i < given.Length(); ++i) {
    Memory memory(graph, *scalarized, toTensorList(environment, given.Get(i), "runs"));
    runOnce(memory);
    runs.Set(i, Napi::Value(environment.env, wrapTensorList(environment, memory.outputs())));
  }
  result.Set("runs", runs);
  Memory memory(graph, *scalarized, inputs);
  double best = 1e9;
  for (int64_t i = 0; i < info[3].As<Napi::Number>().Int64Value(); ++i) {
    best = std::min(best, secondsOf([&] { runOnce(memory); }));
  }
  result.Set("microseconds", 1e6 * best);
  return result;
}

}  // namespace

void defineLoweringTesting(Napi::Object exports) { define<testScalarize>(exports, "testScalarize"); }

}  // namespace torch_func
