// Declares the few names of nlohmann/json that ATen/functorch/Interpreter.h
// mentions.
//
// That header includes <nlohmann/json.hpp>, which neither the PyTorch wheel nor
// libtorch's archive ships. Only Interpreter::serialize and
// Interpreter::deserialize use it: inline functions that this addon never calls,
// on a class with no member of a JSON type, so its layout does not depend on it.
// These declarations are enough to compile; nothing is defined, so that a call
// to serialize or deserialize added by mistake fails when the addon is linked or
// loaded instead of doing something else than PyTorch does.
//
// Keep the folder that holds this file ahead of libtorch's on the include path.
#pragma once

#include <string>

namespace nlohmann {

class json {
 public:
  json();

  template <typename T>
  explicit json(const T& value);

  static json parse(const std::string& text);

  std::string dump() const;

  template <typename T>
  T get() const;
};

} // namespace nlohmann
