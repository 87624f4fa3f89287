#pragma once
// JavaScript functions that the autograd graph calls: hooks, and the methods of custom functions.
//
// A graph may be freed inside a garbage collection or on another thread, where references to JavaScript cannot be
// deleted. It only records the reference there, and the JavaScript thread deletes it later.
//
// Note [Callbacks that refer to their own tensor]
// A hook may refer to its tensor, and the context of a custom function to its output. A strong reference from the graph
// to the callback would then close a cycle through C++, which V8's collector cannot see: callback, JavaScript tensor,
// at::Tensor, graph, callback. So the reference is strong only while something else than the JavaScript objects holds
// the at::Tensor or its node. Otherwise it is weak, and the JavaScript tensor holds the callback
// (lib/autograd/callbacks.ts), so that V8 sees the whole cycle. PyTorch has the same rule for Python's collector
// (THPVariable_subclass_traverse).
// C++ can get another reference only by a use of the tensor, so a use of the handle makes the reference strong again.
// A sweep makes references weak: after the engine has run, when there are many more, before a full collection that the
// addon provokes, and after any garbage collection.

#include <napi.h>
#include <torch/csrc/autograd/node.h>

#include <atomic>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/environment.h"

namespace torch_func {

class Anchor;

// The callbacks of one environment.
class CallbackOwner {
 public:
  explicit CallbackOwner(napi_env env) : env(env) {}

  // From any thread.
  void release(napi_ref function);
  // Deletes the references that graphs have released.
  void deleteReleased();
  // Also makes references weak where possible.
  void sweep();
  void addStrong(std::shared_ptr<Anchor> anchor);

  const napi_env env;
  const std::thread::id thread = std::this_thread::get_id();
  std::atomic<int64_t> live = 0;  // callbacks that graphs hold
  size_t strong() const { return strong_.size(); }

 private:
  std::mutex mutex_;
  std::vector<napi_ref> released_;
  std::vector<std::shared_ptr<Anchor>> strong_;  // the anchors whose reference is strong
  size_t nextSweep_ = 64;
};

// A JavaScript function held by the graph.
class Callback {
 public:
  // Throws a TypeError that names `argument` if the value is not a function.
  Callback(Environment& environment, napi_value function, const char* argument);
  ~Callback();
  Callback(const Callback&) = delete;
  Callback& operator=(const Callback&) = delete;

  napi_env env() const { return owner_->env; }
  CallbackOwner& owner() const { return *owner_; }
  napi_value function() const;
  void setStrong(bool strong);

  // Holds the reference weakly while only these JavaScript tensors hold the node (for a leaf, null), or the leaf.
  // See Note [Callbacks that refer to their own tensor].
  static void anchor(Environment& environment, const std::shared_ptr<Callback>& callback,
                     c10::intrusive_ptr<torch::autograd::Node> node, const std::vector<napi_value>& tensors);

 private:
  friend class CallbackCall;
  std::shared_ptr<CallbackOwner> owner_;
  napi_ref function_ = nullptr;
};

using CallbackPointer = std::shared_ptr<Callback>;

// One call of a callback, with a scope for the JavaScript values of its arguments and result.
class CallbackCall {
 public:
  // Throws if the calling thread is not the JavaScript thread. `what` names the callback: "a hook".
  CallbackCall(const Callback& callback, const char* what);

  // A JavaScript exception stays pending while the engine unwinds, and reaches the caller of the engine unchanged.
  napi_value operator()(std::initializer_list<napi_value> arguments);

  Environment& environment() { return environment_; }

 private:
  const Callback& callback_;
  Environment& environment_;
  Napi::HandleScope scope_;
  // The result object of an operator in progress is not for the arguments, nor for tensors that the callback creates.
  CallFrame::Scope frame_;
};

// How many runs of the engine are in progress on this thread, each inside a callback of the one before.
int engineDepth();

// Keeps the engine on the JavaScript thread if graphs hold callbacks, for every device. At the end of the outermost
// run, sweeps.
class EngineRun {
 public:
  explicit EngineRun(Environment& environment);
  ~EngineRun();
  EngineRun(const EngineRun&) = delete;
  EngineRun& operator=(const EngineRun&) = delete;

 private:
  Environment& environment_;
  bool multithreading_;
};

}  // namespace torch_func
