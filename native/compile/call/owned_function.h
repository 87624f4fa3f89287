#pragma once
// A JavaScript function that calls an object of C++.

#include <napi.h>

#include <memory>
#include <utility>

#include "core/environment.h"
#include "core/errors.h"
#include "core/type_tags.h"

namespace torch_func::compile {

// Returns [what owns the object, the function]. `call` gets the object as its data; the function must not outlive the
// owner.
template <class T>
Napi::Value ownedFunction(Napi::Env env, const char* name, napi_callback call, std::unique_ptr<T> object,
                          const napi_type_tag& tag) {
  T* pointer = object.get();
  auto result = Napi::Array::New(env, 2);
  result.Set(0u, Napi::Value(env, wrapExternal(Environment::of(env), std::move(object), tag)));
  napi_value function;
  check(env, napi_create_function(env, name, NAPI_AUTO_LENGTH, call, pointer, &function));
  result.Set(1u, Napi::Value(env, function));
  return result;
}

}  // namespace torch_func::compile
