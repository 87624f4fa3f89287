#pragma once
// A call whose first argument is the empty Tensor object for its result, and whose tensors come by their slots
// (lib/operator.ts): the operators, and what must be as fast.

#include <c10/util/ArrayRef.h>

#include "core/arguments.h"
#include "core/call_frame.h"
#include "core/errors.h"
#include "core/tensor_handle.h"

namespace torch_func {

struct ResultCall {
  Environment& environment;
  napi_value thisValue;
  c10::ArrayRef<napi_value> values;  // without the object for the result
  CallFrame::Slots slots;            // of `this`, then of the values

  // The handle of a value that the caller recognized as a Tensor, or null.
  TensorHandle* known(size_t position) const {
    return position < slots.size() ? environment.handles().find(slots[position]) : nullptr;
  }
  TensorHandle* self() const { return known(0); }

  void read(size_t i, Argument& argument) const {
    if (TensorHandle* tensor = known(i + 1)) {
      argument.setTensor(values[i], tensor);
    } else {
      readArgument(environment, values[i], argument);
    }
  }
};

using ResultFunction = napi_value (*)(const ResultCall&);

// Runs `body(call, data)` under the guard; `data` is that of the function.
template <typename Body>
napi_value runResultCall(napi_env env, napi_callback_info info, Body&& body) {
  // More arguments than most operators have.
  constexpr size_t kUsual = 8;
  napi_value values[kUsual];
  size_t count = kUsual;
  napi_value thisValue;
  void* data = nullptr;
  if (napi_get_cb_info(env, info, &count, values, &thisValue, &data) != napi_ok) return nullptr;
  Environment& environment = Environment::of(env);
  int32_t resultSlot = -1;
  napi_value result = guard(environment, [&]() -> napi_value {
    if (count == 0) throwTypeError("the function must be called with the object for its result");
    const CallFrame::Slots slots = environment.frame.slots();
    CallFrame::Scope scope(environment.frame, values[0]);
    napi_value value;
    if (count <= kUsual) {
      value = body(ResultCall{environment, thisValue, {values + 1, count - 1}, slots}, data);
    } else {
      std::vector<napi_value> all(count);
      check(env, napi_get_cb_info(env, info, &count, all.data(), nullptr, nullptr));
      value = body(ResultCall{environment, thisValue, {all.data() + 1, count - 1}, slots}, data);
    }
    resultSlot = environment.frame.resultSlot;
    return value;
  });
  // After the guard: a handler of warnings may have called other operators.
  environment.frame.setResult(resultSlot);
  return result;
}

// Adds a function of this kind to the addon's exports.
template <ResultFunction function>
void define(Napi::Object exports, const char* name) {
  napi_env env = exports.Env();
  auto call = [](napi_env env, napi_callback_info info) {
    return runResultCall(env, info, [](const ResultCall& given, void*) { return function(given); });
  };
  napi_value value;
  check(env, napi_create_function(env, name, NAPI_AUTO_LENGTH, call, nullptr, &value));
  exports.Set(name, Napi::Value(env, value));
}

}  // namespace torch_func
