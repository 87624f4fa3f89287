// Creates the array of a call frame.

#include "core/call_frame.h"

#include "core/errors.h"

namespace torch_func {

void CallFrame::create(napi_env env) {
  if (array_ != nullptr) return;
  constexpr size_t kLength = 1 + kValues;
  void* data = nullptr;
  napi_value buffer, array;
  check(env, napi_create_arraybuffer(env, kLength * sizeof(int32_t), &data, &buffer));
  check(env, napi_create_typedarray(env, napi_int32_array, kLength, buffer, 0, &array));
  check(env, napi_create_reference(env, array, 1, &array_));
  data_ = static_cast<int32_t*>(data);
}

napi_value CallFrame::array(napi_env env) const {
  napi_value array;
  check(env, napi_get_reference_value(env, array_, &array));
  return array;
}

}  // namespace torch_func
