// The graph node and the tangent of an operator whose derivative is an ElementwiseRule.
#include "kernels/elementwise_rule.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/saved_variable.h>
#include <torch/csrc/autograd/variable.h>

#include <mutex>
#include <utility>

#include "functorch/wrappers.h"
#include "kernels/op_math.h"

namespace torch_func {

namespace {

namespace autograd = torch::autograd;
using at::Tensor;

RuleArguments inOpMath(RuleArguments arguments) {
  for (c10::IValue& argument : arguments) {
    if (argument.isTensor()) argument = toOpMath(argument.toTensor());
  }
  return arguments;
}

// The product of a cotangent or tangent and the slope, in the dtype of the result.
Tensor productOf(const ElementwiseRule& rule, const Tensor& factor, const RuleArguments& arguments, size_t input,
                 bool isCotangent, bool isDifferentiatedAgain) {
  // libtorch has no batching rules for the products.
  const bool isBatched = valueOfWrapper(factor) != nullptr || valueOfWrapper(arguments[0].toTensor()) != nullptr;
  if (rule.product != nullptr && !isDifferentiatedAgain && !isBatched) return rule.product(factor, arguments);
  const Tensor slope = rule.slope(inOpMath(arguments), input);
  return (toOpMath(factor) * (isCotangent ? slope.conj() : slope)).to(factor.scalar_type());
}

class RuleNode final : public autograd::Node {
 public:
  RuleNode(const ElementwiseRule& rule, const RuleArguments& arguments) : rule_(rule), arguments_(arguments) {
    autograd::variable_list inputs;
    for (c10::IValue& argument : arguments_) {
      if (!argument.isTensor()) continue;
      const Tensor tensor = argument.toTensor();
      saved_.emplace_back(tensor, /*is_output=*/false);
      if (inputs.size() < rule.inputs) inputs.push_back(tensor);
      argument = c10::IValue();
    }
    set_next_edges(autograd::collect_next_edges(inputs));
  }

  std::string name() const override { return rule_.node; }

  autograd::variable_list apply(autograd::variable_list&& gradients) override {
    std::lock_guard<std::mutex> lock(mutex_);
    autograd::variable_list result(rule_.inputs);
    if (!gradients[0].defined()) return result;
    RuleArguments arguments = arguments_;
    for (size_t i = 0; i < saved_.size(); ++i) arguments[i] = saved_[i].unpack();
    for (size_t i = 0; i < rule_.inputs; ++i) {
      if (!task_should_compute_output(i)) continue;
      result[i] = productOf(rule_, gradients[0], arguments, i, /*isCotangent=*/true, c10::GradMode::is_enabled());
      if (!arguments[i].toTensor().is_complex() && result[i].is_complex()) result[i] = at::real(result[i]);
    }
    return result;
  }

  void release_variables() override {
    std::lock_guard<std::mutex> lock(mutex_);
    for (autograd::SavedVariable& variable : saved_) variable.reset_data();
  }

 private:
  const ElementwiseRule& rule_;
  // Without the tensors, which are the first arguments.
  RuleArguments arguments_;
  std::vector<autograd::SavedVariable> saved_;
};

Tensor tangentOf(const ElementwiseRule& rule, const RuleArguments& arguments, const Tensor& result,
                 bool isDifferentiatedAgain) {
  RuleArguments primals = arguments;
  for (c10::IValue& primal : primals) {
    if (primal.isTensor()) primal = primalOf(primal.toTensor());
  }
  Tensor sum;
  for (size_t i = 0; i < rule.inputs; ++i) {
    const Tensor& tensor = arguments[i].toTensor();
    if (!hasTangent(tensor)) continue;
    const Tensor tangent = tensor._fw_grad(/*level=*/0).to(result.scalar_type());
    const Tensor part = productOf(rule, tangent, primals, i, /*isCotangent=*/false, isDifferentiatedAgain);
    sum = sum.defined() ? sum + part : part;
  }
  return sum.sizes() == result.sizes() ? sum : sum.expand_as(result);
}

}  // namespace

void differentiateBy(KernelCall& call, const ElementwiseRule& rule) {
  const Recording recording = call.recording();
  const bool isRecorded = recording.gradient && c10::GradMode::is_enabled();
  if (!isRecorded && !recording.tangent) {
    call.callOriginal();
    return;
  }
  const RuleArguments arguments = call.arguments().vec();
  call.callBelowAutograd();
  const Tensor result = call.output(0).toTensor();
  if (isRecorded) autograd::set_history(result, c10::make_intrusive<RuleNode>(rule, arguments));
  if (recording.tangent) {
    const Tensor tangent = tangentOf(rule, arguments, result, recording.isDifferentiatedAgain());
    result._set_fw_grad(tangent, /*level=*/0, /*is_inplace_op=*/false);
  }
}

}  // namespace torch_func
