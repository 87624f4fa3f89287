// What lib/compile/linear.ts calls: recordings of linear functions, and their calls.

#include <napi.h>

#include <memory>
#include <utility>
#include <vector>

#include "compile/call/linear_function.h"
#include "compile/call/owned_function.h"
#include "compile/exports.h"
#include "core/call_arguments.h"
#include "core/errors.h"
#include "core/result_call.h"
#include "core/type_tags.h"

namespace torch_func {

namespace {

using compile::LinearFunction;

constexpr napi_type_tag kLinearFunctionTag = {0x6d3b9a2e7c514f08, 0xb18f40d9e6a27c53};

LinearFunction& toLinearFunction(const Napi::CallbackInfo& info) {
  return toExternalData<LinearFunction>(Environment::of(info.Env()), info[0], kLinearFunctionTag, "linear",
                                        "a linear function");
}

// What a call from JavaScript returns if it has not computed anything.
enum class Refusal : int8_t { OtherTypes, NotPlain };

napi_value refuse(napi_env env, Refusal why) {
  napi_value value;
  check(env, napi_create_int32(env, static_cast<int32_t>(why), &value));
  return value;
}

// The outputs: a tensor if there is one, else an array; or the number of the Refusal.
napi_value callLinear(napi_env env, napi_callback_info info) {
  return runResultCall(env, info, [](const ResultCall& call, void* data) -> napi_value {
    auto& function = *static_cast<LinearFunction*>(data);
    std::vector<at::Tensor> inputs, outputs;
    for (size_t i = 0; i < call.values.size(); ++i) {
      TensorHandle* handle = call.known(i + 1);
      if (handle == nullptr) handle = tensorHandleOf(call.environment, call.values[i]);
      if (handle == nullptr) return refuse(call.environment.env, Refusal::OtherTypes);
      inputs.push_back(operandOf(*handle, "tangent"));
    }
    if (!function.accepts(inputs)) return refuse(call.environment.env, Refusal::OtherTypes);
    if (!LinearFunction::isPlain(inputs)) return refuse(call.environment.env, Refusal::NotPlain);
    function.call(std::move(inputs), outputs);
    if (outputs.size() == 1) return wrapTensor(call.environment, std::move(outputs[0]));
    return wrapTensorList(call.environment, outputs);
  });
}

// beginLinear(inputs, fixed, refusesCallbacks): [what owns the function, the function that calls it], and records from
// now on; null if a call cannot be recorded now.
Napi::Value beginLinear(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  auto inputs = toTensorList(environment, info[0], "inputs");
  const auto fixed = toTensorList(environment, info[1], "fixed");
  if (!LinearFunction::canRecord(inputs) || !LinearFunction::canRecord(fixed)) return info.Env().Null();
  auto linear = std::make_unique<LinearFunction>(std::move(inputs), fixed,
                                                 booleanParameter(info, 2, "beginLinear", "refusesCallbacks"));
  LinearFunction* pointer = linear.get();
  const Napi::Value result =
      compile::ownedFunction(info.Env(), "linear", callLinear, std::move(linear), kLinearFunctionTag);
  pointer->start();
  return result;
}

// stopLinear(linear): also when the function has thrown.
Napi::Value stopLinear(const Napi::CallbackInfo& info) {
  toLinearFunction(info).stop();
  return info.Env().Undefined();
}

// finishLinear(linear, outputs, values): why the recording cannot be repeated; '' if it can.
Napi::Value finishLinear(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  const auto outputs = toTensorList(environment, info[1], "outputs");
  const auto values = toTensorList(environment, info[2], "values");
  return Napi::String::New(info.Env(), toLinearFunction(info).finish(outputs, values));
}

// abandonLinear(linear): the recorded call is made again.
Napi::Value abandonLinear(const Napi::CallbackInfo& info) {
  toLinearFunction(info).abandon();
  return info.Env().Undefined();
}

// callDifferentiably(linear, inputs): of the right types. The outputs.
Napi::Value callDifferentiably(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  std::vector<at::Tensor> outputs;
  toLinearFunction(info).callDifferentiably(toTensorList(environment, info[1], "inputs"), outputs);
  return Napi::Value(info.Env(), wrapTensorList(environment, outputs));
}

}  // namespace

void defineLinear(Napi::Object exports) {
  define<beginLinear>(exports, "beginLinear");
  define<stopLinear, StackCheck::Unwinding>(exports, "stopLinear");
  define<finishLinear>(exports, "finishLinear");
  define<abandonLinear>(exports, "abandonLinear");
  define<callDifferentiably>(exports, "callDifferentiably");
}

}  // namespace torch_func
