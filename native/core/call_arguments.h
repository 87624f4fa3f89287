#pragma once
// Reads the arguments of the addon's own functions (arguments.h reads those of operators). A wrong type is a TypeError
// that names the function and the argument; Node-API's own "A number was expected" names neither.

#include <napi.h>

#include <cstdint>
#include <string>

namespace torch_func {

// `text` in quotes, shortened if it is too long for a message.
std::string inQuotes(const std::string& text);

bool booleanParameter(const Napi::CallbackInfo& info, size_t position, const char* function, const char* name);
// A safe integer (core/safe_integers.h).
int64_t integerParameter(const Napi::CallbackInfo& info, size_t position, const char* function, const char* name);
std::string stringParameter(const Napi::CallbackInfo& info, size_t position, const char* function, const char* name);

}  // namespace torch_func
