// Hooks in JavaScript: on the gradient of a tensor, on a node of the graph, and after accumulation into `grad`.

#include <ATen/core/Tensor.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "addon/exports.h"
#include "autograd/callbacks.h"
#include "autograd/graph_node.h"
#include "core/call_arguments.h"
#include "core/environment.h"
#include "core/errors.h"
#include "core/tensor_handle.h"

namespace torch_func {

namespace {

namespace autograd = torch::autograd;
using autograd::variable_list;
using TokenPointer = std::shared_ptr<CallbackToken>;

TokenPointer makeToken(const Napi::CallbackInfo& info, const char* function) {
  return std::make_shared<CallbackToken>(siteOf(info), integerParameter(info, 2, function, "number"));
}

bool isUndefined(napi_env env, napi_value value) {
  napi_valuetype type;
  check(env, napi_typeof(env, value, &type));
  return type == napi_undefined;
}

// The gradient that a hook returns to replace this one; an undefined tensor to keep it.
at::Tensor callTensorHook(const CallbackToken& token, const at::Tensor& gradient) {
  if (!gradient.defined()) return {};
  checkThread(*token.site, "a hook");
  Napi::HandleScope scope(token.site->env);
  Environment& environment = Environment::of(token.site->env);
  napi_value result = callDispatcher(token, {wrapTensor(environment, gradient)});
  return isUndefined(environment.env, result) ? at::Tensor() : toTensor(environment, result, "result of the hook");
}

// registerHook(site, tensor, number)
Napi::Value registerHook(const Napi::CallbackInfo& info) {
  const at::Tensor& tensor = toTensor(Environment::of(info.Env()), info[1], "input");
  tensor.register_hook([token = makeToken(info, "registerHook")](const at::Tensor& gradient) {
    return callTensorHook(*token, gradient);
  });
  return info.Env().Undefined();
}

// The gradients that a node's hook returns to replace `gradients`, which may contain undefined ones.
variable_list callNodeHook(const CallbackToken& token, const variable_list& gradients,
                           std::initializer_list<napi_value> arguments) {
  Environment& environment = Environment::of(token.site->env);
  napi_value result = callDispatcher(token, arguments);
  if (isUndefined(environment.env, result)) return gradients;
  variable_list replaced = toTensorList(environment, result, "result of the hook", /*allowNull=*/true);
  if (replaced.size() != gradients.size()) {
    throwRuntimeError("hook has returned an incorrect number of values (got " + std::to_string(replaced.size()) +
                      ", expected " + std::to_string(gradients.size()) + ")");
  }
  for (size_t i = 0; i < replaced.size(); ++i) {
    if (!replaced[i].defined()) continue;
    if (!gradients[i].defined()) throwRuntimeError("can't replace a None gradient with a non-None value");
    autograd::check_variable_result(gradients[i], replaced[i], "hook");
  }
  return replaced;
}

struct NodePreHook : public autograd::FunctionPreHook {
  explicit NodePreHook(TokenPointer token) : token(std::move(token)) {}
  variable_list operator()(const variable_list& gradients) override {
    checkThread(*token->site, "a hook");
    Napi::HandleScope scope(token->site->env);
    return callNodeHook(*token, gradients, {wrapTensorList(Environment::of(token->site->env), gradients)});
  }
  TokenPointer token;
};

struct NodePostHook : public autograd::FunctionPostHook {
  explicit NodePostHook(TokenPointer token) : token(std::move(token)) {}
  variable_list operator()(const variable_list& outputs, const variable_list& inputs) override {
    checkThread(*token->site, "a hook");
    Napi::HandleScope scope(token->site->env);
    Environment& environment = Environment::of(token->site->env);
    return callNodeHook(*token, outputs, {wrapTensorList(environment, outputs), wrapTensorList(environment, inputs)});
  }
  TokenPointer token;
};

// registerNodeHook(site, node, number): called after the node has run, with its outputs and inputs.
Napi::Value registerNodeHook(const Napi::CallbackInfo& info) {
  toNode(info[1])->add_post_hook(std::make_unique<NodePostHook>(makeToken(info, "registerNodeHook")));
  return info.Env().Undefined();
}

// registerNodePrehook(site, node, number): called before the node runs, with its inputs.
Napi::Value registerNodePrehook(const Napi::CallbackInfo& info) {
  toNode(info[1])->add_pre_hook(std::make_unique<NodePreHook>(makeToken(info, "registerNodePrehook")));
  return info.Env().Undefined();
}

// libtorch allows one such hook per tensor; this one calls all that JavaScript has registered.
struct AccumulateHooks : public autograd::PostAccumulateGradHook {
  void operator()(const at::Tensor& tensor) override {
    for (const TokenPointer& token : tokens) {
      checkThread(*token->site, "a hook");
      Napi::HandleScope scope(token->site->env);
      callDispatcher(*token, {wrapTensor(Environment::of(token->site->env), tensor)});
    }
  }
  std::vector<TokenPointer> tokens;
};

// registerAccumulateHook(site, tensor, number)
Napi::Value registerAccumulateHook(const Napi::CallbackInfo& info) {
  const at::Tensor& tensor = toTensor(Environment::of(info.Env()), info[1], "input");
  auto token = makeToken(info, "registerAccumulateHook");
  auto* hooks = dynamic_cast<AccumulateHooks*>(autograd::impl::post_acc_grad_hooks(tensor).get());
  if (hooks == nullptr) {
    auto created = std::make_unique<AccumulateHooks>();
    hooks = created.get();
    autograd::impl::set_post_acc_grad_hooks(tensor, std::move(created));
  }
  hooks->tokens.push_back(std::move(token));
  return info.Env().Undefined();
}

}  // namespace

void defineHooks(Napi::Object exports) {
  define<registerHook>(exports, "registerHook");
  define<registerNodeHook>(exports, "registerNodeHook");
  define<registerNodePrehook>(exports, "registerNodePrehook");
  define<registerAccumulateHook>(exports, "registerAccumulateHook");
}

}  // namespace torch_func
