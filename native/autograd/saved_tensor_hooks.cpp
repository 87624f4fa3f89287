// The engine that provides hooks on saved tensors, and the stack of active hooks.

#include "autograd/saved_tensor_hooks.h"

#include <ATen/SavedTensorHooks.h>
#include <torch/csrc/autograd/engine.h>
#include <torch/csrc/autograd/saved_variable_hooks.h>

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "addon/exports.h"
#include "autograd/callbacks.h"
#include "core/call_arguments.h"
#include "core/environment.h"
#include "core/errors.h"
#include "core/tensor_handle.h"

namespace torch_func {

namespace {

namespace autograd = torch::autograd;
using TokenPointer = std::shared_ptr<CallbackToken>;

// The active hooks, innermost last, and whether one of them is packing.
thread_local std::vector<TokenPointer> pushed;
thread_local bool packing = false;

// One saved tensor of a node. dispatcher(number, tensor) packs it and returns the number of the packed value;
// dispatcher(that number, null) returns the tensor.
class PackedTensor : public autograd::SavedVariableHooks {
 public:
  explicit PackedTensor(TokenPointer hooks) : hooks_(std::move(hooks)) {}

  void call_pack_hook(const at::Tensor& tensor) override {
    checkThread(*hooks_->site, "a hook on saved tensors");
    const bool before = std::exchange(packing, true);
    try {
      napi_env env = hooks_->site->env;
      Napi::HandleScope scope(env);
      napi_value result = callDispatcher(*hooks_, {wrapTensor(Environment::of(env), tensor)});
      int64_t number = 0;
      check(env, napi_get_value_int64(env, result, &number));
      packed_ = std::make_unique<CallbackToken>(hooks_->site, number);
    } catch (...) {
      packing = before;
      throw;
    }
    packing = before;
    hooks_.reset();
  }

  at::Tensor call_unpack_hook() override {
    if (!packed_) throwRuntimeError("a saved tensor was unpacked before a hook packed it");
    checkThread(*packed_->site, "a hook on saved tensors");
    napi_env env = packed_->site->env;
    Napi::HandleScope scope(env);
    return toTensor(Environment::of(env), callDispatcher(*packed_, {Napi::Env(env).Null()}),
                    "result of the unpack hook");
  }

 private:
  TokenPointer hooks_;
  std::unique_ptr<CallbackToken> packed_;
};

// libtorch's engine has no default hooks; PyTorch's Python engine adds them in the same way.
class HookingEngine : public autograd::Engine {
 public:
  std::unique_ptr<autograd::SavedVariableHooks> get_default_saved_variable_hooks() override {
    if (pushed.empty() || packing || !at::SavedTensorDefaultHooks::is_enabled()) return nullptr;
    return std::make_unique<PackedTensor>(pushed.back());
  }
};

// Never freed: its threads, if there are any, may outlive static objects.
autograd::Engine& hookingEngine() {
  static auto* engine = new HookingEngine();
  return *engine;
}

// pushSavedTensorHooks(site, number): returns how many are active now.
Napi::Value pushSavedTensorHooks(const Napi::CallbackInfo& info) {
  if (const auto message = at::SavedTensorDefaultHooks::get_disabled_error_message()) throwRuntimeError(*message);
  pushed.push_back(
      std::make_shared<CallbackToken>(siteOf(info), integerParameter(info, 1, "pushSavedTensorHooks", "number")));
  return Napi::Number::New(info.Env(), static_cast<double>(pushed.size()));
}

// popSavedTensorHooks(count): pops the hooks whose push returned this count, and all pushed since.
Napi::Value popSavedTensorHooks(const Napi::CallbackInfo& info) {
  const int64_t count = integerParameter(info, 0, "popSavedTensorHooks", "count");
  while (!pushed.empty() && static_cast<int64_t>(pushed.size()) >= count) pushed.pop_back();
  return info.Env().Undefined();
}

}  // namespace

void installHookingEngine() {
  static std::once_flag once;
  std::call_once(once, [] { autograd::set_default_engine_stub(hookingEngine); });
}

bool savedTensorHooksInForce() { return !pushed.empty(); }

void defineSavedTensorHooks(Napi::Object exports) {
  define<pushSavedTensorHooks>(exports, "pushSavedTensorHooks");
  define<popSavedTensorHooks, StackCheck::Unwinding>(exports, "popSavedTensorHooks");
}

}  // namespace torch_func
