// Custom functions (torch.autograd.Function): the graph node that calls a backward method in JavaScript.

#include <ATen/Functions.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/functions/basic_ops.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/saved_variable.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/csrc/autograd/variable_info.h>
#include <torch/csrc/dynamo/compiled_autograd.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "addon/exports.h"
#include "autograd/callbacks.h"
#include "autograd/libtorch_releases.h"
#include "core/call_arguments.h"
#include "core/environment.h"
#include "core/errors.h"
#include "core/tensor_handle.h"
#include "core/type_tags.h"

namespace torch_func {

namespace {

namespace autograd = torch::autograd;
using autograd::variable_list;

// The node of one call. The callback holds the methods of the function and their context.
// Tensors saved for backward are stored here, so that they are freed and version-checked like those of any node.
struct FunctionNode : public autograd::Node {
  FunctionNode(CallbackPointer callback, std::string name)
      : callback(std::move(callback)), functionName(std::move(name)) {}

  std::string name() const override { return functionName + "Backward"; }

  // Calls callback('backward', gradients), which returns and has checked one gradient per argument of
  // forward. The engine expects only those of tensor arguments.
  variable_list apply(variable_list&& gradients) override {
    CallbackCall call(*callback, "a custom function");
    Environment& environment = call.environment();
    at::OptionalDeviceGuard deviceGuard;
    // Also for outputs that are not differentiable. Stays undefined for outputs that are not tensors.
    for (size_t i = 0; i < gradients.size(); ++i) {
      if (!gradients[i].defined() && materialize) gradients[i] = outputs[i].zeros(deviceGuard);
    }
    napi_value given = wrapTensorList(environment, gradients);
    gradients.clear();
    napi_value result = call({Napi::String::New(environment.env, "backward"), given});
    variable_list all = toTensorList(environment, result, "result of backward", /*allowNull=*/true);
    variable_list wanted;
    for (size_t i = 0; i < all.size() && i < isTensor.size(); ++i) {
      if (isTensor[i]) wanted.push_back(std::move(all[i]));
    }
    return wanted;
  }

  // The list of saved tensors, see savedTensorsOf (autograd/graph_node.cpp).
  void compiled_args(torch::dynamo::autograd::CompiledNodeArgs& args) const override { args.collect(saved, true); }

  void release_variables() override {
    std::lock_guard<std::mutex> lock(mutex_);
    saved.clear();
    freed = true;
  }

  void release_resources() override {
    Node::release_resources();
    saved.clear();
    callback.reset();
  }

  CallbackPointer callback;
  std::string functionName;
  std::vector<bool> isTensor;
  std::vector<autograd::VariableInfo> outputs;
  std::vector<autograd::SavedVariable> saved;
  bool materialize = true;
  bool freed = false;
  bool readAndCleared = false;
};

using FunctionPointer = c10::intrusive_ptr<FunctionNode>;
using WeakFunctionPointer = c10::weak_intrusive_ptr<FunctionNode>;

std::unordered_set<at::TensorImpl*> implsOf(const variable_list& tensors) {
  std::unordered_set<at::TensorImpl*> impls;
  for (const at::Tensor& tensor : tensors) {
    if (tensor.defined()) impls.insert(tensor.unsafeGetTensorImpl());
  }
  return impls;
}

// The argument `request` of functionWrap.
struct WrapRequest {
  variable_list inputs, outputs, toSave, forForward, dirty, nonDifferentiable;
  bool separateContext, materialize;
};

WrapRequest readRequest(Environment& environment, const Napi::Value& value) {
  if (!value.IsObject()) throwTypeError("functionWrap(): argument 'request' must be an object");
  auto object = value.As<Napi::Object>();
  const auto list = [&](const char* name) {
    Napi::Value tensors = object.Get(name);
    return toTensorList(environment, tensors, name, /*allowNull=*/true);
  };
  return {list("inputs"),
          list("outputs"),
          list("toSave"),
          list("forForward"),
          list("dirty"),
          list("nonDifferentiable"),
          object.Get("separateContext").ToBoolean(),
          object.Get("materialize").ToBoolean()};
}

// Calls callback('jvp', tangents) with one tangent per argument of forward; returns one per output.
variable_list callJvp(const FunctionNode& node, bool materialize, const variable_list& inputs,
                      const variable_list& tangents) {
  CallbackCall call(*node.callback, "a custom function");
  Environment& environment = call.environment();
  variable_list given(node.isTensor.size());
  for (size_t i = 0, next = 0; i < given.size(); ++i) {
    if (!node.isTensor[i]) continue;
    const at::Tensor& input = inputs[next];
    const bool leaveOut =
        tangents[next].defined() || !materialize || !autograd::isDifferentiableType(input.scalar_type());
    given[i] = leaveOut ? tangents[next] : at::zeros_like(input);
    ++next;
  }
  napi_value result = call({Napi::String::New(environment.env, "jvp"), wrapTensorList(environment, given)});
  return toTensorList(environment, result, "result of jvp", /*allowNull=*/true);
}

// Checks the tangents of the outputs: libtorch fails an assertion for missing or integer tangents.
void checkTangents(const FunctionNode& node, const WrapRequest& request, const variable_list& tangents) {
  const auto nonDifferentiable = implsOf(request.nonDifferentiable);
  for (size_t i = 0; i < request.outputs.size() && i < tangents.size(); ++i) {
    const at::Tensor& output = request.outputs[i];
    if (!output.defined() || !autograd::isDifferentiableType(output.scalar_type())) continue;
    if (nonDifferentiable.count(output.unsafeGetTensorImpl()) > 0) continue;
    const std::string start = "jvp of " + node.functionName + " returned ";
    if (!tangents[i].defined()) {
      throwRuntimeError(start + "null for output " + std::to_string(i) +
                        ", which is differentiable: it must have a tangent, zeros at least");
    }
    if (autograd::isDifferentiableType(tangents[i].scalar_type())) continue;
    throwRuntimeError(start + "a tangent of an integer or boolean dtype for output " + std::to_string(i) +
                      "; it must be floating-point or complex");
  }
}

// functionWrap(callback, name, request): sets the history and tangents of the outputs of forward. In the returned
// list an output that is still the same tensor is the same object, and a non-tensor output is null.
Napi::Value functionWrap(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  const auto callback = std::make_shared<Callback>(environment, info[0], "callback");
  FunctionPointer node = c10::make_intrusive<FunctionNode>(callback, stringParameter(info, 1, "functionWrap", "name"));
  WrapRequest request = readRequest(environment, info[2]);
  variable_list inputs;
  for (const at::Tensor& input : request.inputs) {
    node->isTensor.push_back(input.defined());
    if (input.defined()) inputs.push_back(input);
  }
  const bool executable = c10::GradMode::is_enabled() && autograd::any_variable_requires_grad(inputs);
  if (executable) node->set_next_edges(autograd::collect_next_edges(inputs));
  node->materialize = request.materialize;

  std::vector<std::optional<at::Tensor>> raw;
  for (const at::Tensor& output : request.outputs) {
    raw.push_back(output.defined() ? std::make_optional(output) : std::nullopt);
    if (executable)
      node->outputs.push_back(output.defined() ? autograd::VariableInfo(output) : autograd::VariableInfo());
  }
  for (const at::Tensor& tensor : request.dirty) {
    if (tensor.defined()) autograd::impl::bump_version(tensor);
  }
  // A saved tensor can be an output that is an input only if setupContext is a separate method.
  std::unordered_set<at::TensorImpl*> savedOutside;
  if (request.separateContext) {
    savedOutside = implsOf(request.toSave);
    savedOutside.merge(implsOf(request.forForward));
  }
  auto wrapped = wrapOutputs(
      inputs, implsOf(request.nonDifferentiable), implsOf(request.dirty), raw,
      executable ? c10::intrusive_ptr<autograd::Node>(node) : nullptr,
      [&](variable_list primals, variable_list tangents) {
        variable_list results = callJvp(*node, request.materialize, primals, tangents);
        checkTangents(*node, request, results);
        return results;
      },
      savedOutside, [](const at::Tensor& tensor) { return tensor.view_as(tensor); }, /*pure_view=*/false);
  // After the outputs have their history.
  if (executable) {
    for (const at::Tensor& tensor : request.toSave) {
      if (tensor.defined()) {
        node->saved.emplace_back(tensor, /*is_output=*/tensor.grad_fn() == node);
      } else {
        node->saved.emplace_back();
      }
    }
  }
  auto given = info[2].As<Napi::Object>().Get("outputs").As<Napi::Array>();
  auto result = Napi::Array::New(info.Env(), wrapped.size() + 1);
  std::vector<napi_value> results;
  for (size_t i = 0; i < wrapped.size(); ++i) {
    const auto index = static_cast<uint32_t>(i);
    const bool same = wrapped[i] && wrapped[i]->is_same(request.outputs[i]);
    results.push_back(same ? given.Get(index)
                           : wrapTensor(environment, std::exchange(wrapped[i], std::nullopt).value_or(at::Tensor())));
    result.Set(index, Napi::Value(info.Env(), results.back()));
  }
  // For functionSaved. A weak pointer: the context refers to it, and must not keep the node alive.
  napi_value saved;
  if (executable) {
    saved = wrapExternal(environment, std::make_unique<WeakFunctionPointer>(node), kFunctionNodeTag);
  } else {
    check(info.Env(), napi_get_null(info.Env(), &saved));
  }
  result.Set(static_cast<uint32_t>(wrapped.size()), Napi::Value(info.Env(), saved));
  // Without references of this function's own.
  request = {};
  inputs.clear();
  raw.clear();
  wrapped.clear();
  if (executable) Callback::anchor(environment, callback, std::move(node), results);
  return result;
}

// functionSaved(node, clear): the tensors saved for backward, checked for in-place changes.
Napi::Value functionSaved(const Napi::CallbackInfo& info) {
  const FunctionPointer node =
      toExternalData<WeakFunctionPointer>(Environment::of(info.Env()), info[0], kFunctionNodeTag, "node",
                                          "what functionWrap() returned")
          .lock();
  TORCH_CHECK(node && !node->freed, autograd::ERR_BACKWARD_TWICE);
  if (node->readAndCleared) {
    throwRuntimeError(
        "savedTensors can only be accessed once when clearSavedTensorsOnAccess=true is set on the autograd.Function. "
        "Either access "
        "savedTensors only once, or set clearSavedTensorsOnAccess=false.");
  }
  variable_list tensors;
  for (const autograd::SavedVariable& variable : node->saved) tensors.push_back(variable.unpack(node));
  if (info[1].ToBoolean()) {
    node->saved.clear();
    node->readAndCleared = true;
  }
  return Napi::Value(info.Env(), wrapTensorList(Environment::of(info.Env()), tensors));
}

// delayedError(message, tensors): the tensors with a node that throws when they are differentiated.
Napi::Value delayedError(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  auto tensors = toTensorList(environment, info[1], "tensors", /*allowNull=*/true);
  const auto node = c10::make_intrusive<autograd::DelayedError>(stringParameter(info, 0, "delayedError", "message"),
                                                                static_cast<int64_t>(tensors.size()));
  return Napi::Value(info.Env(), wrapTensorList(environment, (*node)(std::move(tensors))));
}

// undefinedGrad(tensor): the tensor with a node that stops gradients.
Napi::Value undefinedGrad(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  const auto node = c10::make_intrusive<autograd::UndefinedGrad>();
  return Napi::Value(info.Env(), wrapTensor(environment, (*node)({toTensor(environment, info[0], "tensor")}).at(0)));
}

// tensorIdentity(tensor): a number that identifies the at::Tensor while it lives: two objects may hold the same one.
Napi::Value tensorIdentity(const Napi::CallbackInfo& info) {
  const at::Tensor& tensor = toTensor(Environment::of(info.Env()), info[0], "tensor");
  return Napi::Number::New(info.Env(), static_cast<double>(reinterpret_cast<uintptr_t>(tensor.unsafeGetTensorImpl())));
}

}  // namespace

void defineFunctionNodes(Napi::Object exports) {
  define<functionWrap>(exports, "functionWrap");
  define<functionSaved>(exports, "functionSaved");
  define<delayedError>(exports, "delayedError");
  define<undefinedGrad>(exports, "undefinedGrad");
  define<tensorIdentity>(exports, "tensorIdentity");
}

}  // namespace torch_func
