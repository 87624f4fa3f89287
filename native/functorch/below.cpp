// What lib/autograd/function needs to pass a custom function from one level of functorch's stack to the level below, as
// libtorch does for operators: popping the top level temporarily, and wrapping and unwrapping tensors at it.

#include <ATen/functorch/ADInterpreters.h>
#include <ATen/functorch/BatchedTensorImpl.h>
#include <ATen/functorch/DynamicLayer.h>

#include <string>
#include <utility>
#include <vector>

#include "addon/exports.h"
#include "core/call_arguments.h"
#include "core/errors.h"
#include "core/tensor_handle.h"
#include "functorch/batch_levels.h"

namespace torch_func {

namespace {

namespace functorch = at::functorch;
using functorch::TransformType;

// The levels that are popped temporarily, innermost last. Per thread, as the stack that they belong to.
struct PoppedLevel {
  functorch::DynamicLayer layer;
  uint64_t serial;
};
thread_local std::vector<PoppedLevel> popped;

// popLevelTemporarily(): until restoreLevel() operators run at the level below. Returns the number to restore with.
Napi::Value popLevelTemporarily(const Napi::CallbackInfo& info) {
  if (!functorch::maybeCurrentDynamicLayer()) throwRuntimeError("popLevelTemporarily(): there is no active transform");
  popped.push_back({functorch::popDynamicLayer(), levelPoppedTemporarily()});
  return Napi::Number::New(info.Env(), static_cast<double>(popped.size()));
}

// restoreLevel(number): pushes the level that popLevelTemporarily() popped when it returned this number.
Napi::Value restoreLevel(const Napi::CallbackInfo& info) {
  const int64_t number = integerParameter(info, 0, "restoreLevel", "number");
  if (number < 1 || static_cast<size_t>(number) != popped.size()) {
    throwRuntimeError("restoreLevel(): " + std::to_string(number) + " is not the level that was popped last");
  }
  PoppedLevel level = std::move(popped.back());
  popped.pop_back();
  functorch::pushDynamicLayer(std::move(level.layer));
  levelRestored(level.serial);
  return info.Env().Undefined();
}

// liftToTop(tensor): the tensor wrapped at the top level if that is one of grad or jvp; else the tensor itself.
Napi::Value liftToTop(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  const at::Tensor& tensor = toTensor(environment, info[0], "tensor");
  auto layer = functorch::maybeCurrentDynamicLayer();
  if (!layer || (layer->key() != TransformType::Grad && layer->key() != TransformType::Jvp)) return info[0];
  at::Tensor result = layer->key() == TransformType::Grad
                          ? functorch::GradInterpreterPtr(&layer->interpreter()).lift(tensor)
                          : functorch::JvpInterpreterPtr(&layer->interpreter()).lift(tensor);
  if (result.is_same(tensor)) return info[0];
  return Napi::Value(info.Env(), wrapTensor(environment, std::move(result)));
}

// unwrapDead(tensor): the tensor without wrappers of ended levels.
Napi::Value unwrapDead(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  const at::Tensor& tensor = toTensor(environment, info[0], "tensor");
  const at::Tensor& value = withoutEndedLevels(tensor);
  return value.is_same(tensor) ? info[0] : Napi::Value(info.Env(), wrapTensor(environment, value));
}

// unwrapBatched(tensor, level): [value, batch dimension] if the tensor is batched at exactly this level, else
// [tensor, null].
Napi::Value unwrapBatched(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  const at::Tensor& tensor = toTensor(environment, info[0], "tensor");
  const int64_t level = integerParameter(info, 1, "unwrapBatched", "level");
  auto* batched = functorch::maybeGetBatchedImpl(tensor);
  auto result = Napi::Array::New(info.Env(), 2);
  if (batched == nullptr || batched->level() != level) {
    result.Set(0u, info[0]);
    result.Set(1u, info.Env().Null());
  } else {
    result.Set(0u, Napi::Value(info.Env(), wrapTensor(environment, batched->value())));
    result.Set(1u, static_cast<double>(batched->bdim()));
  }
  return result;
}

}  // namespace

void defineBelow(Napi::Object exports) {
  define<popLevelTemporarily>(exports, "popLevelTemporarily");
  define<restoreLevel, StackCheck::Unwinding>(exports, "restoreLevel");
  define<liftToTop>(exports, "liftToTop");
  define<unwrapDead>(exports, "unwrapDead");
  define<unwrapBatched>(exports, "unwrapBatched");
}

}  // namespace torch_func
