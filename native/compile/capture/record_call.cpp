// Records a call of a JavaScript function as a whole.

#include "compile/capture/record_call.h"

#include <string>

#include "compile/capture/recorder.h"
#include "core/errors.h"
#include "core/tensor_handle.h"

namespace torch_func::compile {

Graph recordCall(Environment& environment, const char* hook, const Napi::Value& function,
                 const std::vector<at::Tensor>& inputs, const Napi::Value& arguments) {
  if (!function.IsFunction()) {
    throwTypeError(std::string(hook) + "(): argument 'f' must be a function, not " + describe(environment, function));
  }
  Recorder recorder(inputs);
  recorder.strictApi = hook;
  recorder.start();
  napi_value result = nullptr;
  const napi_value argument = arguments;
  const napi_status status =
      napi_call_function(environment.env, arguments.Env().Undefined(), function, 1, &argument, &result);
  recorder.stop();
  check(environment.env, status);
  if (!recorder.incomplete().empty()) throwRuntimeError(recorder.incomplete());
  return recorder.finish(toTensorList(environment, result, "result", true));
}

}  // namespace torch_func::compile
