// A kernel in front of libtorch's own one.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/util/Exception.h>
#include <torch/library.h>

#include <memory>
#include <string>
#include <utility>

#include "kernels/recording.h"

namespace torch_func {

// While this object lives, the thread's warnings are dropped: the dispatcher warns about a kernel that replaces
// another one, and the addon's kernels do so on purpose.
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

// Puts what `make` builds in the place of an operator's kernel, which it is handed. `name` is that of the
// overload, without `aten::`; the registration lasts as long as the library. `key` is one that the library's
// kernels serve.
template <typename Make>
void overrideKernel(torch::Library& library, c10::DispatchKey key, const std::string& name, Make make) {
  IgnoreWarnings ignore;
  auto kernel = make(findOperator(name).getComputedKernelForDispatchKey(key));
  library.impl(name.c_str(),
               torch::CppFunction::makeFromBoxedKernel(c10::BoxedKernel::makeFromFunctor(std::move(kernel))));
}

// The same for an autograd kernel: one kernel serves every backend.
template <typename Make>
void overrideAutogradKernel(torch::Library& library, const std::string& name, Make make) {
  overrideKernel(library, c10::DispatchKey::AutogradCPU, name, std::move(make));
}

// One call of an operator whose kernel is overridden. The arguments are on the stack, and after the call the
// outputs are.
class KernelCall {
 public:
  KernelCall(const c10::SafeKernelFunction& original, const c10::OperatorHandle& op, c10::DispatchKeySet keys,
             torch::jit::Stack& stack)
      : original_(original), op_(op), keys_(keys), stack_(stack) {}

  c10::ArrayRef<c10::IValue> arguments() const { return torch::jit::last(stack_, argumentCount()); }
  c10::IValue& argument(size_t index) { return stack_[stack_.size() - argumentCount() + index]; }
  const at::Tensor& tensor(size_t index) { return argument(index).toTensor(); }
  c10::IValue& output(size_t index) { return stack_[stack_.size() - op_.schema().returns().size() + index]; }

  Recording recording() const { return recordingOf(arguments()); }

  at::Tensor primal(size_t index) { return primalOf(tensor(index)); }
  at::Tensor primalOutput(size_t index) { return primalOf(output(index).toTensor()); }

  // The tangent of an argument, or an undefined tensor. libtorch's kernel then computes no tangent, unless it saves the
  // argument for reverse mode: outside of transforms one tensor may have a gradient and a tangent, and the backward
  // pass has a tangent only if the saved tensor has one.
  at::Tensor takeTangent(size_t index) {
    const at::Tensor tensor = this->tensor(index);
    if (!hasTangent(tensor)) return {};
    if (!tensor.requires_grad()) argument(index) = primalOf(tensor);
    return tensor._fw_grad(/*level=*/0);
  }

  // Replaces the tangent of an output.
  void setTangent(size_t index, const at::Tensor& tangent) {
    output(index) = primalOutput(index);
    output(index).toTensor()._set_fw_grad(tangent, /*level=*/0, /*is_inplace_op=*/false);
  }

  void callOriginal() { original_.callBoxed(op_, keys_, &stack_); }

  // Takes the arguments from the stack and puts the outputs there.
  template <typename... Outputs>
  void finish(Outputs&&... outputs) {
    torch::jit::drop(stack_, argumentCount());
    torch::jit::push(stack_, std::forward<Outputs>(outputs)...);
  }

 private:
  static at::Tensor primalOf(const at::Tensor& tensor) {
    return hasTangent(tensor) ? tensor._fw_primal(/*level=*/0) : tensor;
  }

  size_t argumentCount() const { return op_.schema().arguments().size(); }

  const c10::SafeKernelFunction& original_;
  const c10::OperatorHandle& op_;
  c10::DispatchKeySet keys_;
  torch::jit::Stack& stack_;
};

// A function that answers the calls of an operator, with libtorch's kernel at hand.
class CallKernel final : public c10::OperatorKernel {
 public:
  using Answer = void (*)(KernelCall&);

  CallKernel(c10::SafeKernelFunction original, Answer answer) : original_(std::move(original)), answer_(answer) {}

  void operator()(const c10::OperatorHandle& op, c10::DispatchKeySet keys, torch::jit::Stack* stack) {
    KernelCall call(original_, op, keys, *stack);
    answer_(call);
  }

  static auto maker(Answer answer) {
    return [answer](c10::SafeKernelFunction original) {
      return std::make_unique<CallKernel>(std::move(original), answer);
    };
  }

 private:
  c10::SafeKernelFunction original_;
  Answer answer_;
};

}  // namespace torch_func
