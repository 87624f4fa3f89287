// The arguments of a call of a normalization operator, and its statistics.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/function_schema.h>
#include <ATen/core/stack.h>

#include <optional>
#include <vector>

namespace torch_func {

// The arguments of one call by their names in the schema: normalization operators differ in the number and order of
// their arguments.
class NormCall {
 public:
  NormCall(const c10::FunctionSchema& schema, const torch::jit::Stack& stack)
      : schema_(schema), arguments_(torch::jit::last(stack, schema.arguments().size())) {}

  const c10::IValue* find(const char* name) const;
  // Undefined for a missing argument.
  at::Tensor tensor(const char* name) const;

 private:
  const c10::FunctionSchema& schema_;
  at::ArrayRef<c10::IValue> arguments_;
};

// A normalization whose statistics depend on the input.
struct Norm {
  // Group norm views the input as (samples, groups, elements).
  at::Tensor input;
  at::Tensor weight;
  at::Tensor bias;
  // The dimensions of `input` that are normalized.
  std::vector<int64_t> dims;
  // The shape in which the weight and the bias of layer norm and batch norm broadcast.
  std::vector<int64_t> parameterShape;
  double epsilon = 0;
};

// None if the statistics do not depend on the input: if it is empty, and for batch norm in evaluation mode.
std::optional<Norm> normOf(const NormCall& call);

// The mean and the reciprocal standard deviation, with the normalized dimensions of size 1.
struct NormStatistics {
  at::Tensor mean;
  at::Tensor rstd;
};

NormStatistics statisticsOf(const Norm& norm);

// Replaces an output by a tensor of the same elements, in the shape and dtype of the output.
void replaceOutput(c10::IValue& output, const at::Tensor& by);

}  // namespace torch_func
