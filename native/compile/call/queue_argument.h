#pragma once
// The queue of asynchronous calls as an argument of exports.

#include <ATen/functorch/DynamicLayer.h>
#include <c10/core/impl/TorchDispatchModeTLS.h>
#include <napi.h>

#include <memory>
#include <string>
#include <utility>

#include "compile/async/async_queue.h"
#include "core/type_tags.h"

namespace torch_func::compile {

inline constexpr napi_type_tag kAsyncQueueTag = {0x2f6a8c1d93e54b70, 0x8d0be4417a5c39f2};

// The queue itself lives as long as the environment.
struct QueueReference {
  AsyncQueue& queue;
};

inline AsyncQueue& toAsyncQueue(const Napi::CallbackInfo& info, size_t position) {
  return toExternalData<QueueReference>(Environment::of(info.Env()), info[position], kAsyncQueueTag, "queue",
                                        "a queue of asynchronous calls")
      .queue;
}

// Throws inside a transform or a function that is being compiled.
inline void refuseInsideTransform(const char* function) {
  if (!at::functorch::maybeCurrentDynamicLayer() && !c10::impl::dispatch_mode_enabled()) return;
  throwRuntimeError(std::string(function) +
                    ": inside a transform or another compiled function there are no asynchronous calls: their results "
                    "would come after it has ended. Call the function itself");
}

// Adds a call, and returns its number for JavaScript; 0 without one: the call must be made on this thread.
inline napi_value addToQueue(AsyncQueue& queue, napi_env env, std::unique_ptr<AsyncQueue::Call> call) {
  napi_value number;
  check(env, napi_create_uint32(env, call == nullptr ? 0 : queue.add(std::move(call)), &number));
  return number;
}

}  // namespace torch_func::compile
