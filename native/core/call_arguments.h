#pragma once
// The arguments of the addon's own functions (operators read theirs in arguments.h). A wrong one is a
// TypeError that names the function and the argument: Node-API's own "A number was expected" does not
// tell which.

#include <napi.h>

#include <cstdint>
#include <string>

namespace torch_func {

// `text` between quotes, cut where it is too long for a message.
std::string inQuotes(const std::string& text);

bool booleanParameter(const Napi::CallbackInfo& info, size_t position, const char* function, const char* name);
// An integer that a double holds exactly.
int64_t integerParameter(const Napi::CallbackInfo& info, size_t position, const char* function, const char* name);
std::string stringParameter(const Napi::CallbackInfo& info, size_t position, const char* function, const char* name);

}  // namespace torch_func
