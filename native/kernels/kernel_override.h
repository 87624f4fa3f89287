// Replaces the kernel of an operator by one that can call the original kernel.
#pragma once

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/AutogradState.h>
#include <c10/core/GradMode.h>
#include <c10/util/Exception.h>
#include <torch/library.h>

#include <memory>
#include <string>
#include <utility>

#include "kernels/recording.h"

namespace torch_func {

// Suppresses the warnings of the current thread during its lifetime: the dispatcher warns if a kernel replaces another,
// which is intended here.
class IgnoreWarnings {
  class Handler final : public c10::WarningHandler {
    void process(const c10::Warning&) override {}
  };
  Handler handler_;
  c10::WarningUtils::WarningHandlerGuard guard_{&handler_};
};

inline c10::OperatorHandle findOperator(const std::string& name) {
  const size_t dot = name.find('.');
  return c10::Dispatcher::singleton().findSchemaOrThrow(("aten::" + name.substr(0, dot)).c_str(),
                                                        dot == std::string::npos ? "" : name.substr(dot + 1).c_str());
}

// Replaces the kernel of an operator by the kernel that `make` creates from the original one. `name` is the name of the
// overload without `aten::`. `key` is a dispatch key that `library` registers kernels for, and selects the original
// kernel. The registration lasts as long as `library`.
template <typename Make>
void overrideKernel(torch::Library& library, c10::DispatchKey key, const std::string& name, Make make) {
  IgnoreWarnings ignore;
  auto kernel = make(findOperator(name).getComputedKernelForDispatchKey(key));
  library.impl(name.c_str(),
               torch::CppFunction::makeFromBoxedKernel(c10::BoxedKernel::makeFromFunctor(std::move(kernel))));
}

// Replaces an autograd kernel. The kernels of all backends are the same: AutogradCPU selects the original one.
template <typename Make>
void overrideAutogradKernel(torch::Library& library, const std::string& name, Make make) {
  overrideKernel(library, c10::DispatchKey::AutogradCPU, name, std::move(make));
}

// Replaces the kernel of an operator that consists of other operators. It runs at every level. `composite` registers
// kernels for CompositeImplicitAutograd, `vmap` for FuncTorchBatchedDecomposition.
template <typename Make>
void overrideComposite(torch::Library& composite, torch::Library& vmap, const std::string& name, Make make) {
  overrideKernel(composite, c10::DispatchKey::AutogradCPU, name, make);
  overrideKernel(vmap, c10::DispatchKey::FuncTorchBatched, name, make);
}

inline at::Tensor primalOf(const at::Tensor& tensor) {
  return hasTangent(tensor) ? tensor._fw_primal(/*level=*/0) : tensor;
}

// One call of an operator whose kernel is overridden. The stack holds the arguments, and after the call the outputs.
class KernelCall {
 public:
  KernelCall(const c10::SafeKernelFunction& original, const c10::OperatorHandle& op, c10::DispatchKeySet keys,
             torch::jit::Stack& stack)
      : original_(original), op_(op), keys_(keys), stack_(stack) {}

  const c10::OperatorName& name() const { return op_.operator_name(); }

  c10::ArrayRef<c10::IValue> arguments() const { return torch::jit::last(stack_, argumentCount()); }
  c10::IValue& argument(size_t index) { return stack_[stack_.size() - argumentCount() + index]; }
  const at::Tensor& tensor(size_t index) { return argument(index).toTensor(); }
  c10::ArrayRef<c10::IValue> outputs() const { return torch::jit::last(stack_, op_.schema().returns().size()); }
  c10::IValue& output(size_t index) { return stack_[stack_.size() - op_.schema().returns().size() + index]; }

  Recording recording() const { return recordingOf(arguments()); }

  // Whether the current level records the call.
  bool isDifferentiated() const {
    const Recording recording = this->recording();
    return recording.tangent || (recording.gradient && c10::GradMode::is_enabled());
  }

  at::Tensor primal(size_t index) { return primalOf(tensor(index)); }
  at::Tensor primalOutput(size_t index) { return primalOf(output(index).toTensor()); }

  // Removes the tangent of an argument and returns it, or an undefined tensor if it has no tangent. Without it
  // libtorch's kernel does not compute one. If any argument requires a gradient, all keep their tangents, because the
  // kernel saves arguments and results: outside of transforms a call may have gradients and tangents, and the backward
  // pass has a tangent only if the saved tensors have one.
  at::Tensor takeTangent(size_t index) {
    const at::Tensor tensor = this->tensor(index);
    if (!hasTangent(tensor)) return {};
    if (!recording().gradient) argument(index) = primalOf(tensor);
    return tensor._fw_grad(/*level=*/0);
  }

  // Replaces the tangent of an output.
  void setTangent(size_t index, const at::Tensor& tangent) {
    output(index) = primalOutput(index);
    output(index).toTensor()._set_fw_grad(tangent, /*level=*/0, /*is_inplace_op=*/false);
  }

  void callOriginal() { original_.callBoxed(op_, keys_, &stack_); }

  // Neither mode records the call at the current level.
  void callWithoutDerivatives() {
    c10::AutoGradMode withoutGradients(false);
    c10::AutoFwGradMode withoutTangents(false);
    callOriginal();
  }

  // Throws libtorch's error if the arguments are wrong. A kernel without a derivative would report that first.
  void checkArguments() const {
    c10::AutoGradMode withoutGradients(false);
    c10::AutoFwGradMode withoutTangents(false);
    torch::jit::Stack stack = arguments().vec();
    original_.callBoxed(op_, keys_, &stack);
  }

  // Calls the kernel of the device or of a transform. Neither mode records the call.
  void callBelowAutograd() {
    at::AutoDispatchBelowADInplaceOrView guard;
    op_.redispatchBoxed(keys_ & c10::after_autograd_keyset, &stack_);
  }

  // Replaces the arguments on the stack by the outputs.
  template <typename... Outputs>
  void setOutputs(Outputs&&... outputs) {
    torch::jit::drop(stack_, argumentCount());
    torch::jit::push(stack_, std::forward<Outputs>(outputs)...);
  }

 private:
  size_t argumentCount() const { return op_.schema().arguments().size(); }

  const c10::SafeKernelFunction& original_;
  const c10::OperatorHandle& op_;
  c10::DispatchKeySet keys_;
  torch::jit::Stack& stack_;
};

// A kernel whose calls are computed by a function of the call, which may call the original kernel.
class CallKernel final : public c10::OperatorKernel {
 public:
  using Function = void (*)(KernelCall&);

  CallKernel(c10::SafeKernelFunction original, Function function)
      : original_(std::move(original)), function_(function) {}

  void operator()(const c10::OperatorHandle& op, c10::DispatchKeySet keys, torch::jit::Stack* stack) {
    KernelCall call(original_, op, keys, *stack);
    function_(call);
  }

  static auto factory(Function function) {
    return [function](c10::SafeKernelFunction original) {
      return std::make_unique<CallKernel>(std::move(original), function);
    };
  }

 private:
  c10::SafeKernelFunction original_;
  Function function_;
};

}  // namespace torch_func
