// See Note [Asynchronous calls].

#include "operators/operator_call.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "compile/graph/graph.h"
#include "operators/overload.h"

namespace torch_func {

namespace {

// They update running statistics or draw random numbers, and their schemas do not say so.
constexpr std::array<std::string_view, 7> kHiddenEffects = {"batch_norm", "instance_norm", "lstm",   "gru",
                                                            "rnn_tanh",   "rnn_relu",      "dropout"};

bool hasEffects(const c10::OperatorHandle& op) {
  const c10::FunctionSchema& schema = op.schema();
  const auto aliases = [](const c10::Argument& argument) { return argument.alias_info() != nullptr; };
  const auto isHidden = [&](std::string_view name) { return schema.name().find(name) != std::string::npos; };
  return compile::isRandom(op) || std::any_of(schema.arguments().begin(), schema.arguments().end(), aliases) ||
         std::any_of(schema.returns().begin(), schema.returns().end(), aliases) ||
         std::any_of(kHiddenEffects.begin(), kHiddenEffects.end(), isHidden);
}

// A plain tensor, whose operators record nothing.
bool isPlain(const at::Tensor& tensor) {
  constexpr c10::DispatchKeySet kOthers({c10::DispatchKey::FuncTorchGradWrapper, c10::DispatchKey::FuncTorchBatched,
                                         c10::DispatchKey::Functionalize, c10::DispatchKey::Python});
  return !tensor.key_set().has_any(kOthers) && !(tensor.requires_grad() && c10::GradMode::is_enabled()) &&
         !tensor._fw_grad(/*level=*/0).defined();
}

}  // namespace

std::unique_ptr<OperatorCall> OperatorCall::prepare(Operator& target, const ResultCall& given) {
  std::unique_ptr<OperatorCall> prepared(new OperatorCall(given.environment));
  BoundCall& call = prepared->call_;
  target.bind(given, call);
  if (call.requiresGrad || call.overload->makesFromNothing() || call.overload->returnsFirstArgument() ||
      hasEffects(call.overload->handle()))
    return nullptr;
  const bool canRun = std::all_of(call.stack.begin(), call.stack.end(),
                                  [&](c10::IValue& value) { return prepared->takeSnapshots(value); });
  return canRun ? std::move(prepared) : nullptr;
}

// Replaces the tensors of an argument by their snapshots. Returns whether that is possible.
bool OperatorCall::takeSnapshots(c10::IValue& value) {
  if (value.isDevice()) return value.toDevice().is_cpu();
  if (value.isTensor()) {
    const at::Tensor& tensor = value.toTensor();
    if (!tensor.defined()) return true;
    if (!isPlain(tensor)) return false;
    at::Tensor snapshot = snapshots_.take(tensor);
    if (!snapshot.defined()) return false;
    value = std::move(snapshot);
    return true;
  }
  if (!value.isList()) return true;
  // A list of its own: the default value of a parameter belongs to all calls.
  c10::List<c10::IValue> items = value.toList().copy();
  for (size_t i = 0; i < items.size(); ++i) {
    c10::IValue item = items.get(i);
    if (!takeSnapshots(item)) return false;
    items.set(i, std::move(item));
  }
  value = std::move(items);
  return true;
}

bool OperatorCall::run(const std::atomic<bool>&) noexcept {
  context_.run([&] {
    try {
      execute(call_);
    } catch (...) {
      // A write to a tensor of the program copies nothing any more.
      call_.stack.clear();
      throw;
    }
  });
  return true;
}

napi_value OperatorCall::result(Environment& environment) {
  context_.finish(environment);
  snapshots_.check("callAsync()");
  for (c10::IValue& value : call_.stack) {
    if (value.isTensor()) {
      value = snapshots_.result(value.toTensor());
    } else if (value.isTensorList()) {
      c10::List<at::Tensor> tensors = value.toTensorList();
      for (size_t i = 0; i < tensors.size(); ++i) tensors.set(i, snapshots_.result(tensors.get(i)));
    }
  }
  return wrap(call_);
}

}  // namespace torch_func
