// Replaces the derivative of an elementwise operator, in both modes, by a rule that can be differentiated again.
//
// The value is libtorch's. The rule is the slope of the result in each argument, written with differentiable
// operators. Reverse mode multiplies it by the cotangent, forward mode by the tangent.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>

#include <vector>

#include "kernels/kernel_override.h"

namespace torch_func {

// The arguments of a call. Those of half precision are converted to the dtype in which PyTorch's kernels compute.
using RuleArguments = std::vector<c10::IValue>;

struct ElementwiseRule {
  // The name of the node in the graph.
  const char* node;
  // The number of arguments that are differentiated. They are tensors, and the first arguments.
  size_t inputs;
  // The partial derivative in one of the arguments. A complex function must be holomorphic.
  at::Tensor (*slope)(const RuleArguments& arguments, size_t input);
  // libtorch's product of a factor and the slope, in one operator. It is used where it is not differentiated again.
  at::Tensor (*product)(const at::Tensor& factor, const RuleArguments& arguments) = nullptr;
};

// A kernel for the Autograd key.
void differentiateBy(KernelCall& call, const ElementwiseRule& rule);

template <const ElementwiseRule& rule>
void differentiate(KernelCall& call) {
  differentiateBy(call, rule);
}

}  // namespace torch_func
