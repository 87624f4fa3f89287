// The reverse-mode engine, grad modes, and rules that PyTorch implements in its Python binding.

#include <ATen/FuncTorchTLS.h>
#include <ATen/SavedTensorHooks.h>
#include <ATen/functorch/DynamicLayer.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/edge.h>
#include <torch/csrc/autograd/engine.h>
#include <torch/csrc/autograd/functions/basic_ops.h>
#include <torch/csrc/autograd/variable.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "addon/exports.h"
#include "autograd/anomaly.h"
#include "autograd/callbacks.h"
#include "autograd/graph_node.h"
#include "autograd/saved_tensor_hooks.h"
#include "core/call_arguments.h"
#include "core/errors.h"
#include "core/tensor_handle.h"
#include "kernels/recording.h"

namespace torch_func {

namespace {

namespace autograd = torch::autograd;

// An output or input of the engine: a tensor, or an edge of the graph, [node, index].
struct Place {
  at::Tensor tensor;  // undefined for an edge
  autograd::Edge edge;
};

std::vector<Place> readPlaces(Environment& environment, const Napi::Value& value, const char* argument) {
  if (!value.IsArray()) throwTypeError(std::string("argument '") + argument + "' must be an array");
  auto list = value.As<Napi::Array>();
  std::vector<Place> places(list.Length());
  for (uint32_t i = 0; i < list.Length(); ++i) {
    Napi::Value item = list.Get(i);
    if (item.IsArray()) {
      auto edge = item.As<Napi::Array>();
      places[i].edge = {toNode(edge.Get(0u)), edge.Get(1u).ToNumber().Uint32Value()};
    } else {
      auto single = Napi::Array::New(value.Env(), 1);
      single.Set(0u, item);
      places[i].tensor = toTensorList(environment, single, argument).at(0);
    }
  }
  return places;
}

autograd::edge_list inputEdges(const std::vector<Place>& inputs, bool accumulate) {
  autograd::edge_list edges;
  edges.reserve(inputs.size());
  for (const Place& place : inputs) {
    if (!place.tensor.defined()) {
      edges.push_back(place.edge);
      continue;
    }
    const at::Tensor& input = place.tensor;
    if (accumulate) input.retain_grad();
    auto gradFn = input.grad_fn();
    if (!gradFn) gradFn = autograd::impl::try_get_grad_accumulator(input);
    if (!input.requires_grad()) throwRuntimeError("One of the differentiated Tensors does not require grad");
    if (gradFn) {
      edges.emplace_back(gradFn, input.output_nr());
    } else {
      // A leaf that no graph uses has no accumulator. A node that nothing reaches makes the engine report it as unused.
      edges.emplace_back(c10::make_intrusive<autograd::Identity>(), 0);
    }
  }
  return edges;
}

// Adds to an error of the engine what anomaly detection has reported. An exception of JavaScript reaches the caller
// unchanged, and the report becomes a warning.
template <typename Run>
autograd::variable_list runEngine(const Run& run) {
  takeAnomalyReport();
  try {
    return run();
  } catch (const PendingException&) {
    const std::string report = takeAnomalyReport();
    if (!report.empty()) TORCH_WARN(report);
    throw;
  } catch (c10::Error& error) {
    const std::string report = takeAnomalyReport();
    if (!report.empty()) error.add_context(report);
    throw;
  } catch (const std::runtime_error& error) {
    const std::string report = takeAnomalyReport();
    if (!report.empty()) throwRuntimeError(std::string(error.what()) + "\n\n" + report);
    throw;
  }
}

// runBackward(outputs, gradOutputs, inputs, retainGraph, createGraph, allowUnused, accumulate)
// Runs the engine once, with the checks and messages of PyTorch's Python entry point. Each output and input is a tensor
// or an edge [node, index], and each output needs a gradient.
// Returns the gradients, null for an unused input; returns undefined if it accumulates into `grad`.
Napi::Value runBackward(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  const auto outputs = readPlaces(environment, info[0], "outputs");
  const auto gradOutputs = toTensorList(environment, info[1], "gradOutputs", /*allowNull=*/true);
  const auto inputs = readPlaces(environment, info[2], "inputs");
  const bool retainGraph = info[3].ToBoolean(), createGraph = info[4].ToBoolean();
  const bool allowUnused = info[5].ToBoolean(), accumulate = info[6].ToBoolean();
  if (outputs.empty()) throwRuntimeError("runBackward(): argument 'outputs' must contain at least one Tensor");
  if (gradOutputs.size() != outputs.size()) {
    throwRuntimeError("got " + std::to_string(outputs.size()) + " tensors and " + std::to_string(gradOutputs.size()) +
                      " gradients");
  }
  autograd::edge_list roots;
  autograd::variable_list grads;
  roots.reserve(outputs.size());
  for (size_t i = 0; i < outputs.size(); ++i) {
    auto edge = outputs[i].tensor.defined() ? autograd::impl::gradient_edge(outputs[i].tensor) : outputs[i].edge;
    if (!edge.function) {
      throwRuntimeError("element " + std::to_string(i) +
                        " of tensors does not require grad and does not have a grad_fn");
    }
    roots.push_back(std::move(edge));
    grads.push_back(withoutEndedLevels(gradOutputs[i]));
  }
  const auto edges = inputEdges(inputs, accumulate);
  const EngineRun run(environment);
  auto results = runEngine([&] {
    return autograd::Engine::get_default_engine().execute(roots, grads, retainGraph, createGraph, accumulate, edges);
  });
  if (accumulate) return info.Env().Undefined();
  for (size_t i = 0; i < results.size(); ++i) {
    if (!results[i].defined() && !allowUnused) {
      throwRuntimeError(
          "The differentiated Tensor at index " + std::to_string(i) +
          " appears to not have been used in the graph. Set allowUnused=true if this is the desired behavior.");
    }
  }
  return Napi::Value(info.Env(), wrapTensorList(environment, results));
}

Napi::Value gradMode(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), c10::GradMode::is_enabled());
}

Napi::Value setGradMode(const Napi::CallbackInfo& info) {
  c10::GradMode::set_enabled(booleanParameter(info, 0, "setGradMode", "enabled"));
  return info.Env().Undefined();
}

// differentiateAgain(enabled): whether gradients recorded from now on are differentiated again. Returns the previous
// value.
Napi::Value differentiateAgain(const Napi::CallbackInfo& info) {
  const bool enabled = booleanParameter(info, 0, "differentiateAgain", "enabled");
  return Napi::Boolean::New(info.Env(), setDifferentiatedAgain(enabled));
}

Napi::Value isInferenceMode(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), c10::InferenceMode::is_enabled());
}

// enterInferenceMode(enabled): returns the number for exitInferenceMode.
Napi::Value enterInferenceMode(const Napi::CallbackInfo& info) {
  auto& modes = Environment::of(info.Env()).inferenceModes;
  static std::atomic<int64_t> count = 0;
  const int64_t number = ++count;
  modes.emplace_back(number,
                     std::make_unique<c10::InferenceMode>(booleanParameter(info, 0, "enterInferenceMode", "enabled")));
  return Napi::Number::New(info.Env(), static_cast<double>(number));
}

// exitInferenceMode(number): ends this mode, and before it those that were entered later, since each restores the state
// before it. Does nothing if the mode has ended already.
Napi::Value exitInferenceMode(const Napi::CallbackInfo& info) {
  const int64_t number = integerParameter(info, 0, "exitInferenceMode", "mode");
  auto& modes = Environment::of(info.Env()).inferenceModes;
  while (!modes.empty() && modes.back().first >= number) modes.pop_back();
  return info.Env().Undefined();
}

// requiresGrad_(tensor, enabled), with the checks of PyTorch's Python binding: libtorch's own setter would silently
// succeed inside a transform.
Napi::Value requiresGrad(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  const at::Tensor& tensor = toTensor(environment, info[0], "input");
  if (!info[1].IsBoolean())
    throwTypeError("requiresGrad_(): argument 'requiresGrad' must be boolean, not " + describe(environment, info[1]));
  const bool enabled = info[1].As<Napi::Boolean>();
  if (const auto& functorch = at::functorch::functorchTLSAccessor()) functorch->checkSupportsInplaceRequiresGrad();
  if (!tensor.is_leaf() && !enabled) {
    throwRuntimeError(
        "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in a "
        "subgraph "
        "that doesn't require differentiation use var_no_grad = var.detach().");
  }
  if (enabled && !torch::autograd::isDifferentiableType(tensor.scalar_type())) {
    throwRuntimeError("only Tensors of floating point dtype can require gradients");
  }
  tensor.set_requires_grad(enabled);
  return info[0];
}

// requireGradOfNew(tensor): makes a tensor that was just created a leaf. Allowed inside transforms, which refuse
// requiresGrad_ because the tensor could come from outside.
Napi::Value requireGradOfNew(const Napi::CallbackInfo& info) {
  toTensor(Environment::of(info.Env()), info[0], "input").set_requires_grad(true);
  return info[0];
}

Napi::Value retainGrad(const Napi::CallbackInfo& info) {
  const at::Tensor& tensor = toTensor(Environment::of(info.Env()), info[0], "input");
  if (const auto& functorch = at::functorch::functorchTLSAccessor()) functorch->checkSupportsRetainGrad();
  tensor.retain_grad();
  return info.Env().Undefined();
}

// disableSavedTensorHooks(message): disables hooks on saved tensors during a transform. Returns the previous state for
// enableSavedTensorHooks.
Napi::Value disableSavedTensorHooks(const Napi::CallbackInfo& info) {
  const auto previous = at::SavedTensorDefaultHooks::get_disabled_error_message();
  const std::string message = stringParameter(info, 0, "disableSavedTensorHooks", "message");
  if (savedTensorHooksInForce()) throwRuntimeError(message);
  at::SavedTensorDefaultHooks::disable(message);
  if (previous) return Napi::String::New(info.Env(), *previous);
  return info.Env().Null();
}

Napi::Value enableSavedTensorHooks(const Napi::CallbackInfo& info) {
  if (info[0].IsNull()) {
    at::SavedTensorDefaultHooks::enable();
  } else {
    at::SavedTensorDefaultHooks::disable(stringParameter(info, 0, "enableSavedTensorHooks", "previous"));
  }
  return info.Env().Undefined();
}

}  // namespace

void defineEngine(Napi::Object exports) {
  define<runBackward>(exports, "runBackward");
  define<gradMode>(exports, "gradMode");
  define<setGradMode, StackCheck::Unwinding>(exports, "setGradMode");
  define<differentiateAgain, StackCheck::Unwinding>(exports, "differentiateAgain");
  define<isInferenceMode>(exports, "isInferenceMode");
  define<enterInferenceMode>(exports, "enterInferenceMode");
  define<exitInferenceMode, StackCheck::Unwinding>(exports, "exitInferenceMode");
  define<requiresGrad>(exports, "requiresGrad_");
  define<requireGradOfNew>(exports, "requireGradOfNew");
  define<retainGrad>(exports, "retainGrad");
  define<disableSavedTensorHooks>(exports, "disableSavedTensorHooks");
  define<enableSavedTensorHooks, StackCheck::Unwinding>(exports, "enableSavedTensorHooks");
}

}  // namespace torch_func
