// Hooks in JavaScript: on the gradient of a tensor, on a node of the graph, and after accumulation into `grad`.
// Each tensor and node has one callback per kind, which calls all hooks that JavaScript has registered.

#include <ATen/core/Tensor.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

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

struct TensorHooks : public autograd::FunctionPreHook {
  TensorHooks(CallbackPointer callback, size_t output) : callback(std::move(callback)), output(output) {}
  variable_list operator()(const variable_list& gradients) override {
    CallbackCall call(*callback, "a hook");
    variable_list results = gradients;
    results[output] = toGradient(call, call({wrapTensor(call.environment(), gradients[output])}));
    return results;
  }
  static at::Tensor toGradient(CallbackCall& call, napi_value value) {
    napi_valuetype type;
    check(call.environment().env, napi_typeof(call.environment().env, value, &type));
    return type == napi_null ? at::Tensor() : toTensor(call.environment(), value, "result of the hook");
  }
  CallbackPointer callback;
  size_t output;
};

struct NodePrehooks : public autograd::FunctionPreHook {
  explicit NodePrehooks(CallbackPointer callback) : callback(std::move(callback)) {}
  variable_list operator()(const variable_list& gradients) override {
    CallbackCall call(*callback, "a hook");
    return toTensorList(call.environment(), call({wrapTensorList(call.environment(), gradients)}), "result of the hook",
                        /*allowNull=*/true);
  }
  CallbackPointer callback;
};

struct NodeHooks : public autograd::FunctionPostHook {
  explicit NodeHooks(CallbackPointer callback) : callback(std::move(callback)) {}
  variable_list operator()(const variable_list& outputs, const variable_list& inputs) override {
    CallbackCall call(*callback, "a hook");
    Environment& environment = call.environment();
    napi_value result = call({wrapTensorList(environment, outputs), wrapTensorList(environment, inputs)});
    return toTensorList(environment, result, "result of the hook", /*allowNull=*/true);
  }
  CallbackPointer callback;
};

struct AccumulateHooks : public autograd::PostAccumulateGradHook {
  explicit AccumulateHooks(CallbackPointer callback) : callback(std::move(callback)) {}
  void operator()(const at::Tensor& tensor) override {
    CallbackCall call(*callback, "a hook");
    call({wrapTensor(call.environment(), tensor)});
  }
  CallbackPointer callback;
};

template <typename Hooks, typename List>
Hooks* find(const List& hooks) {
  for (const auto& hook : hooks) {
    if (auto* found = dynamic_cast<Hooks*>(hook.get())) return found;
  }
  return nullptr;
}

TensorHooks* findTensorHooks(const at::Tensor& tensor) {
  const auto& node = tensor.grad_fn();
  for (const auto& hook : node ? node->tensor_pre_hooks() : autograd::impl::hooks(tensor)) {
    auto* found = dynamic_cast<TensorHooks*>(hook.get());
    if (found != nullptr && found->output == tensor.output_nr()) return found;
  }
  return nullptr;
}

template <typename Hooks>
Napi::Value functionOf(const Napi::CallbackInfo& info, Hooks* hooks) {
  return hooks == nullptr ? info.Env().Null() : Napi::Value(info.Env(), hooks->callback->function());
}

const at::Tensor& tensorArgument(const Napi::CallbackInfo& info) {
  return toTensor(Environment::of(info.Env()), info[0], "input");
}

CallbackPointer makeCallback(const Napi::CallbackInfo& info) {
  return std::make_shared<Callback>(Environment::of(info.Env()), info[1], "hooks");
}

// tensorHooks(tensor): the function that calls the tensor's hooks, or null.
Napi::Value tensorHooks(const Napi::CallbackInfo& info) {
  return functionOf(info, findTensorHooks(tensorArgument(info)));
}

// setTensorHooks(tensor, hooks): for a tensor that has none. hooks(gradient) returns the gradient to go on with.
Napi::Value setTensorHooks(const Napi::CallbackInfo& info) {
  const at::Tensor& tensor = tensorArgument(info);
  auto callback = makeCallback(info);
  auto node = tensor.grad_fn();
  auto hooks = std::make_unique<TensorHooks>(callback, tensor.output_nr());
  if (node) {
    node->add_tensor_pre_hook(std::move(hooks));
  } else {
    autograd::impl::add_hook(tensor, std::move(hooks));
  }
  Callback::anchor(Environment::of(info.Env()), callback, std::move(node), {info[0]});
  return info.Env().Undefined();
}

// accumulateHooks(tensor): the function that calls the leaf's hooks, or null.
Napi::Value accumulateHooks(const Napi::CallbackInfo& info) {
  return functionOf(info,
                    dynamic_cast<AccumulateHooks*>(autograd::impl::post_acc_grad_hooks(tensorArgument(info)).get()));
}

// setAccumulateHooks(tensor, hooks): hooks(tensor) is called after each accumulation into the leaf's `grad`.
Napi::Value setAccumulateHooks(const Napi::CallbackInfo& info) {
  const at::Tensor& tensor = tensorArgument(info);
  auto callback = makeCallback(info);
  autograd::impl::set_post_acc_grad_hooks(tensor, std::make_unique<AccumulateHooks>(callback));
  Callback::anchor(Environment::of(info.Env()), callback, nullptr, {info[0]});
  return info.Env().Undefined();
}

Napi::Value nodeHooks(const Napi::CallbackInfo& info) {
  return functionOf(info, find<NodeHooks>(toNode(info[0])->post_hooks()));
}

// setNodeHooks(node, hooks): hooks(gradInputs, gradOutputs), after the node has run, returns the results to go on with.
Napi::Value setNodeHooks(const Napi::CallbackInfo& info) {
  toNode(info[0])->add_post_hook(std::make_unique<NodeHooks>(makeCallback(info)));
  return info.Env().Undefined();
}

Napi::Value nodePrehooks(const Napi::CallbackInfo& info) {
  return functionOf(info, find<NodePrehooks>(toNode(info[0])->pre_hooks()));
}

// setNodePrehooks(node, hooks): hooks(gradOutputs), before the node runs, returns the gradients to go on with.
Napi::Value setNodePrehooks(const Napi::CallbackInfo& info) {
  toNode(info[0])->add_pre_hook(std::make_unique<NodePrehooks>(makeCallback(info)));
  return info.Env().Undefined();
}

// checkHookResult(gradient, result): throws if a hook may not replace the gradient by this result. Both may be null.
Napi::Value checkHookResult(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  if (info[1].IsNull()) return info.Env().Undefined();
  if (info[0].IsNull()) throwRuntimeError("can't replace a None gradient with a non-None value");
  autograd::check_variable_result(toTensor(environment, info[0], "gradient"), toTensor(environment, info[1], "result"),
                                  "hook");
  return info.Env().Undefined();
}

}  // namespace

void defineHooks(Napi::Object exports) {
  define<tensorHooks>(exports, "tensorHooks");
  define<setTensorHooks>(exports, "setTensorHooks");
  define<accumulateHooks>(exports, "accumulateHooks");
  define<setAccumulateHooks>(exports, "setAccumulateHooks");
  define<nodeHooks>(exports, "nodeHooks");
  define<setNodeHooks>(exports, "setNodeHooks");
  define<nodePrehooks>(exports, "nodePrehooks");
  define<setNodePrehooks>(exports, "setNodePrehooks");
  define<checkHookResult>(exports, "checkHookResult");
}

}  // namespace torch_func
