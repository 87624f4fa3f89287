// functorch's interpreter stack: pushes and pops its levels.

#include <ATen/functorch/DynamicLayer.h>
#include <c10/core/AutogradState.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>

#include <string>
#include <variant>

#include "addon/exports.h"
#include "core/call_arguments.h"
#include "core/environment.h"
#include "core/errors.h"
#include "functorch/batch_levels.h"

namespace torch_func {

namespace {

namespace functorch = at::functorch;
using functorch::TransformType;

// Note [Transforms are synchronous]
// libtorch keeps the level stack in thread-local storage; each worker thread has its own. lib/ pushes a level, calls
// the user's function and pops the level in `finally`, all in one turn of the event loop. A function that returns a
// Promise is refused: after an `await` unrelated code would run on the pushed levels, and the function would continue
// without them. popLevel checks that pushes and pops are paired, because one leaked level sends every later operator
// through functorch.

// Inside grad and jvp inference mode is off, since nothing is recorded in inference mode. Only the flag of the autograd
// state is cleared: the guard class InferenceMode would change grad mode as well.
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

// A tensor at level n has n wrappers, so the cost grows with the square of the depth: endless recursion through vmap
// used 5 GB before the stack was full. Python's recursion limit ends it at 200 levels.
constexpr size_t kMaxLevels = 500;

void requireRoom() {
  if (functorch::getDynamicLayerStack().size() >= kMaxLevels) {
    throw StackExhausted(": " + std::to_string(kMaxLevels) + " transforms are nested");
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
  return pushedLevel(info,
                     functorch::initAndPushDynamicLayer(TransformType::Jvp, std::nullopt, std::nullopt, std::nullopt,
                                                        forwardGradMode, std::nullopt, inferenceMode));
}

functorch::RandomnessType randomnessOf(const std::string& name) {
  if (name == "error") return functorch::RandomnessType::Error;
  if (name == "same") return functorch::RandomnessType::Same;
  if (name == "different") return functorch::RandomnessType::Different;
  throwRuntimeError("Only allowed values for randomness are 'error', 'different', or 'same'. Got " +
                    name.substr(0, 64));
}

// pushVmap(batchSize, randomness)
Napi::Value pushVmap(const Napi::CallbackInfo& info) {
  requireRoom();
  const int64_t batchSize = integerParameter(info, 0, "pushVmap", "batchSize");
  if (batchSize < 0)
    throwValueError("pushVmap(): argument 'batchSize' must not be negative, but got " + std::to_string(batchSize));
  const auto randomness = randomnessOf(stringParameter(info, 1, "pushVmap", "randomness"));
  return pushedLevel(info, functorch::initAndPushDynamicLayer(TransformType::Vmap, c10::SymInt(batchSize), randomness));
}

// pushFunctionalize(reapplyViews)
Napi::Value pushFunctionalize(const Napi::CallbackInfo& info) {
  requireRoom();
  return pushedLevel(info, functorch::initAndPushDynamicLayer(
                               TransformType::Functionalize, std::nullopt, std::nullopt, std::nullopt, std::nullopt,
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

// swapInferenceMode(enabled): sets the flag of inference mode as a level does, and returns its previous value.
Napi::Value swapInferenceMode(const Napi::CallbackInfo& info) {
  const bool previous = c10::InferenceMode::is_enabled();
  setInferenceMode(booleanParameter(info, 0, "swapInferenceMode", "enabled"));
  return Napi::Boolean::New(info.Env(), previous);
}

Napi::Value levelDepth(const Napi::CallbackInfo& info) {
  return levelNumber(info, static_cast<int64_t>(functorch::getDynamicLayerStack().size()));
}

}  // namespace

void defineLevels(Napi::Object exports) {
  define<pushGrad>(exports, "pushGrad");
  define<pushJvp>(exports, "pushJvp");
  define<pushVmap>(exports, "pushVmap");
  define<pushFunctionalize>(exports, "pushFunctionalize");
  define<popLevel, StackCheck::Unwinding>(exports, "popLevel");
  define<swapInferenceMode, StackCheck::Unwinding>(exports, "swapInferenceMode");
  define<levelDepth>(exports, "levelDepth");
}

}  // namespace torch_func
