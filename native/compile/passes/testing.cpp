// The hook of the tests of passes.

#include <algorithm>

#include "compile/capture/record_call.h"
#include "compile/exports.h"
#include "compile/graph/replay.h"
#include "compile/passes/pipeline.h"
#include "core/arguments.h"
#include "core/errors.h"
#include "core/tensor_handle.h"

namespace torch_func {

namespace {

using namespace compile;

// Results of a replay, what the inputs are afterwards, and for each of these tensors the first that has its memory.
Napi::Object replayed(Environment& environment, Replay& replay, const std::vector<at::Tensor>& inputs) {
  at::Generator generator = at::globalContext().defaultGenerator(c10::kCPU);
  generator.set_current_seed(7);
  std::vector<at::Tensor> given, outputs;
  for (const at::Tensor& input : inputs) given.push_back(input.clone());
  replay.run(given, outputs);
  auto result = Napi::Object::New(environment.env);
  result.Set("outputs", Napi::Value(environment.env, wrapTensorList(environment, outputs)));
  result.Set("inputs", Napi::Value(environment.env, wrapTensorList(environment, given)));
  outputs.insert(outputs.end(), given.begin(), given.end());
  auto memory = Napi::Array::New(environment.env);
  for (const at::Tensor& tensor : outputs) {
    const auto first = std::find_if(outputs.begin(), outputs.end(), [&](const at::Tensor& other) {
      return tensor.defined() && other.defined() && other.storage().is_alias_of(tensor.storage());
    });
    memory.Set(memory.Length(), static_cast<double>(first - outputs.begin()));
  }
  result.Set("memory", memory);
  return result;
}

// testPasses(function, inputs, runs, passes, strictZeros): records `function(inputs)`, applies the passes with these
// names (all, if none is given), and replays the graph before and after on other inputs.
Napi::Value testPasses(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  if (!info[2].IsArray() || !info[3].IsArray())
    throwTypeError("testPasses(): the lists of runs and passes must be arrays");
  const auto inputs = toTensorList(environment, info[1], "inputs");
  Graph graph = recordCall(environment, "testPasses", info[0], inputs, info[1]);
  graph.check();
  auto result = Napi::Object::New(info.Env());
  result.Set("before", graph.print());
  Replay before(graph);
  const auto names = info[3].As<Napi::Array>();
  const PassOptions options{.strictZeros = info[4].ToBoolean()};
  std::string reason;
  std::vector<PassReport> reports;
  if (names.Length() == 0) {
    reason = runPasses(graph, options, &reports);
  } else {
    for (uint32_t i = 0; i < names.Length() && reason.empty(); ++i) {
      const std::string name = names.Get(i).As<Napi::String>();
      const auto pass =
          std::find_if(passes().begin(), passes().end(), [&](const Pass& entry) { return entry.name == name; });
      if (pass == passes().end()) throwValueError("there is no pass " + name);
      try {
        pass->run(graph, options);
      } catch (const std::exception& error) {
        reason = error.what();
      }
    }
  }
  auto parts = Napi::Array::New(info.Env());
  for (const PassReport& report : reports) {
    auto part = Napi::Object::New(info.Env());
    part.Set("name", report.name);
    part.Set("before", static_cast<double>(report.before));
    part.Set("after", static_cast<double>(report.after));
    part.Set("milliseconds", report.milliseconds);
    parts.Set(parts.Length(), part);
  }
  result.Set("reports", parts);
  result.Set("reason", reason);
  if (!reason.empty()) return result;
  graph.check();
  result.Set("after", graph.print());
  Replay after(std::move(graph));
  auto runs = Napi::Array::New(info.Env());
  const auto given = info[2].As<Napi::Array>();
  for (uint32_t i = 0; i < given.Length(); ++i) {
    const auto tensors = toTensorList(environment, given.Get(i), "runs");
    auto run = Napi::Object::New(info.Env());
    run.Set("expected", replayed(environment, before, tensors));
    run.Set("actual", replayed(environment, after, tensors));
    runs.Set(i, run);
  }
  result.Set("runs", runs);
  return result;
}

}  // namespace

void definePassTesting(Napi::Object exports) { define<testPasses>(exports, "testPasses"); }

}  // namespace torch_func
