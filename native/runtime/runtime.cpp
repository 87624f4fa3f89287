// Settings of libtorch (threads, warnings, the default dtype and device, determinism, float32 precision), its
// description, and functions of the C library.

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/autocast_mode.h>
#include <c10/core/DefaultDtype.h>
#include <c10/util/Exception.h>
#include <torch/version.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <thread>

#include "addon/exports.h"
#include "compile/async/thread_pool.h"
#include "core/arguments.h"
#include "core/call_arguments.h"
#include "core/default_device.h"
#include "core/errors.h"
#include "operators/results.h"
#include "runtime/cuda_library.h"

namespace torch_func {

namespace {

using Kind = Argument::Kind;

Napi::Value toNumber(napi_env env, int64_t value) { return Napi::Value(env, wrapInteger(env, value)); }

// --- threads ----------------------------------------------------------------------------------

int readThreadCount(const Napi::CallbackInfo& info, const char* function) {
  Environment& environment = Environment::of(info.Env());
  Argument count;
  readArgument(environment, info[0], count);
  if (!count.isInteger())
    throwRuntimeError(std::string(function) + " expects an int, but got " + describe(environment, count));
  if (count.integer <= 0) throwRuntimeError(std::string(function) + " expects a positive integer");
  if (count.integer > std::numeric_limits<int>::max()) throwValueError("Overflow when unpacking long");
  // Python accepts any number, but OpenMP ends the process if it cannot start that many threads.
  const int64_t most = std::max<int64_t>(1024, 8 * int64_t{std::thread::hardware_concurrency()});
  if (count.integer > most) {
    throwValueError(std::string(function) + " expects at most " + std::to_string(most) + " threads, but got " +
                    std::to_string(count.integer));
  }
  return static_cast<int>(count.integer);
}

Napi::Value setNumThreads(const Napi::CallbackInfo& info) {
  const int count = readThreadCount(info, "set_num_threads");
  at::set_num_threads(count);
  compile::ThreadPool::instance().setSize(static_cast<size_t>(count));
  return info.Env().Undefined();
}

Napi::Value setNumInteropThreads(const Napi::CallbackInfo& info) {
  at::set_num_interop_threads(readThreadCount(info, "set_num_interop_threads"));
  return info.Env().Undefined();
}

Napi::Value getNumThreads(const Napi::CallbackInfo& info) { return toNumber(info.Env(), at::get_num_threads()); }
Napi::Value getNumInteropThreads(const Napi::CallbackInfo& info) {
  return toNumber(info.Env(), static_cast<int64_t>(at::get_num_interop_threads()));
}

// --- warnings -----------------------------------------------------------------------------------

Napi::Value setWarnAlways(const Napi::CallbackInfo& info) {
  c10::WarningUtils::set_warnAlways(info[0].ToBoolean());
  return info.Env().Undefined();
}

Napi::Value getWarnAlways(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), c10::WarningUtils::get_warnAlways());
}

// --- the default dtype ------------------------------------------------------------------------

Napi::Value setDefaultDtype(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  Argument argument;
  readArgument(environment, info[0], argument);
  const auto type = argument.kind == Kind::String ? parseDtype(argument.text) : std::nullopt;
  if (!type) {
    const std::string got = argument.kind == Kind::String ? inQuotes(argument.text) : describe(environment, argument);
    throwTypeError("invalid dtype object: only floating-point types are supported as the default type (got " + got +
                   ")");
  }
  switch (*type) {
    case at::kHalf:
    case at::kBFloat16:
    case at::kFloat:
    case at::kDouble: break;
    default:
      throwTypeError(std::string("only floating-point types are supported as the default type (got ") +
                     dtypeName(*type) + ")");
  }
  c10::set_default_dtype(c10::scalarTypeToTypeMeta(*type));
  return info.Env().Undefined();
}

Napi::Value getDefaultDtype(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), dtypeName(c10::get_default_dtype_as_scalartype()));
}

// --- the default device ---------------------------------------------------------------------------

// setDefaultDevice(device or null)
Napi::Value setDefaultDevice(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  Argument argument;
  readArgument(environment, info[0], argument);
  torch_func::setDefaultDevice(parseDevice(environment, argument));
  return info.Env().Undefined();
}

Napi::Value getDefaultDevice(const Napi::CallbackInfo& info) {
  if (!defaultDevice()) return info.Env().Null();
  return Napi::String::New(info.Env(), defaultDevice()->str());
}

// --- determinism and precision ------------------------------------------------------------------

// setDeterministicAlgorithms(enabled, warnOnly)
Napi::Value setDeterministicAlgorithms(const Napi::CallbackInfo& info) {
  const bool enabled = booleanParameter(info, 0, "use_deterministic_algorithms", "mode");
  at::globalContext().setDeterministicAlgorithms(enabled,
                                                 booleanParameter(info, 1, "use_deterministic_algorithms", "warnOnly"));
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

// --- description of libtorch -------------------------------------------------------------------------

Napi::Value libtorchVersion(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), TORCH_VERSION); }
Napi::Value libtorchPath(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), libtorchFile()); }
Napi::Value cpuCapability(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), at::get_cpu_capability());
}
Napi::Value showConfig(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), at::show_config()); }

// --- functions of the C library ------------------------------------------------------------------------

// Python's floats use them. Those of JavaScript differ in the last bit of about every tenth result.

double number(const Napi::CallbackInfo& info, size_t position, const char* function) {
  if (!info[position].IsNumber()) throwTypeError(std::string(function) + "() expects numbers");
  return info[position].As<Napi::Number>().DoubleValue();
}

Napi::Value power(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), std::pow(number(info, 0, "pow"), number(info, 1, "pow")));
}

Napi::Value cosine(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), std::cos(number(info, 0, "cos")));
}

// --- autocast: operators in a lower precision; programs that were exported with it run parts in it ---

at::DeviceType deviceTypeParameter(const Napi::CallbackInfo& info, const char* function) {
  const at::DeviceType type = c10::Device(stringParameter(info, 0, function, "deviceType")).type();
  if (!at::autocast::is_autocast_available(type)) {
    throwRuntimeError("User specified an unsupported autocast device_type '" + c10::DeviceTypeName(type, true) + "'");
  }
  return type;
}

// enterAutocast(deviceType, enabled, dtype, cacheEnabled): sets the state and returns the previous one as arguments of
// exitAutocast. A null leaves a part as it is.
Napi::Value enterAutocast(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const at::DeviceType type = deviceTypeParameter(info, "enterAutocast");
  const bool enabled = booleanParameter(info, 1, "enterAutocast", "enabled");
  auto previous = Napi::Array::New(env, 3);
  previous.Set(0u, Napi::Boolean::New(env, at::autocast::is_autocast_enabled(type)));
  previous.Set(1u, Napi::String::New(env, dtypeName(at::autocast::get_autocast_dtype(type))));
  previous.Set(2u, Napi::Boolean::New(env, at::autocast::is_autocast_cache_enabled()));
  if (!info[2].IsNull()) {
    const auto dtype = parseDtype(stringParameter(info, 2, "enterAutocast", "dtype"));
    if (!dtype) throwTypeError("enterAutocast(): argument 'dtype' must be a dtype or null");
    at::autocast::set_autocast_dtype(type, *dtype);
  }
  at::autocast::set_autocast_enabled(type, enabled);
  at::autocast::increment_nesting();
  if (!info[3].IsNull()) {
    at::autocast::set_autocast_cache_enabled(booleanParameter(info, 3, "enterAutocast", "cacheEnabled"));
  }
  return previous;
}

// exitAutocast(deviceType, enabled, dtype, cacheEnabled): restores a state.
Napi::Value exitAutocast(const Napi::CallbackInfo& info) {
  const at::DeviceType type = deviceTypeParameter(info, "exitAutocast");
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(type, booleanParameter(info, 1, "exitAutocast", "enabled"));
  const auto dtype = parseDtype(stringParameter(info, 2, "exitAutocast", "dtype"));
  if (dtype) at::autocast::set_autocast_dtype(type, *dtype);
  at::autocast::set_autocast_cache_enabled(booleanParameter(info, 3, "exitAutocast", "cacheEnabled"));
  return info.Env().Undefined();
}

}  // namespace

void defineRuntime(Napi::Object exports) {
  define<setNumThreads>(exports, "setNumThreads");
  define<setNumInteropThreads>(exports, "setNumInteropThreads");
  define<getNumThreads>(exports, "getNumThreads");
  define<getNumInteropThreads>(exports, "getNumInteropThreads");
  define<setWarnAlways>(exports, "setWarnAlways");
  define<getWarnAlways>(exports, "getWarnAlways");
  define<setDefaultDtype>(exports, "setDefaultDtype");
  define<getDefaultDtype>(exports, "getDefaultDtype");
  define<setDefaultDevice>(exports, "setDefaultDevice");
  define<getDefaultDevice>(exports, "getDefaultDevice");
  define<setDeterministicAlgorithms>(exports, "setDeterministicAlgorithms");
  define<deterministicAlgorithms>(exports, "deterministicAlgorithms");
  define<deterministicAlgorithmsWarnOnly>(exports, "deterministicAlgorithmsWarnOnly");
  define<setFloat32MatmulPrecision>(exports, "setFloat32MatmulPrecision");
  define<float32MatmulPrecision>(exports, "float32MatmulPrecision");
  define<enterAutocast>(exports, "enterAutocast");
  define<exitAutocast>(exports, "exitAutocast");
  define<libtorchVersion>(exports, "libtorchVersion");
  define<libtorchPath>(exports, "libtorchPath");
  define<cpuCapability>(exports, "cpuCapability");
  define<showConfig>(exports, "showConfig");
  define<power>(exports, "pow");
  define<cosine>(exports, "cos");
}

}  // namespace torch_func
