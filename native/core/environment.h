#pragma once
// State of one JavaScript environment (the main thread or a worker): the classes and functions that
// lib/native.ts hands in, the pool of tensor handles, and warnings waiting to be emitted.
// Nothing that refers to JavaScript lives in a static: a worker thread loads the addon again.

#include <c10/core/InferenceMode.h>
#include <ATen/core/ivalue.h>
#include <napi.h>

#include <memory>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/handle_pool.h"
#include "core/stack_limit.h"
#include "functorch/dual_level.h"

namespace torch_func {

// The JavaScript classes that C++ exceptions become (lib/errors.ts); TypeError is JavaScript's own.
enum class ErrorClass { Runtime, Value, Type, Index, NotImplemented, LinAlg, OutOfMemory, Count };

class Environment {
 public:
  explicit Environment(napi_env env);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  static Environment& of(napi_env env);

  napi_env env;
  StackLimit stack;

  // The keeper is the environment of the addon's second load on this thread, and owns everything that
  // the collector frees; no function of it is ever called. The reason is an error on its way to
  // JavaScript: until V8 has taken it over, Node-API holds it as the environment's last exception, and
  // taking it over allocates. A collection at that moment runs our finalizers (basic ones run inside
  // collections), after each of which Node-API looks for an exception, finds that one, takes it for
  // the finalizer's own and ends the process. The keeper never has an exception.
  napi_env keeperEnv() const { return keeper_->env; }
  HandlePool& handles() const { return keeper_->ownHandles_; }
  // The at::Generator behind each wrapped Generator object: what tells them from foreign objects.
  std::unordered_set<void*>& generators() const { return keeper_->ownGenerators_; }

  // The empty Tensor object that came with the operator call in progress, for its first result.
  napi_value blank = nullptr;
  // Stacks of operator calls, to be used again.
  std::vector<std::unique_ptr<std::vector<c10::IValue>>> operatorStacks;
  DualLevelUses dualLevels;
  // The inference modes that were entered and not left, innermost last, by number.
  std::vector<std::pair<int64_t, std::unique_ptr<c10::InferenceMode>>> inferenceModes;

  napi_value tensorClass() const { return deref(tensorClass_); }
  napi_value complexClass() const { return deref(complexClass_); }
  napi_value deviceClass() const { return deref(deviceClass_); }
  napi_value errorClass(ErrorClass kind) const { return deref(errorClasses_[static_cast<size_t>(kind)]); }
  napi_value objectPrototype() const { return deref(objectPrototype_); }
  bool initialized() const { return tensorClass_ != nullptr; }

  // Takes the classes from lib/tensor.ts, and the environment loaded last on this thread as keeper.
  void initialize(const Napi::Object& classes);

  // libtorch's warnings are collected while C++ runs and handed to JavaScript when the call returns.
  void addWarning(std::string category, std::string message);
  void emitWarnings();

 private:
  HandlePool ownHandles_;
  std::unordered_set<void*> ownGenerators_;
  Environment* keeper_ = this;

  napi_value deref(napi_ref ref) const;
  // Lets a reference hold the value instead of what it held.
  void keep(napi_ref& ref, napi_value value);

  napi_ref tensorClass_ = nullptr;
  napi_ref complexClass_ = nullptr;
  napi_ref deviceClass_ = nullptr;
  napi_ref objectPrototype_ = nullptr;
  napi_ref onWarning_ = nullptr;
  napi_ref errorClasses_[static_cast<size_t>(ErrorClass::Count)] = {};
  std::vector<std::pair<std::string, std::string>> warnings_;
  class WarningCollector;
  std::unique_ptr<WarningCollector> warningCollector_;
};

}  // namespace torch_func
