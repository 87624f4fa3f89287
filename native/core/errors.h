#pragma once
// The one guard through which every entry point of the addon passes. A C++ exception that left an
// addon function would end the process; here it becomes a JavaScript error with libtorch's message.

#include <napi.h>

#include <stdexcept>
#include <string>

#include "core/environment.h"

namespace torch_func {

// A wrong argument found by the addon itself: becomes the JavaScript error of the class it names.
class ArgumentError : public std::runtime_error {
 public:
  ArgumentError(ErrorClass kind, const std::string& message) : std::runtime_error(message), kind(kind) {}
  ErrorClass kind;
};

[[noreturn]] void throwTypeError(const std::string& message);
[[noreturn]] void throwValueError(const std::string& message);
[[noreturn]] void throwRuntimeError(const std::string& message);

// Thrown when a Node-API call reports that a JavaScript exception is pending (a getter of the user's
// that threw, say): that exception reaches the caller as it is.
class PendingException : public std::exception {};

inline void check(napi_env env, napi_status status) {
  if (status == napi_ok) return;
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (pending) throw PendingException();
  const napi_extended_error_info* info = nullptr;
  napi_get_last_error_info(env, &info);
  throw std::runtime_error(info != nullptr && info->error_message != nullptr ? info->error_message
                                                                             : "Node-API call failed");
}

// Thrown where so little of the thread's stack is left that libtorch could overrun it, and where more
// transforms are inside each other than a program has that comes to an end.
class StackExhausted : public std::runtime_error {
 public:
  explicit StackExhausted(const std::string& why = "") : std::runtime_error("Maximum call stack size exceeded" + why) {}
};

// Turns the exception being handled into a pending JavaScript exception. Call from a catch block.
void raiseCurrentException(Environment& environment);

// Whether a function may be refused for want of stack. What restores a state on the way out may not:
// a level that stayed pushed would send every later operator through functorch.
enum class StackCheck { Needed, Unwinding };

// Runs `body`, returns its value, or raises; then emits the warnings that libtorch gave meanwhile.
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
    Napi::CallbackInfo callback(env, info);
    return function(callback);
  });
}

// Adds a guarded function to the addon's exports.
template <NativeFunction function, StackCheck stackCheck = StackCheck::Needed>
void define(Napi::Object exports, const char* name) {
  napi_env env = exports.Env();
  napi_value value;
  check(env, napi_create_function(env, name, NAPI_AUTO_LENGTH, guarded<function, stackCheck>, nullptr, &value));
  exports.Set(name, Napi::Value(env, value));
}

}  // namespace torch_func
