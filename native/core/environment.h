#pragma once
// The state of one JavaScript environment (the main thread or a worker): the JavaScript classes that it was initialized
// with, the pool of tensor handles, and warnings that are not yet emitted.
// No static variable may refer to JavaScript: each worker thread loads the addon into an environment of its own.
//
// Note [Basic finalizers and the second environment]
// Tensors, generators and graph nodes are freed by basic finalizers (node_api_basic_env). These run inside a garbage
// collection and not at the next turn of the event loop, so that a synchronous loop frees its tensors too. They must
// not touch JavaScript.
// Such a finalizer may run while an error is on its way to JavaScript: until V8 takes the error over, Node-API keeps it
// as the environment's last exception, and the takeover allocates, which may start a collection. After each finalizer
// Node-API checks its environment for an exception; it would find that error, treat it as thrown by the finalizer and
// end the process.
// Therefore the addon is loaded twice on each thread (lib/native/load.ts). The environment of the second load owns all
// objects with finalizers. None of its functions is ever called, so it never has an exception.

#include <ATen/core/ivalue.h>
#include <c10/core/InferenceMode.h>
#include <napi.h>

#include <functional>
#include <memory>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/call_frame.h"
#include "core/garbage_collection.h"
#include "core/handle_pool.h"
#include "core/stack_limit.h"
#include "functorch/dual_level.h"

namespace torch_func {

// The JavaScript classes that C++ exceptions become (lib/errors.ts); TypeError is JavaScript's own.
enum class ErrorClass { Runtime, Value, Type, Index, NotImplemented, LinAlg, OutOfMemory, Count };

class CallbackOwner;

class Environment {
 public:
  explicit Environment(napi_env env);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  static Environment& of(napi_env env);

  napi_env env;
  StackLimit stack;

  // The Node-API environment that owns every object with a finalizer.
  // See Note [Basic finalizers and the second environment].
  napi_env finalizerEnv() const { return finalizerOwner_->env; }
  HandlePool& handles() const { return finalizerOwner_->ownHandles_; }
  // The at::Generator of each Generator object. Identifies them among the objects that any addon has wrapped.
  std::unordered_set<void*>& generators() const { return finalizerOwner_->ownGenerators_; }

  CallFrame frame;
  // Stacks of finished operator calls, for reuse.
  std::vector<std::vector<c10::IValue>> operatorStacks;
  DualLevelUses dualLevels;
  // The JavaScript functions that graphs hold (autograd/callbacks.h); null before the first.
  std::shared_ptr<CallbackOwner> callbacks;
  // Runs before a full collection that the addon provokes; null before the first callback.
  std::function<void()> beforeFullCollection;
  // The inference modes in force, innermost last, each with its number.
  std::vector<std::pair<int64_t, std::unique_ptr<c10::InferenceMode>>> inferenceModes;

  napi_value tensorClass() const { return deref(tensorClass_); }
  // The class's functions slotOf(value) and createTensor(slot): see Note [Slots].
  napi_value slotOf() const { return deref(slotOf_); }
  napi_value createTensor() const { return deref(createTensor_); }
  napi_value complexClass() const { return deref(complexClass_); }
  napi_value deviceClass() const { return deref(deviceClass_); }
  napi_value errorClass(ErrorClass kind) const { return deref(errorClasses_[static_cast<size_t>(kind)]); }
  napi_value objectPrototype() const { return deref(objectPrototype_); }
  bool initialized() const { return tensorClass_ != nullptr; }

  // Takes the classes from lib/tensor.ts. The environment loaded after this one owns what has finalizers.
  void initialize(const Napi::Object& classes);

  // Frees the tensors that JavaScript can no longer reach. Returns whether it could.
  bool collectGarbage(Collection collection);

  // libtorch's warnings are collected while C++ runs, and emitted in JavaScript when the call returns.
  void addWarning(std::string category, std::string message);
  void emitWarnings();

 private:
  HandlePool ownHandles_;
  std::unordered_set<void*> ownGenerators_;
  Environment* finalizerOwner_ = this;

  napi_value deref(napi_ref ref) const;
  // Makes a reference hold this value and releases the previous one.
  void keep(napi_ref& ref, napi_value value);

  napi_ref tensorClass_ = nullptr;
  napi_ref slotOf_ = nullptr;
  napi_ref createTensor_ = nullptr;
  napi_ref complexClass_ = nullptr;
  napi_ref deviceClass_ = nullptr;
  napi_ref objectPrototype_ = nullptr;
  napi_ref onWarning_ = nullptr;
  napi_ref collectGarbage_ = nullptr;
  napi_ref errorClasses_[static_cast<size_t>(ErrorClass::Count)] = {};
  std::vector<std::pair<std::string, std::string>> warnings_;
  class WarningCollector;
  std::unique_ptr<WarningCollector> warningCollector_;
};

}  // namespace torch_func
