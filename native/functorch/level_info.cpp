// Describes the levels of functorch's interpreter stack to JavaScript.

#include "functorch/level_info.h"

#include <ATen/functorch/DynamicLayer.h>

#include <variant>

#include "addon/exports.h"
#include "core/errors.h"

namespace torch_func {

namespace {

namespace functorch = at::functorch;

const char* randomnessName(functorch::RandomnessType randomness) {
  switch (randomness) {
    case functorch::RandomnessType::Same: return "same";
    case functorch::RandomnessType::Different: return "different";
    default: return "error";
  }
}

Napi::Object describeLevel(napi_env env, const functorch::DynamicLayer& layer) {
  auto result = Napi::Object::New(env);
  result.Set("kind", kindName(layer.key()));
  result.Set("level", static_cast<double>(layer.layerId()));
  const auto& meta = layer.interpreter().meta();
  if (auto* grad = std::get_if<functorch::GradInterpreterMeta>(&meta)) {
    result.Set("previousMode", grad->prevGradMode_);
  } else if (auto* jvp = std::get_if<functorch::JvpInterpreterMeta>(&meta)) {
    result.Set("previousMode", jvp->prevFwdGradMode_);
  } else if (auto* vmap = std::get_if<functorch::VmapInterpreterMeta>(&meta)) {
    result.Set("batchSize", static_cast<double>(vmap->batchSize_.guard_int(__FILE__, __LINE__)));
    result.Set("randomness", randomnessName(vmap->randomness_));
  }
  return result;
}

// topLevel(): the innermost active level; null outside of transforms.
Napi::Value topLevel(const Napi::CallbackInfo& info) {
  const auto& stack = functorch::getDynamicLayerStack();
  return stack.empty() ? info.Env().Null() : Napi::Value(describeLevel(info.Env(), stack.back()));
}

// levels(): all active levels, outermost first.
Napi::Value levels(const Napi::CallbackInfo& info) {
  const auto& stack = functorch::getDynamicLayerStack();
  auto result = Napi::Array::New(info.Env(), stack.size());
  for (size_t i = 0; i < stack.size(); ++i) result.Set(static_cast<uint32_t>(i), describeLevel(info.Env(), stack[i]));
  return result;
}

}  // namespace

const char* kindName(functorch::TransformType type) {
  switch (type) {
    case functorch::TransformType::Grad: return "grad";
    case functorch::TransformType::Jvp: return "jvp";
    case functorch::TransformType::Vmap: return "vmap";
    default: return "functionalize";
  }
}

void defineLevelInfo(Napi::Object exports) {
  define<topLevel>(exports, "topLevel");
  define<levels>(exports, "levels");
}

}  // namespace torch_func
