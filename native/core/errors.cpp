// Maps each C++ exception to the JavaScript error class that stands for it.

#include "core/errors.h"

#include <c10/util/Exception.h>

#include "core/remedies.h"

namespace torch_func {

namespace {

void raise(Environment& environment, ErrorClass kind, const std::string& message) {
  napi_env env = environment.env;
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (pending) return;
  if (!environment.initialized()) {
    const auto throwError = kind == ErrorClass::Type ? napi_throw_type_error : napi_throw_error;
    throwError(env, nullptr, message.c_str());
    return;
  }
  // The JavaScript class constructs the error, so its stack is that of the JavaScript call.
  napi_value text, error;
  if (napi_create_string_utf8(env, message.c_str(), message.size(), &text) == napi_ok &&
      napi_new_instance(env, environment.errorClass(kind), 1, &text, &error) == napi_ok) {
    napi_throw(env, error);
  }
}

// Once its worker is terminated or the process exits, an environment runs no JavaScript: Node-API refuses to throw, and
// node-addon-api throws that refusal in turn. There is nobody left to receive the error.
void raise(const Napi::Error& error) {
  try {
    error.ThrowAsJavaScriptException();
  } catch (const Napi::Error&) {
  }
}

// libtorch's message as Python shows it, without the C++ backtrace, followed by advice if there is any.
std::string message(const c10::Error& error) {
  const std::string text = error.what_without_backtrace();
  return inOurSpelling(text) + remedyFor(text);
}

}  // namespace

void throwTypeError(const std::string& text) { throw ArgumentError(ErrorClass::Type, text); }
void throwValueError(const std::string& text) { throw ArgumentError(ErrorClass::Value, text); }
void throwRuntimeError(const std::string& text) { throw ArgumentError(ErrorClass::Runtime, text); }

void raiseCurrentException(Environment& environment) {
  try {
    throw;
  } catch (const PendingException&) {
    // It is already pending.
  } catch (const StackExhausted& error) {
    // JavaScript's own error for stack overflow.
    napi_throw_range_error(environment.env, nullptr, error.what());
  } catch (const Napi::Error& error) {
    raise(error);
  } catch (const ArgumentError& error) {
    raise(environment, error.kind, error.what());
  } catch (const c10::NotImplementedError& error) {
    raise(environment, ErrorClass::NotImplemented, message(error));
  } catch (const c10::IndexError& error) {
    raise(environment, ErrorClass::Index, message(error));
  } catch (const c10::ValueError& error) {
    raise(environment, ErrorClass::Value, message(error));
  } catch (const c10::TypeError& error) {
    raise(environment, ErrorClass::Type, message(error));
  } catch (const c10::LinAlgError& error) {
    raise(environment, ErrorClass::LinAlg, message(error));
  } catch (const c10::OutOfMemoryError& error) {
    raise(environment, ErrorClass::OutOfMemory, message(error));
  } catch (const c10::Error& error) {
    raise(environment, ErrorClass::Runtime, message(error));
  } catch (const std::bad_alloc&) {
    raise(environment, ErrorClass::OutOfMemory, "out of memory");
  } catch (const std::exception& error) {
    raise(environment, ErrorClass::Runtime, error.what());
  } catch (...) {
    raise(environment, ErrorClass::Runtime, "unknown C++ exception");
  }
}

}  // namespace torch_func
