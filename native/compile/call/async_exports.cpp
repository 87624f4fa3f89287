// What lib/compile/async.ts calls.

#include <napi.h>

#include <memory>
#include <utility>

#include "compile/async/async_queue.h"
#include "compile/async/thread_pool.h"
#include "compile/call/async_call.h"
#include "compile/call/queue_argument.h"
#include "compile/exports.h"
#include "core/call_arguments.h"
#include "core/errors.h"
#include "core/result_call.h"

namespace torch_func {

namespace {

using namespace compile;

// Starts the call. Returns its number, or an array of that and the entry's id if the result takes more than one tensor;
// 0 if the call must be made on this thread.
napi_value start(const ResultCall& call, CompiledFunction& function) {
  napi_env env = call.environment.env;
  refuseInsideTransform("async()");
  Leaves leaves;
  std::shared_ptr<Executable> executable;
  std::unique_ptr<AsyncCall> prepared;
  auto entry = function.find(call, leaves, executable);
  if (entry != nullptr) {
    function.queue->checkLimit();
    prepared = AsyncCall::prepare(call.environment, entry, std::move(executable), leaves);
  }
  const bool isQueued = prepared != nullptr;
  napi_value number = addToQueue(*function.queue, env, std::move(prepared));
  if (!isQueued) return number;
  if (entry->returnsTensor && !entry->outputs[0].isArgument) return number;
  napi_value array, id;
  check(env, napi_create_array_with_length(env, 2, &array));
  check(env, napi_create_int32(env, entry->id, &id));
  check(env, napi_set_element(env, array, 0, number));
  check(env, napi_set_element(env, array, 1, id));
  return array;
}

napi_value startCall(napi_env env, napi_callback_info info) {
  return runResultCall(
      env, info, [](const ResultCall& call, void* data) { return start(call, *static_cast<CompiledFunction*>(data)); });
}

// createAsyncQueue(settle): settle(number, outcome, value) is called once for each call; see AsyncQueue::Outcome.
Napi::Value createAsyncQueue(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  if (!info[0].IsFunction()) {
    throwTypeError("createAsyncQueue(): argument 'settle' must be a function, not " + describe(environment, info[0]));
  }
  auto reference = std::make_unique<QueueReference>(QueueReference{AsyncQueue::create(environment, info[0])});
  return Napi::Value(info.Env(), wrapExternal(environment, std::move(reference), kAsyncQueueTag));
}

// asyncFunction(compiled, queue): the function that starts calls. It must not outlive `compiled`.
Napi::Value asyncFunction(const Napi::CallbackInfo& info) {
  CompiledFunction& function = toCompiledFunction(Environment::of(info.Env()), info[0]);
  function.queue = &toAsyncQueue(info, 1);
  napi_value start;
  check(info.Env(), napi_create_function(info.Env(), "async", NAPI_AUTO_LENGTH, startCall, &function, &start));
  return Napi::Value(info.Env(), start);
}

// stopAsync(queue, number)
Napi::Value stopAsync(const Napi::CallbackInfo& info) {
  toAsyncQueue(info, 0).stop(static_cast<uint32_t>(integerParameter(info, 1, "stopAsync", "number")));
  return info.Env().Undefined();
}

// asyncFigures(queue): { running, waiting, limit, threads }
Napi::Value asyncFigures(const Napi::CallbackInfo& info) {
  const AsyncQueue::Figures figures = toAsyncQueue(info, 0).figures();
  auto result = Napi::Object::New(info.Env());
  const auto set = [&](const char* name, size_t value) { result.Set(name, static_cast<double>(value)); };
  set("running", figures.running);
  set("waiting", figures.waiting);
  set("limit", figures.limit);
  set("threads", ThreadPool::instance().size());
  return result;
}

// setAsyncLimit(queue, limit)
Napi::Value setAsyncLimit(const Napi::CallbackInfo& info) {
  toAsyncQueue(info, 0).setLimit(static_cast<size_t>(integerParameter(info, 1, "setAsyncLimit", "limit")));
  return info.Env().Undefined();
}

}  // namespace

void defineAsync(Napi::Object exports) {
  define<createAsyncQueue>(exports, "createAsyncQueue");
  define<asyncFunction>(exports, "asyncFunction");
  define<stopAsync>(exports, "stopAsync");
  define<asyncFigures>(exports, "asyncFigures");
  define<setAsyncLimit>(exports, "setAsyncLimit");
}

}  // namespace torch_func
