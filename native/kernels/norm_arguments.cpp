// Reads the arguments of normalization operators, and computes the statistics with differentiable operators.
#include "kernels/norm_arguments.h"

#include <ATen/ATen.h>

#include <numeric>

#include "kernels/op_math.h"

namespace torch_func {

using at::Tensor;

const c10::IValue* NormCall::find(const char* name) const {
  const auto index = schema_.argumentIndexWithName(name);
  return index ? &arguments_[*index] : nullptr;
}

Tensor NormCall::tensor(const char* name) const {
  const c10::IValue& value = *find(name);
  return value.isNone() ? Tensor() : value.toTensor();
}

std::optional<Norm> normOf(const NormCall& call) {
  Norm norm{call.tensor("input"), call.tensor("weight"), call.tensor("bias"), {}, {}, 0};
  const c10::IValue* training = call.find("training");
  if (norm.input.numel() == 0 || (training != nullptr && !training->toBool())) return std::nullopt;

  const c10::IValue* epsilon = call.find("eps");
  norm.epsilon = (epsilon != nullptr ? epsilon : call.find("epsilon"))->toDouble();
  const int64_t rank = norm.input.dim();
  if (const c10::IValue* shape = call.find("normalized_shape")) {
    norm.parameterShape = shape->toIntVector();
    norm.dims.resize(norm.parameterShape.size());
    std::iota(norm.dims.begin(), norm.dims.end(), rank - static_cast<int64_t>(norm.dims.size()));
  } else if (const c10::IValue* groups = call.find("group")) {
    norm.input = norm.input.reshape({norm.input.size(0), groups->toInt(), -1});
    norm.dims = {2};
  } else {
    norm.parameterShape.assign(rank, 1);
    norm.parameterShape[1] = norm.input.size(1);
    norm.dims.resize(rank - 1);
    std::iota(norm.dims.begin(), norm.dims.end(), 1);
    norm.dims[0] = 0;
  }
  return norm;
}

NormStatistics statisticsOf(const Norm& norm) {
  const auto [variance, mean] = at::var_mean(toOpMath(norm.input), norm.dims, /*correction=*/0, /*keepdim=*/true);
  return {mean, variance.add(norm.epsilon).rsqrt()};
}

void replaceOutput(c10::IValue& output, const Tensor& by) {
  const Tensor like = output.toTensor();
  output = by.reshape(like.sizes()).to(like.scalar_type());
}

}  // namespace torch_func
