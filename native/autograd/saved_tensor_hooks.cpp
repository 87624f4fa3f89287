// The engine that provides hooks on saved tensors, and the stack of active hooks.

#include "autograd/saved_tensor_hooks.h"

#include <ATen/SavedTensorHooks.h>
#include <ATen/functorch/DynamicLayer.h>
#include <torch/csrc/autograd/engine.h>
#include <torch/csrc/autograd/saved_variable_hooks.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "addon/exports.h"
#include "autograd/anomaly.h"
#include "autograd/callbacks.h"
#include "core/call_arguments.h"
#include "core/environment.h"
#include "core/errors.h"
#include "core/tensor_handle.h"

namespace torch_func {

namespace {

namespace autograd = torch::autograd;

int64_t levelDepth() { return static_cast<int64_t>(at::functorch::getDynamicLayerStack().size()); }

struct PushedHooks {
  CallbackPointer pack;
  // The level of the nodes whose saved tensors are packed; -1 for all, which transforms disable.
  int64_t level;
};

// The active hooks, innermost last, and whether one of them is packing.
thread_local std::vector<PushedHooks> pushed;
thread_local bool packing = false;

// One saved tensor of a node. pack(tensor) returns a function, which the node keeps and which returns the tensor.
class PackedTensor : public autograd::SavedVariableHooks {
 public:
  explicit PackedTensor(CallbackPointer pack) : pack_(std::move(pack)) {}

  void call_pack_hook(const at::Tensor& tensor) override {
    CallbackCall call(*pack_, "a hook on saved tensors");
    const HandlePool::OutsideScopes outside(call.environment().handles());
    const bool before = std::exchange(packing, true);
    try {
      napi_value result = call({wrapTensor(call.environment(), tensor)});
      unpack_ = std::make_unique<Callback>(call.environment(), result, "unpack");
    } catch (...) {
      packing = before;
      throw;
    }
    packing = before;
    pack_.reset();
  }

  // So that the node's list of saved tensors unpacks this one too.
  std::optional<std::pair<c10::SafePyObject, c10::SafePyObject>> retrieve_unpack_hook_data() const override {
    return std::nullopt;
  }

  at::Tensor call_unpack_hook() override {
    if (!unpack_) throwRuntimeError("a saved tensor was unpacked before a hook packed it");
    CallbackCall call(*unpack_, "a hook on saved tensors");
    return toTensor(call.environment(), call({}), "result of the unpack hook");
  }

 private:
  CallbackPointer pack_;
  std::unique_ptr<Callback> unpack_;
};

// libtorch's engine has no default hooks; PyTorch's Python engine adds them in the same way.
class HookingEngine : public autograd::Engine {
 public:
  // By default a run inside of 60 others continues on another thread, where JavaScript cannot run.
  HookingEngine() { max_recursion_depth_ = std::numeric_limits<int>::max(); }

  std::unique_ptr<autograd::AnomalyMetadata> make_anomaly_metadata() override { return makeAnomalyMetadata(); }

  std::unique_ptr<autograd::SavedVariableHooks> get_default_saved_variable_hooks() override {
    if (pushed.empty() || packing) return nullptr;
    const PushedHooks& hooks = pushed.back();
    if (hooks.level < 0 ? !at::SavedTensorDefaultHooks::is_enabled() : hooks.level != levelDepth()) return nullptr;
    return std::make_unique<PackedTensor>(hooks.pack);
  }
};

// Never freed: its threads, if there are any, may outlive static objects.
autograd::Engine& hookingEngine() {
  static auto* engine = new HookingEngine();
  return *engine;
}

// pushSavedTensorHooks(pack, topLevelOnly): returns how many are active now. The hooks are for the nodes of all levels,
// or for those of the level that is the top one now, which transforms need not disable.
Napi::Value pushSavedTensorHooks(const Napi::CallbackInfo& info) {
  auto pack = std::make_shared<Callback>(Environment::of(info.Env()), info[0], "pack");
  const bool topLevelOnly = booleanParameter(info, 1, "pushSavedTensorHooks", "topLevelOnly");
  const auto message = at::SavedTensorDefaultHooks::get_disabled_error_message();
  if (message && !topLevelOnly) throwRuntimeError(*message);
  pushed.push_back({std::move(pack), topLevelOnly ? levelDepth() : -1});
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

bool savedTensorHooksInForce() {
  return std::any_of(pushed.begin(), pushed.end(), [](const PushedHooks& hooks) { return hooks.level < 0; });
}

void defineSavedTensorHooks(Napi::Object exports) {
  define<pushSavedTensorHooks>(exports, "pushSavedTensorHooks");
  define<popSavedTensorHooks, StackCheck::Unwinding>(exports, "popSavedTensorHooks");
}

}  // namespace torch_func
