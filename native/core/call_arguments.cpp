// Type checks of the arguments of the addon's own functions.

#include "core/call_arguments.h"

#include <cmath>

#include "core/errors.h"
#include "core/safe_integers.h"
#include "core/tensor_handle.h"

namespace torch_func {

namespace {

[[noreturn]] void throwWrong(const Napi::CallbackInfo& info, size_t position, const char* function, const char* name,
                             const char* expected) {
  throwTypeError(std::string(function) + "(): argument '" + name + "' (position " + std::to_string(position + 1) +
                 ") must be " + expected + ", not " + describe(Environment::of(info.Env()), info[position]));
}

}  // namespace

std::string inQuotes(const std::string& text) {
  constexpr size_t kMaxBytes = 100;
  if (text.size() <= kMaxBytes) return "'" + text + "'";
  // Do not cut inside a UTF-8 sequence.
  size_t end = kMaxBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return "'" + text.substr(0, end) + "...' (" + std::to_string(text.size()) + " bytes)";
}

bool booleanParameter(const Napi::CallbackInfo& info, size_t position, const char* function, const char* name) {
  if (!info[position].IsBoolean()) throwWrong(info, position, function, name, "boolean");
  return info[position].As<Napi::Boolean>().Value();
}

int64_t integerParameter(const Napi::CallbackInfo& info, size_t position, const char* function, const char* name) {
  if (!info[position].IsNumber()) throwWrong(info, position, function, name, "an integer");
  const double value = info[position].As<Napi::Number>().DoubleValue();
  if (std::trunc(value) != value || std::abs(value) > static_cast<double>(kMaxSafeInteger))
    throwWrong(info, position, function, name, "an integer");
  return static_cast<int64_t>(value);
}

std::string stringParameter(const Napi::CallbackInfo& info, size_t position, const char* function, const char* name) {
  if (!info[position].IsString()) throwWrong(info, position, function, name, "a string");
  return info[position].As<Napi::String>();
}

}  // namespace torch_func
