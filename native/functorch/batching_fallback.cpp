// What vmap does with an operator that has no batching rule: whether libtorch runs it sample by sample, and whether it
// warns then.

#include <ATen/functorch/BatchedFallback.h>

#include "addon/exports.h"
#include "core/call_arguments.h"
#include "core/errors.h"

namespace torch_func {

namespace {

namespace functorch = at::functorch;

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

void defineBatchingFallback(Napi::Object exports) {
  define<setVmapFallbackEnabled, StackCheck::Unwinding>(exports, "setVmapFallbackEnabled");
  define<isVmapFallbackEnabled>(exports, "isVmapFallbackEnabled");
  define<setVmapFallbackWarningEnabled, StackCheck::Unwinding>(exports, "setVmapFallbackWarningEnabled");
  define<isVmapFallbackWarningEnabled>(exports, "isVmapFallbackWarningEnabled");
}

}  // namespace torch_func
