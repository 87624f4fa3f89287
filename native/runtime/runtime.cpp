// Settings of libtorch's global context: determinism and the precision of float32 products.

#include <ATen/Context.h>

#include "core/call_arguments.h"
#include "core/errors.h"
#include "exports.h"

namespace torch_func {

namespace {

// setDeterministicAlgorithms(enabled, warnOnly)
Napi::Value setDeterministicAlgorithms(const Napi::CallbackInfo& info) {
  const bool enabled = booleanParameter(info, 0, "use_deterministic_algorithms", "mode");
  at::globalContext().setDeterministicAlgorithms(enabled, booleanParameter(info, 1, "use_deterministic_algorithms", "warnOnly"));
  return info.Env().Undefined();
}

Napi::Value deterministicAlgorithms(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), at::globalContext().deterministicAlgorithms());
}

Napi::Value deterministicAlgorithmsWarnOnly(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), at::globalContext().deterministicAlgorithmsWarnOnly());
}

Napi::Value setFloat32MatmulPrecision(const Napi::CallbackInfo& info) {
  at::globalContext().setFloat32MatmulPrecision(stringParameter(info, 0, "set_float32_matmul_precision", "precision"));
  return info.Env().Undefined();
}

Napi::Value float32MatmulPrecision(const Napi::CallbackInfo& info) {
  const char* name = "highest";
  switch (at::globalContext().float32MatmulPrecision()) {
    case at::Float32MatmulPrecision::HIGHEST: break;
    case at::Float32MatmulPrecision::HIGH: name = "high"; break;
    case at::Float32MatmulPrecision::MEDIUM: name = "medium"; break;
  }
  return Napi::String::New(info.Env(), name);
}

}  // namespace

void defineRuntime(Napi::Object exports) {
  define<setDeterministicAlgorithms>(exports, "setDeterministicAlgorithms");
  define<deterministicAlgorithms>(exports, "deterministicAlgorithms");
  define<deterministicAlgorithmsWarnOnly>(exports, "deterministicAlgorithmsWarnOnly");
  define<setFloat32MatmulPrecision>(exports, "setFloat32MatmulPrecision");
  define<float32MatmulPrecision>(exports, "float32MatmulPrecision");
}

}  // namespace torch_func
