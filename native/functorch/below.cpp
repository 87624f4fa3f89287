// What a custom function needs to be carried from one level of functorch's stack to the next below, as
// libtorch does it for operators: which level is on top, leaving it for a time, moving tensors across it.

#include <ATen/functorch/ADInterpreters.h>
#include <ATen/functorch/BatchedTensorImpl.h>
#include <ATen/functorch/DynamicLayer.h>

#include <string>
#include <utility>
#include <vector>

#include "core/call_arguments.h"
#include "core/errors.h"
#include "core/tensor_handle.h"
#include "exports.h"
#include "functorch/batch_levels.h"

namespace torch_func {

namespace {

namespace functorch = at::functorch;
using functorch::TransformType;

// The levels that were left for a time, innermost last. Theirs is the thread whose stack they come from.
struct PoppedLevel {
  functorch::DynamicLayer layer;
  uint64_t call;
};
thread_local std::vector<PoppedLevel> popped;

// popLevelTemporarily(): leaves the top level; what runs until restoreLevel() belongs to the level below.
Napi::Value popLevelTemporarily(const Napi::CallbackInfo& info) {
  if (!functorch::maybeCurrentDynamicLayer()) throwRuntimeError("popLevelTemporarily(): there is no active transform");
  popped.push_back({functorch::popDynamicLayer(), levelPoppedTemporarily()});
  return Napi::Number::New(info.Env(), static_cast<double>(popped.size()));
}

// restoreLevel(number): enters again the level that the call of popLevelTemporarily() which gave this number has left.
Napi::Value restoreLevel(const Napi::CallbackInfo& info) {
  const int64_t number = integerParameter(info, 0, "restoreLevel", "number");
  if (number < 1 || static_cast<size_t>(number) != popped.size()) {
    throwRuntimeError("restoreLevel(): " + std::to_string(number) + " is not the level that was left last");
  }
  PoppedLevel level = std::move(popped.back());
  popped.pop_back();
  functorch::pushDynamicLayer(std::move(level.layer));
  levelRestored(level.call);
  return info.Env().Undefined();
}

// liftToTop(tensor): wrapped at the top level, which must be one of grad or jvp, if it is not yet.
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

// unwrapDead(tensor): the value of a wrapper whose level is gone, of that value if need be, and so on.
Napi::Value unwrapDead(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  const at::Tensor& tensor = toTensor(environment, info[0], "tensor");
  const at::Tensor& value = withoutEndedLevels(tensor);
  return value.is_same(tensor) ? info[0] : Napi::Value(info.Env(), wrapTensor(environment, value));
}

// unwrapBatched(tensor, level): [value, batch dimension] if it is batched at exactly this level, else
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
