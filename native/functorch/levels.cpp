// functorch's interpreter stack: pushing and popping levels, wrapping and unwrapping tensors.

#include <ATen/FunctionalTensorWrapper.h>
#include <ATen/Functions.h>
#include <ATen/WrapDimUtils.h>
#include <ATen/functorch/BatchedFallback.h>
#include <ATen/functorch/BatchedTensorImpl.h>
#include <ATen/functorch/DynamicLayer.h>
#include <ATen/functorch/TensorWrapper.h>
#include <c10/core/AutogradState.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/variable.h>

#include <mutex>
#include <string>
#include <variant>

#include "core/call_arguments.h"
#include "core/errors.h"
#include "core/tensor_handle.h"
#include "exports.h"
#include "functorch/batch_levels.h"

namespace torch_func {

namespace {

namespace functorch = at::functorch;
using functorch::TransformType;

// The thread's level stack belongs to the environment whose thread this is; libtorch keeps it in
// thread-local storage, so every worker has its own. Pushes and pops are paired by lib/func, in
// `finally`; popLevel checks the pairing, because one leaked level would send every later operator
// through functorch.

// Inside grad and jvp inference mode is off, or nothing would be recorded. It is cleared in the
// autograd state alone, not through InferenceMode's guard, so that grad mode stays as it was.
void setInferenceMode(bool enabled) {
  auto state = c10::AutogradState::get_tls_state();
  state.set_inference_mode(enabled);
  c10::AutogradState::set_tls_state(state);
}

bool leaveInferenceMode() {
  const bool previous = c10::InferenceMode::is_enabled();
  if (previous) setInferenceMode(false);
  return previous;
}

Napi::Value levelNumber(const Napi::CallbackInfo& info, int64_t level) {
  return Napi::Number::New(info.Env(), static_cast<double>(level));
}

Napi::Value pushedLevel(const Napi::CallbackInfo& info, int64_t level) {
  levelPushed(level);
  return levelNumber(info, level);
}

// A tensor of level n is wrapped n times, at a cost that grows with the square of the depth: endless
// recursion through vmap took 5 GB before the stack was full. Python's recursion ends at 200 levels.
constexpr size_t kMaxLevels = 500;

void requireRoom() {
  if (functorch::getDynamicLayerStack().size() >= kMaxLevels) {
    throw StackExhausted(": " + std::to_string(kMaxLevels) + " transforms are active inside each other");
  }
}

Napi::Value pushGrad(const Napi::CallbackInfo& info) {
  requireRoom();
  const bool gradMode = c10::GradMode::is_enabled();
  const bool inferenceMode = leaveInferenceMode();
  return pushedLevel(info, functorch::initAndPushDynamicLayer(TransformType::Grad, std::nullopt, std::nullopt, gradMode,
                                                              std::nullopt, std::nullopt, inferenceMode));
}

Napi::Value pushJvp(const Napi::CallbackInfo& info) {
  requireRoom();
  const bool forwardGradMode = c10::AutogradState::get_tls_state().get_fw_grad_mode();
  const bool inferenceMode = leaveInferenceMode();
  return pushedLevel(info, functorch::initAndPushDynamicLayer(TransformType::Jvp, std::nullopt, std::nullopt, std::nullopt,
                                                              forwardGradMode, std::nullopt, inferenceMode));
}

functorch::RandomnessType randomnessOf(const std::string& name) {
  if (name == "error") return functorch::RandomnessType::Error;
  if (name == "same") return functorch::RandomnessType::Same;
  if (name == "different") return functorch::RandomnessType::Different;
  throwRuntimeError("Only allowed values for randomness are 'error', 'different', or 'same'. Got " + name.substr(0, 64));
}

// pushVmap(batchSize, randomness)
Napi::Value pushVmap(const Napi::CallbackInfo& info) {
  requireRoom();
  const int64_t batchSize = integerParameter(info, 0, "pushVmap", "batchSize");
  if (batchSize < 0) throwValueError("pushVmap(): argument 'batchSize' must not be negative, but got " + std::to_string(batchSize));
  const auto randomness = randomnessOf(stringParameter(info, 1, "pushVmap", "randomness"));
  return pushedLevel(info, functorch::initAndPushDynamicLayer(TransformType::Vmap, c10::SymInt(batchSize), randomness));
}

// pushFunctionalize(reapplyViews)
Napi::Value pushFunctionalize(const Napi::CallbackInfo& info) {
  requireRoom();
  return pushedLevel(info, functorch::initAndPushDynamicLayer(TransformType::Functionalize, std::nullopt, std::nullopt,
                                                              std::nullopt, std::nullopt,
                                                              booleanParameter(info, 0, "pushFunctionalize", "reapplyViews")));
}

// popLevel(level): the level must be the top one.
Napi::Value popLevel(const Napi::CallbackInfo& info) {
  const int64_t expected = integerParameter(info, 0, "popLevel", "level");
  const auto current = functorch::maybeCurrentDynamicLayer();
  if (!current || current->layerId() != expected) {
    throwRuntimeError("interpreter level " + std::to_string(expected) + " is not the top of the stack");
  }
  const functorch::DynamicLayer layer = functorch::popDynamicLayerAndDeleteMetadata();
  levelPopped(expected);
  const auto& meta = layer.interpreter().meta();
  if (auto* grad = std::get_if<functorch::GradInterpreterMeta>(&meta)) {
    if (grad->prevInferenceMode_) setInferenceMode(true);
  } else if (auto* jvp = std::get_if<functorch::JvpInterpreterMeta>(&meta)) {
    if (jvp->prevInferenceMode_) setInferenceMode(true);
  }
  return info.Env().Undefined();
}

// swapInferenceMode(enabled): sets inference mode as a level does, and returns what it was.
Napi::Value swapInferenceMode(const Napi::CallbackInfo& info) {
  const bool previous = c10::InferenceMode::is_enabled();
  setInferenceMode(booleanParameter(info, 0, "swapInferenceMode", "enabled"));
  return Napi::Boolean::New(info.Env(), previous);
}

Napi::Value levelDepth(const Napi::CallbackInfo& info) {
  return levelNumber(info, static_cast<int64_t>(functorch::getDynamicLayerStack().size()));
}

// Levels are numbered from 1; wrapping at one that is not active is what libtorch asserts against.
int64_t checkLevel(const char* function, int64_t level) {
  const auto depth = static_cast<int64_t>(functorch::getDynamicLayerStack().size());
  if (level < 1 || level > depth) {
    throwRuntimeError(std::string(function) + "(): there is no active transform at level " + std::to_string(level) + " (" +
                      std::to_string(depth) + " active)");
  }
  return level;
}

struct TensorAndLevel {
  Environment& environment;
  const at::Tensor& tensor;
  int64_t level;
};

TensorAndLevel tensorAndLevel(const Napi::CallbackInfo& info, const char* function) {
  Environment& environment = Environment::of(info.Env());
  return {environment, toOperand(environment, info[0], "tensor"), integerParameter(info, 1, function, "level")};
}

// wrapForGrad(tensor, level, requiresGrad)
Napi::Value wrapForGrad(const Napi::CallbackInfo& info) {
  auto [environment, tensor, level] = tensorAndLevel(info, "wrapForGrad");
  at::Tensor wrapper = functorch::makeTensorWrapper(tensor, checkLevel("wrapForGrad", level));
  if (info[2].ToBoolean()) {
    if (!torch::autograd::isDifferentiableType(wrapper.scalar_type())) {
      throwRuntimeError("only Tensors of floating point dtype can require gradients");
    }
    wrapper.set_requires_grad(true);
  }
  return Napi::Value(info.Env(), wrapTensor(environment, std::move(wrapper)));
}

// unwrapForGrad(tensor, level): the value, if the tensor is wrapped at exactly this level.
Napi::Value unwrapForGrad(const Napi::CallbackInfo& info) {
  auto [environment, tensor, level] = tensorAndLevel(info, "unwrapForGrad");
  auto* wrapper = functorch::maybeGetTensorWrapper(tensor);
  if (wrapper == nullptr || !wrapper->is_alive() || wrapper->level() != level) return info[0];
  return Napi::Value(info.Env(), wrapTensor(environment, wrapper->value()));
}

// addBatchDim(tensor, dim, level)
Napi::Value addBatchDim(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  const at::Tensor& tensor = toOperand(environment, info[0], "tensor");
  const int64_t dim = at::maybe_wrap_dim(integerParameter(info, 1, "addBatchDim", "dim"), tensor.dim());
  const int64_t level = checkLevel("addBatchDim", integerParameter(info, 2, "addBatchDim", "level"));
  return Napi::Value(info.Env(), wrapTensor(environment, functorch::addBatchDim(tensor, dim, level)));
}

// The batch dimension of a tensor moved to `outDim`; a tensor without one is expanded. Unlike
// PyTorch 2.13, a negative or too large outDim is checked in both cases.
at::Tensor withoutBatchDim(const at::Tensor& tensor, int64_t level, int64_t batchSize, int64_t outDim) {
  auto* batched = functorch::maybeGetBatchedImpl(tensor);
  if (batched == nullptr || batched->level() < level) {
    const int64_t dim = at::maybe_wrap_dim(outDim, tensor.dim() + 1);
    auto sizes = tensor.sizes().vec();
    sizes.insert(sizes.begin() + dim, batchSize);
    return tensor.unsqueeze(dim).expand(sizes);
  }
  TORCH_CHECK(batched->level() == level, "a tensor has escaped from an inner vmap");
  const at::Tensor& value = batched->value();
  const int64_t dim = at::maybe_wrap_dim(outDim, value.dim());
  return batched->bdim() == dim ? value : value.movedim(batched->bdim(), dim);
}

// removeBatchDim(tensor, level, batchSize, outDim)
Napi::Value removeBatchDim(const Napi::CallbackInfo& info) {
  auto [environment, tensor, level] = tensorAndLevel(info, "removeBatchDim");
  return Napi::Value(info.Env(), wrapTensor(environment, withoutBatchDim(tensor, level, integerParameter(info, 2, "removeBatchDim", "batchSize"),
                                                                        integerParameter(info, 3, "removeBatchDim", "outDim"))));
}

// wrapperInfo(tensor): what functorch has wrapped the tensor in, outermost first; null if nothing.
Napi::Value wrapperInfo(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  const at::Tensor& tensor = toTensor(environment, info[0], "tensor");
  auto result = Napi::Object::New(info.Env());
  auto describeWrapper = [&](const char* kind, int64_t level, const at::Tensor& value) -> Napi::Value {
    result.Set("kind", kind);
    result.Set("level", static_cast<double>(level));
    result.Set("value", Napi::Value(info.Env(), wrapTensor(environment, value)));
    return result;
  };
  if (auto* batched = functorch::maybeGetBatchedImpl(tensor)) {
    result.Set("bdim", static_cast<double>(batched->bdim()));
    return describeWrapper("batched", batched->level(), batched->value());
  }
  if (auto* wrapper = functorch::maybeGetTensorWrapper(tensor)) {
    return describeWrapper("grad", wrapper->is_alive() ? *wrapper->level() : -1, wrapper->value());
  }
  if (at::functionalization::impl::isFunctionalTensor(tensor)) {
    auto* functional = at::functionalization::impl::unsafeGetFunctionalWrapper(tensor);
    return describeWrapper("functional", functional->level(), functional->value());
  }
  return info.Env().Null();
}

Napi::Value isBatchedAtLevel(const Napi::CallbackInfo& info) {
  auto [environment, tensor, level] = tensorAndLevel(info, "isBatchedAtLevel");
  auto* batched = functorch::maybeGetBatchedImpl(tensor);
  return Napi::Boolean::New(info.Env(), batched != nullptr && (level < 0 || batched->level() == level));
}

// --- forward mode -----------------------------------------------------------------------------

// libtorch has one dual level for the whole process and refuses a second, so the threads that are in
// forward mode share it: the first enters, the last leaves.
std::mutex dualLevelMutex;
size_t dualLevelUsers = 0;

Napi::Value enterDualLevel(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  std::lock_guard<std::mutex> lock(dualLevelMutex);
  if (dualLevelUsers == 0) torch::autograd::forward_ad::enter_dual_level();
  ++dualLevelUsers;
  ++environment.dualLevels;
  return levelNumber(info, 0);
}

void leaveDualLevel() {
  std::lock_guard<std::mutex> lock(dualLevelMutex);
  if (--dualLevelUsers == 0) torch::autograd::forward_ad::exit_dual_level(0);
}

Napi::Value exitDualLevel(const Napi::CallbackInfo& info) {
  const int64_t level = integerParameter(info, 0, "exitDualLevel", "level");
  Environment& environment = Environment::of(info.Env());
  if (level != 0 || environment.dualLevels == 0) {
    throwRuntimeError("exitDualLevel(): dual level " + std::to_string(level) + " has not been entered");
  }
  --environment.dualLevels;
  leaveDualLevel();
  return info.Env().Undefined();
}

// makeDual(primal, tangent, level)
Napi::Value makeDual(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  const at::Tensor& primal = toOperand(environment, info[0], "primal");
  const at::Tensor& tangent = toOperand(environment, info[1], "tangent");
  return Napi::Value(info.Env(), wrapTensor(environment, at::_make_dual(primal, tangent, integerParameter(info, 2, "makeDual", "level"))));
}

// unpackDual(tensor, level): [primal, tangent or null]
Napi::Value unpackDual(const Napi::CallbackInfo& info) {
  auto [environment, tensor, level] = tensorAndLevel(info, "unpackDual");
  auto [primal, tangent] = at::_unpack_dual(tensor, level);
  return Napi::Value(info.Env(), wrapTensorList(environment, {primal, tangent}));
}

Napi::Value forwardGradMode(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), c10::AutogradState::get_tls_state().get_fw_grad_mode());
}

Napi::Value setForwardGradMode(const Napi::CallbackInfo& info) {
  c10::AutogradState::get_tls_state().set_fw_grad_mode(booleanParameter(info, 0, "setForwardGradMode", "enabled"));
  return info.Env().Undefined();
}

// --- the loop fallback of vmap ----------------------------------------------------------------

Napi::Value setVmapFallbackEnabled(const Napi::CallbackInfo& info) {
  functorch::setVmapFallbackEnabled(booleanParameter(info, 0, "setVmapFallbackEnabled", "enabled"));
  return info.Env().Undefined();
}

Napi::Value isVmapFallbackEnabled(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), functorch::isVmapFallbackEnabled());
}

Napi::Value setVmapFallbackWarningEnabled(const Napi::CallbackInfo& info) {
  functorch::setVmapFallbackWarningEnabled(booleanParameter(info, 0, "setVmapFallbackWarningEnabled", "enabled"));
  return info.Env().Undefined();
}

Napi::Value isVmapFallbackWarningEnabled(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), functorch::isVmapFallbackWarningEnabled());
}

}  // namespace

void leaveDualLevels(Environment& environment) {
  for (; environment.dualLevels > 0; --environment.dualLevels) leaveDualLevel();
}

void defineLevels(Napi::Object exports) {
  define<pushGrad>(exports, "pushGrad");
  define<pushJvp>(exports, "pushJvp");
  define<pushVmap>(exports, "pushVmap");
  define<pushFunctionalize>(exports, "pushFunctionalize");
  define<popLevel, StackCheck::Unwinding>(exports, "popLevel");
  define<swapInferenceMode, StackCheck::Unwinding>(exports, "swapInferenceMode");
  define<levelDepth>(exports, "levelDepth");
  define<wrapForGrad>(exports, "wrapForGrad");
  define<unwrapForGrad>(exports, "unwrapForGrad");
  define<addBatchDim>(exports, "addBatchDim");
  define<removeBatchDim>(exports, "removeBatchDim");
  define<wrapperInfo>(exports, "wrapperInfo");
  define<isBatchedAtLevel>(exports, "isBatchedAtLevel");
  define<enterDualLevel>(exports, "enterDualLevel");
  define<exitDualLevel, StackCheck::Unwinding>(exports, "exitDualLevel");
  define<makeDual>(exports, "makeDual");
  define<unpackDual>(exports, "unpackDual");
  define<forwardGradMode>(exports, "forwardGradMode");
  define<setForwardGradMode, StackCheck::Unwinding>(exports, "setForwardGradMode");
  define<setVmapFallbackEnabled, StackCheck::Unwinding>(exports, "setVmapFallbackEnabled");
  define<isVmapFallbackEnabled>(exports, "isVmapFallbackEnabled");
  define<setVmapFallbackWarningEnabled, StackCheck::Unwinding>(exports, "setVmapFallbackWarningEnabled");
  define<isVmapFallbackWarningEnabled>(exports, "isVmapFallbackWarningEnabled");
}

}  // namespace torch_func
