#pragma once
// The Externals that the addon hands to JavaScript, and their type tags.
//
// An External is an untyped pointer. IsExternal() is true for one of any kind, also for one of another addon, and a
// cast to the wrong type crashes the process. Node-API stores a tag with each External and compares it before the cast.
// Tensors and generators are recognised by their address instead, which is cheaper (core/handle_pool.h).

#include <napi.h>

#include <memory>
#include <string>

#include "core/environment.h"
#include "core/errors.h"
#include "core/tensor_handle.h"

namespace torch_func {

inline constexpr napi_type_tag kGraphNodeTag = {0x8fc5066290aed675, 0x6809d45e2bc8b6e1};
inline constexpr napi_type_tag kFunctionNodeTag = {0xb4cb5a5e636f8afa, 0x7adb3af7d8996502};

// An External that owns `data`. See Note [Basic finalizers and the second environment].
template <typename Data>
napi_value wrapExternal(Environment& environment, std::unique_ptr<Data> data, const napi_type_tag& tag) {
  napi_value value;
  const auto finalize = [](node_api_basic_env, void* data, void*) { delete static_cast<Data*>(data); };
  check(environment.env, napi_create_external(environment.finalizerEnv(), data.get(), finalize, nullptr, &value));
  data.release();
  check(environment.env, napi_type_tag_object(environment.env, value, &tag));
  return value;
}

// The data of an External with this tag. Throws a TypeError that names `argument` for any other value.
template <typename Data>
Data& toExternalData(Environment& environment, napi_value value, const napi_type_tag& tag, const char* argument,
                     const char* expected) {
  napi_env env = environment.env;
  napi_valuetype type;
  check(env, napi_typeof(env, value, &type));
  bool matches = false;
  if (type == napi_external) check(env, napi_check_object_type_tag(env, value, &tag, &matches));
  if (!matches) {
    throwTypeError(std::string("argument '") + argument + "' must be " + expected + ", not " +
                   describe(environment, value));
  }
  void* data = nullptr;
  check(env, napi_get_value_external(env, value, &data));
  return *static_cast<Data*>(data);
}

}  // namespace torch_func
