#pragma once
// The guard around every exported function. A C++ exception must never escape an exported function: it would terminate
// the process. The guard turns it into a JavaScript error with the same message.

#include <napi.h>

#include <stdexcept>
#include <string>

#include "core/environment.h"

namespace torch_func {

// A wrong argument that the addon itself found. Becomes a JavaScript error of the class that it names.
class ArgumentError : public std::runtime_error {
 public:
  ArgumentError(ErrorClass kind, const std::string& message) : std::runtime_error(message), kind(kind) {}
  ErrorClass kind;
};

[[noreturn]] void throwTypeError(const std::string& message);
[[noreturn]] void throwValueError(const std::string& message);
[[noreturn]] void throwRuntimeError(const std::string& message);

// Thrown when a Node-API call reports a pending JavaScript exception, for example one thrown by a getter of the user.
// That exception reaches the caller unchanged.
class PendingException : public std::exception {};

inline void check(napi_env env, napi_status status) {
  if (status == napi_ok) return;
  // Read it first: every further call replaces it.
  const napi_extended_error_info* info = nullptr;
  napi_get_last_error_info(env, &info);
  const char* message =
      info != nullptr && info->error_message != nullptr ? info->error_message : "Node-API call failed";
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (pending) throw PendingException();
  throw std::runtime_error(message);
}

// Thrown when libtorch could overrun the rest of the thread's stack, and when more transforms are nested than any
// program needs that terminates.
class StackExhausted : public std::runtime_error {
 public:
  explicit StackExhausted(const std::string& why = "") : std::runtime_error("Maximum call stack size exceeded" + why) {}
};

// Turns the current C++ exception into a pending JavaScript exception. Call it from a catch block.
void raiseCurrentException(Environment& environment);

// Whether a function may throw StackExhausted. A function that restores a state may not: a level that stays pushed
// sends every later operator through functorch.
enum class StackCheck { Needed, Unwinding };

// Runs `body` and returns its value, or raises a JavaScript exception; then emits the collected warnings.
template <StackCheck stackCheck = StackCheck::Needed, typename Body>
napi_value guard(Environment& environment, Body&& body) {
  napi_value result = nullptr;
  try {
    if constexpr (stackCheck == StackCheck::Needed) environment.stack.check();
    result = body();
  } catch (...) {
    raiseCurrentException(environment);
  }
  environment.emitWarnings();
  return result;
}

using NativeFunction = Napi::Value (*)(const Napi::CallbackInfo&);

template <NativeFunction function, StackCheck stackCheck>
napi_value guarded(napi_env env, napi_callback_info info) {
  return guard<stackCheck>(Environment::of(env), [&]() -> napi_value {
    // An argument of an operator may call it, for example a getter: the operator's object is not for its result.
    CallFrame::Scope scope(Environment::of(env).frame, nullptr);
    Napi::CallbackInfo callback(env, info);
    return function(callback);
  });
}

// Adds a function to the addon's exports, with the guard around it.
template <NativeFunction function, StackCheck stackCheck = StackCheck::Needed>
void define(Napi::Object exports, const char* name) {
  napi_env env = exports.Env();
  napi_value value;
  check(env, napi_create_function(env, name, NAPI_AUTO_LENGTH, guarded<function, stackCheck>, nullptr, &value));
  exports.Set(name, Napi::Value(env, value));
}

}  // namespace torch_func
