// Operators as JavaScript functions: one boxed call path through the dispatcher for all of them.

#include <ATen/core/dispatch/Dispatcher.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "addon/exports.h"
#include "compile/call/queue_argument.h"
#include "core/call_arguments.h"
#include "core/errors.h"
#include "core/result_call.h"
#include "operators/operator.h"
#include "operators/operator_call.h"

namespace torch_func {

namespace {

napi_value callOperator(napi_env env, napi_callback_info info) {
  return runResultCall(env, info, [](const ResultCall& given, void* data) {
    BoundCall call(given.environment);
    static_cast<Operator*>(data)->bind(given, call);
    execute(call);
    return wrap(call);
  });
}

// A function that owns its data.
template <typename Data>
napi_value makeFunction(Environment& environment, const std::string& name, napi_callback call,
                        std::unique_ptr<Data> data) {
  napi_value function;
  check(environment.env, napi_create_function(environment.env, name.c_str(), name.size(), call, data.get(), &function));
  check(environment.env,
        napi_add_finalizer(
            environment.finalizerEnv(), function, data.get(),
            [](node_api_basic_env, void* data, void*) { delete static_cast<Data*>(data); }, nullptr, nullptr));
  data.release();
  return function;
}

// operator(displayName, overloads, isMethod): a function that calls the operator. Its arguments are the object for the
// result, then those of the operator.
Napi::Value makeOperator(const Napi::CallbackInfo& info) {
  napi_env env = info.Env();
  const std::string name = stringParameter(info, 0, "operator", "displayName");
  auto target =
      std::make_unique<Operator>(Environment::of(env), name, stringParameter(info, 1, "operator", "overloads"),
                                 booleanParameter(info, 2, "operator", "isMethod"));
  return Napi::Value(env, makeFunction(Environment::of(env), name, callOperator, std::move(target)));
}

struct AsyncOperator {
  Operator target;
  compile::AsyncQueue& queue;
};

napi_value startOperator(napi_env env, napi_callback_info info) {
  return runResultCall(env, info, [](const ResultCall& given, void* data) {
    auto& [target, queue] = *static_cast<AsyncOperator*>(data);
    compile::refuseInsideTransform("callAsync()");
    auto call = OperatorCall::prepare(target, given);
    if (call != nullptr) queue.checkLimit();
    return compile::addToQueue(queue, given.environment.env, std::move(call));
  });
}

// asyncOperator(displayName, overloads, queue): a function that starts calls of the operator; see lib/compile/async.ts.
Napi::Value asyncOperator(const Napi::CallbackInfo& info) {
  napi_env env = info.Env();
  const std::string name = stringParameter(info, 0, "asyncOperator", "displayName");
  std::unique_ptr<AsyncOperator> target(new AsyncOperator{
      Operator(Environment::of(env), name, stringParameter(info, 1, "asyncOperator", "overloads"), false),
      compile::toAsyncQueue(info, 2)});
  return Napi::Value(env, makeFunction(Environment::of(env), name, startOperator, std::move(target)));
}

// overloadNames(name): the overloads of aten::name in the dispatcher, for torch.ops.aten.
Napi::Value overloadNames(const Napi::CallbackInfo& info) {
  const std::string name = "aten::" + stringParameter(info, 0, "overloadNames", "name");
  static const std::vector<c10::OperatorName> all = c10::Dispatcher::singleton().getAllOpNames();
  auto names = Napi::Array::New(info.Env());
  uint32_t count = 0;
  for (const c10::OperatorName& candidate : all) {
    if (candidate.name == name) names.Set(count++, candidate.overload_name);
  }
  return names;
}

// operatorSchema(name): the parameters and results of an overload such as 'add.Tensor', for programs that are loaded.
Napi::Value operatorSchema(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const std::string name = stringParameter(info, 0, "operatorSchema", "name");
  if (!Overload::exists(name)) return env.Null();
  const Overload overload(name, /*isMethod=*/false);
  const c10::FunctionSchema& schema = overload.handle().schema();
  auto parameters = Napi::Array::New(env);
  for (uint32_t i = 0; i < overload.parameters().size(); ++i) {
    const Parameter& parameter = overload.parameters()[i];
    auto entry = Napi::Object::New(env);
    entry.Set("name", schema.arguments()[i].name());
    entry.Set("option", parameter.name);
    entry.Set("type", typeText(parameter.type));
    entry.Set("allowNull", Napi::Boolean::New(env, parameter.allowNull));
    entry.Set("keywordOnly", Napi::Boolean::New(env, parameter.keywordOnly));
    entry.Set("isRequired", Napi::Boolean::New(env, !parameter.defaultValue));
    entry.Set("numberAsTensor", Napi::Boolean::New(env, parameter.numberAsTensor));
    entry.Set("listSize", Napi::Number::New(env, parameter.listSize));
    parameters.Set(i, entry);
  }
  auto results = Napi::Array::New(env);
  for (uint32_t i = 0; i < schema.returns().size(); ++i) {
    results.Set(i, typeText(typeOf(schema.returns()[i].real_type())));
  }
  auto result = Napi::Object::New(env);
  result.Set("parameters", parameters);
  result.Set("results", results);
  return result;
}

// registrations(key): the operators with a kernel registered for this dispatch key. For tests.
Napi::Value registrations(const Napi::CallbackInfo& info) {
  const auto key = c10::parseDispatchKey(stringParameter(info, 0, "registrations", "key"));
  const auto found = c10::Dispatcher::singleton().getRegistrationsForDispatchKey(key);
  auto names = Napi::Array::New(info.Env(), found.size());
  for (uint32_t i = 0; i < found.size(); ++i) names.Set(i, c10::toString(found[i]));
  return names;
}

// operatorSignatures(displayName, overloads, isMethod): the signatures as error messages show them. For tests.
Napi::Value operatorSignatures(const Napi::CallbackInfo& info) {
  Operator target(Environment::of(info.Env()), stringParameter(info, 0, "operatorSignatures", "displayName"),
                  stringParameter(info, 1, "operatorSignatures", "overloads"),
                  booleanParameter(info, 2, "operatorSignatures", "isMethod"));
  return Napi::String::New(info.Env(), target.signatures());
}

}  // namespace

void defineOperators(Napi::Object exports) {
  define<makeOperator>(exports, "operator");
  define<asyncOperator>(exports, "asyncOperator");
  define<overloadNames>(exports, "overloadNames");
  define<operatorSchema>(exports, "operatorSchema");
  define<registrations>(exports, "registrations");
  define<operatorSignatures>(exports, "operatorSignatures");
}

}  // namespace torch_func
