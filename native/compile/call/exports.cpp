// What lib/compile/ calls: captures, and the calls of compiled functions.

#include <ATen/functorch/DynamicLayer.h>
#include <c10/core/impl/TorchDispatchModeTLS.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "compile/call/compiled_function.h"
#include "compile/call/owned_function.h"
#include "compile/capture/recorder.h"
#include "compile/exports.h"
#include "compile/graph/data.h"
#include "compile/graph/replay.h"
#include "core/call_arguments.h"
#include "core/errors.h"
#include "core/recording.h"
#include "core/result_call.h"
#include "core/type_tags.h"

namespace torch_func {

namespace {

using namespace compile;

constexpr napi_type_tag kCaptureTag = {0x1c9e5d7b2a6f4830, 0xa4d8e1f07b3c9265};

// The first call with a signature, while it is recorded.
struct Capture {
  Leaves leaves;
  std::unique_ptr<Signature> signature;
  std::unique_ptr<Recorder> recorder;
  Graph graph;
  std::chrono::steady_clock::time_point start;
  double milliseconds = 0;  // of the recorded call
  // By slot: the tensors that JavaScript has when the call begins, as the generation of the handle and 1; or 0.
  std::vector<uint32_t> handles;
};

std::vector<uint32_t> handlesNow(const HandlePool& pool) {
  std::vector<uint32_t> handles;
  size_t left = pool.liveTensors();
  for (int32_t slot = 0; left > 0; ++slot) {
    const TensorHandle* handle = pool.find(slot);
    const bool isLive = handle != nullptr && !handle->disposed;
    handles.push_back(isLive ? handle->generation + 1 : 0);
    left -= isLive;
  }
  return handles;
}

Capture& toCapture(const Napi::CallbackInfo& info, size_t position) {
  return toExternalData<Capture>(Environment::of(info.Env()), info[position], kCaptureTag, "capture", "a capture");
}

napi_value callCompiled(napi_env env, napi_callback_info info) {
  return runResultCall(
      env, info, [](const ResultCall& given, void* data) { return static_cast<CompiledFunction*>(data)->call(given); });
}

// compiledFunction(): [what owns it, the function that calls it]
Napi::Value compiledFunction(const Napi::CallbackInfo& info) {
  return ownedFunction(info.Env(), "compiled", callCompiled, std::make_unique<CompiledFunction>(),
                       kCompiledFunctionTag);
}

Napi::Value moduleChanged(const Napi::CallbackInfo& info) {
  noteModuleChange();
  return info.Env().Undefined();
}

// beginCapture(strictApi, mayExpect, ...args): reads the signature of the call and records from now on.
napi_value beginCapture(const ResultCall& call) {
  constexpr size_t kOwnArguments = 2;
  napi_env env = call.environment.env;
  const Napi::Value strictApi(env, call.values.empty() ? nullptr : call.values[0]);
  bool mayExpect = false;
  if (call.values.size() < kOwnArguments || !strictApi.IsString() ||
      napi_get_value_bool(env, call.values[1], &mayExpect) != napi_ok) {
    throwTypeError("beginCapture(): argument 'strictApi' must be a string, and 'mayExpect' a boolean");
  }
  auto capture = std::make_unique<Capture>();
  CallFrame::Slots unknown;
  unknown.fill(-1);
  const ResultCall arguments{call.environment, call.thisValue, call.values.slice(kOwnArguments), unknown};
  capture->signature = std::make_unique<Signature>(arguments, capture->leaves);
  capture->leaves.objects.clear();
  capture->recorder = std::make_unique<Recorder>(capture->leaves.tensors);
  capture->recorder->strictApi = strictApi.As<Napi::String>().Utf8Value();
  capture->recorder->mayExpect = mayExpect;
  capture->handles = handlesNow(call.environment.handles());
  Recorder& recorder = *capture->recorder;
  capture->start = std::chrono::steady_clock::now();
  napi_value result = wrapExternal(call.environment, std::move(capture), kCaptureTag);
  recorder.start();
  return result;
}

// stopCapture(capture): also when the function has thrown.
Napi::Value stopCapture(const Napi::CallbackInfo& info) {
  Capture& capture = toCapture(info, 0);
  capture.recorder->stop();
  capture.milliseconds = millisecondsSince(capture.start);
  return info.Env().Undefined();
}

// existedBefore(capture, tensor): whether this object is older than the capture.
Napi::Value existedBefore(const Napi::CallbackInfo& info) {
  const Capture& capture = toCapture(info, 0);
  const TensorHandle* handle = tensorHandleOf(Environment::of(info.Env()), info[1]);
  const auto slot = static_cast<size_t>(handle == nullptr ? -1 : handle->slot);
  const bool existed = slot < capture.handles.size() && capture.handles[slot] == handle->generation + 1;
  return Napi::Boolean::New(info.Env(), existed);
}

// finishCapture(capture, outputs): why there is no graph; '' if there is one.
Napi::Value finishCapture(const Napi::CallbackInfo& info) {
  Capture& capture = toCapture(info, 0);
  const auto outputs = toTensorList(Environment::of(info.Env()), info[1], "outputs");
  capture.graph = capture.recorder->finish(outputs);
  capture.handles = {};
  for (const at::Tensor& tensor : capture.leaves.tensors) {
    if (tensor.requires_grad() && c10::GradMode::is_enabled()) {
      capture.recorder->setIncomplete("an argument requires a gradient", Recorder::kNoGrad);
    }
  }
  return Napi::String::New(info.Env(), capture.recorder->incomplete());
}

bool writes(const Graph& graph) {
  for (const Node& node : graph.nodes) {
    if (writesInPlace(node.op)) return true;
  }
  return !graph.writeBacks.empty();
}

// Whether it writes to memory that it has not made.
bool writesOutside(const Graph& graph) {
  for (const Node& node : graph.nodes) {
    for (const TensorArgument& given : node.tensors) {
      const auto* alias = node.op.schema().arguments()[given.argument].alias_info();
      const bool isWritten = alias != nullptr && alias->isWrite();
      if (isWritten && graph.values[graph.values[given.value].base].kind != Value::Kind::Result) return true;
    }
  }
  return !graph.writeBacks.empty();
}

// An asynchronous call happens at once where the order of calls matters, or where the program may have to be recorded
// again.
const char* whyBlocking(const Graph& graph) {
  if (writes(graph)) return "it writes to an argument or to a tensor from outside";
  for (const Node& node : graph.nodes) {
    if (isRandom(node.op)) return "it draws random numbers";
  }
  return graph.expectations.empty() ? nullptr : "it depends on values that the library reads";
}

bool readsStorageOffsets(const Graph& graph) {
  for (const Node& node : graph.nodes) {
    if (node.op.operator_name().name.starts_with("aten::as_strided")) return true;
  }
  return false;
}

// What the graph expects becomes further outputs, which the entry checks.
void takeExpectations(Graph& graph, CompiledFunction::Entry& entry) {
  for (Graph::Expectation& expectation : graph.expectations) {
    if (entry.expectedReason.empty()) entry.expectedReason = std::move(expectation.reason);
    graph.outputs.push_back(expectation.value);
    entry.expected.push_back(std::move(expectation.expected));
  }
  graph.expectations.clear();
}

std::vector<c10::OperatorHandle> operatorsOf(const Graph& graph) {
  std::vector<c10::OperatorHandle> operators;
  std::unordered_set<c10::OperatorName> known;
  for (const Node& node : graph.nodes) {
    if (known.insert(node.op.operator_name()).second) operators.push_back(node.op);
  }
  return operators;
}

std::vector<CompiledFunction::Output> outputsArgument(const Napi::Value& value) {
  std::vector<CompiledFunction::Output> outputs;
  auto list = value.As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length(); ++i) {
    const int32_t index = list.Get(i).ToNumber();
    outputs.push_back({index < 0, index < 0 ? -1 - index : index});
  }
  return outputs;
}

CompilationOptions compilationOptions(const Napi::CallbackInfo& info, size_t position) {
  CompilationOptions options;
  const std::string backend = stringParameter(info, position, "addEntry", "backend");
  if (backend == "aot_eager") options.backend = Backend::Replay;
  options.passes.strictZeros = booleanParameter(info, position + 1, "addEntry", "strictZeros");
  options.keepsText = booleanParameter(info, position + 2, "addEntry", "keepsText");
  return options;
}

// addEntry(compiled, capture, outputs, returnsTensor, limit, backend, strictZeros, keepsText, dynamic): [the entry's
// id, the id of the entry that it replaces or -1, how the signature differs from that of the call before]. Each output
// is the index of a tensor, or -1 - k for the object of the k-th tensor among the arguments. An incomplete capture
// gives an entry that runs the function.
Napi::Value addEntry(const Napi::CallbackInfo& info) {
  CompiledFunction& compiled = toCompiledFunction(Environment::of(info.Env()), info[0]);
  Capture& capture = toCapture(info, 1);
  CompiledFunction::Entry entry;
  entry.operators = operatorsOf(capture.graph);
  entry.outputs = outputsArgument(info[2]);
  entry.returnsTensor = booleanParameter(info, 3, "addEntry", "returnsTensor");
  const auto limit = static_cast<size_t>(integerParameter(info, 4, "addEntry", "limit"));
  CompilationOptions options = compilationOptions(info, 5);
  options.keepsGraphs = booleanParameter(info, 8, "addEntry", "dynamic");
  entry.options = options;
  entry.sizesRead = capture.recorder->sizesRead;
  if (capture.recorder->incomplete().empty()) {
    // Where tensors share memory already, writes are replayed one by one.
    entry.needsSeparateStorage = writesOutside(capture.graph) && !capture.graph.inputsShareStorage;
    entry.blocking = whyBlocking(capture.graph);
    takeExpectations(capture.graph, entry);
    entry.noteOutside(capture.graph);
    if (readsStorageOffsets(capture.graph)) capture.signature->fixStorageOffsets(capture.leaves.tensors);
    entry.compilation = compileGraph(std::move(capture.graph), options);
  } else {
    entry.compilation.reasons.push_back(capture.recorder->incomplete());
    entry.blocking = "it is not compiled";
  }
  entry.compilation.recording = capture.milliseconds;
  capture.leaves.tensors.clear();
  entry.signature = std::move(capture.signature);
  if (options.keepsGraphs) compiled.generalize(entry);
  auto result = Napi::Array::New(info.Env(), 3);
  const int32_t dropped = compiled.add(std::move(entry), limit);
  const auto& entries = compiled.entries();
  result.Set(0u, entries[0]->id);
  result.Set(1u, dropped);
  result.Set(2u, dropped < 0 ? "" : entries[0]->signature->variation(*entries[1]->signature));
  return result;
}

// clearEntries(compiled)
Napi::Value clearEntries(const Napi::CallbackInfo& info) {
  toCompiledFunction(Environment::of(info.Env()), info[0]).clear();
  return info.Env().Undefined();
}

// printGraph(capture)
Napi::Value printGraph(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), toCapture(info, 0).graph.print());
}

// graphOf(capture, isFunctional): the graph as data; if it shall not write in place, without its writes, or as text why
// it cannot do without them.
Napi::Value graphOf(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  const Graph& recorded = toCapture(info, 0).graph;
  if (!booleanParameter(info, 1, "graphOf", "isFunctional")) return graphData(environment, recorded);
  Graph functional = recorded;
  const std::string reason = makeFunctional(functional);
  if (!reason.empty()) return Napi::String::New(info.Env(), reason);
  return graphData(environment, functional);
}

// sizesRead(capture): the sizes that JavaScript has read, in their order.
Napi::Value sizesRead(const Napi::CallbackInfo& info) {
  auto sizes = Napi::Array::New(info.Env());
  for (int64_t size : toCapture(info, 0).recorder->sizesRead) sizes.Set(sizes.Length(), static_cast<double>(size));
  return sizes;
}

// isRecording()
Napi::Value isRecording(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), Recorder::current() != nullptr);
}

// breakRecording(reason): a recording in progress cannot be repeated, for this reason.
Napi::Value breakRecording(const Napi::CallbackInfo& info) {
  if (Recorder* recorder = Recorder::current()) {
    recorder->setIncomplete(stringParameter(info, 0, "breakRecording", "reason"));
  }
  return info.Env().Undefined();
}

}  // namespace

void defineCompile(Napi::Object exports) {
  define<compiledFunction>(exports, "compiledFunction");
  defineOwnTensors(exports);
  define<moduleChanged>(exports, "moduleChanged");
  define<beginCapture>(exports, "beginCapture");
  define<stopCapture, StackCheck::Unwinding>(exports, "stopCapture");
  define<existedBefore>(exports, "existedBefore");
  define<finishCapture>(exports, "finishCapture");
  define<addEntry>(exports, "addEntry");
  define<clearEntries>(exports, "clearEntries");
  define<printGraph>(exports, "printGraph");
  define<graphOf>(exports, "graphOf");
  define<sizesRead>(exports, "sizesRead");
  define<isRecording>(exports, "isRecording");
  define<breakRecording>(exports, "breakRecording");
  defineAsync(exports);
  defineExplain(exports);
  defineLinear(exports);
  defineSharedFunctions(exports);
  definePassTesting(exports);
  defineLoweringTesting(exports);
  defineMachineTesting(exports);
  defineCudaTesting(exports);
}

}  // namespace torch_func
