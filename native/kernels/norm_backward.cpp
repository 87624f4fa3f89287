// The backward operators of normalizations, decomposed into operators that have batching rules and derivatives in both
// modes.
#include "kernels/norm_backward.h"

#include <ATen/ATen.h>

#include <numeric>
#include <vector>

#include "kernels/op_math.h"

namespace torch_func {

namespace {

bool isDefined(const OptionalTensor& tensor) { return tensor.has_value() && tensor->defined(); }

}  // namespace

NormGradients nativeLayerNormBackward(const Tensor& grad_out, const Tensor& input, c10::SymIntArrayRef normalized_shape,
                                      const Tensor& /*mean*/, const Tensor& rstd, const OptionalTensor& weight,
                                      const OptionalTensor& bias, std::array<bool, 3> output_mask) {
  const int64_t axis = input.dim() - static_cast<int64_t>(normalized_shape.size());
  const auto innerShape = input.sizes().slice(axis);
  const bool wantsWeight = output_mask[1] && isDefined(weight);
  const bool wantsBias = output_mask[2] && isDefined(bias);
  NormGradients result;
  auto& [gradInput, gradWeight, gradBias] = result;

  if (input.numel() == 0) {
    if (output_mask[0]) gradInput = at::zeros_like(input);
    if (wantsWeight) gradWeight = weight->new_zeros(innerShape);
    if (wantsBias) gradBias = bias->new_zeros(innerShape);
    return result;
  }

  std::vector<int64_t> outerDims(axis);
  std::iota(outerDims.begin(), outerDims.end(), 0);
  std::vector<int64_t> innerDims(innerShape.size());
  std::iota(innerDims.begin(), innerDims.end(), axis);
  // For an empty list of dimensions, sum would reduce all of them.
  const auto sumOuter = [&](const Tensor& tensor) {
    return outerDims.empty() ? tensor.clone() : tensor.sum(outerDims);
  };

  // The statistics are recomputed from the input, so that they have derivatives even if the saved ones are constants.
  // epsilon is not an argument of the operator; it is computed from rstd = 1 / sqrt(variance + epsilon).
  const Tensor grad = toOpMath(grad_out);
  const Tensor x = toOpMath(input);
  const auto [variance, mean] = at::var_mean(x, innerDims, /*correction=*/0, /*keepdim=*/true);
  const Tensor epsilon = toOpMath(rstd).reciprocal().square().sub(variance).detach();
  const Tensor scale = variance.add(epsilon).rsqrt();
  const Tensor normalized = x.sub(mean).mul(scale);

  if (output_mask[0]) {
    const Tensor g = isDefined(weight) ? grad.mul(toOpMath(*weight)) : grad;
    const Tensor projection = normalized.mul(g.mul(normalized).mean(innerDims, /*keepdim=*/true));
    gradInput = g.sub(g.mean(innerDims, /*keepdim=*/true)).sub(projection).mul(scale).to(input.scalar_type());
  }
  if (wantsWeight) gradWeight = sumOuter(grad.mul(normalized)).to(weight->scalar_type());
  if (wantsBias) gradBias = sumOuter(grad).to(bias->scalar_type());
  return result;
}

NormGradients nativeBatchNormBackward(const Tensor& grad_out, const Tensor& input, const OptionalTensor& weight,
                                      const OptionalTensor& running_mean, const OptionalTensor& running_var,
                                      const OptionalTensor& /*save_mean*/, const OptionalTensor& /*save_invstd*/,
                                      bool train, double eps, std::array<bool, 3> output_mask) {
  TORCH_CHECK(input.dim() >= 2, "rank of the input must be at least 2, got ", input.dim());
  TORCH_CHECK(train || (isDefined(running_mean) && isDefined(running_var)),
              "running_mean and running_var must not be None when train=False");
  const at::ScalarType weightType = isDefined(weight) ? weight->scalar_type() : input.scalar_type();
  const int64_t channels = input.size(1);
  NormGradients result;
  auto& [gradInput, gradWeight, gradBias] = result;

  if (input.numel() == 0) {
    const auto options = input.options().dtype(weightType);
    if (output_mask[0]) gradInput = at::zeros_like(input);
    if (output_mask[1]) gradWeight = at::zeros({channels}, options);
    if (output_mask[2]) gradBias = at::zeros({channels}, options);
    return result;
  }

  // All dimensions but the channels.
  std::vector<int64_t> dims(input.dim() - 1);
  std::iota(dims.begin(), dims.end(), 1);
  dims[0] = 0;
  std::vector<int64_t> channelShape(input.dim(), 1);
  channelShape[1] = channels;
  const auto perChannel = [&](const Tensor& tensor) { return tensor.reshape(channelShape); };

  const Tensor grad = toOpMath(grad_out);
  const Tensor x = toOpMath(input);
  Tensor mean;
  Tensor variance;
  if (train) {
    std::tie(variance, mean) = at::var_mean(x, dims, /*correction=*/0, /*keepdim=*/false);
  } else {
    mean = toOpMath(*running_mean);
    variance = toOpMath(*running_var);
  }
  const Tensor scale = variance.add(eps).rsqrt();
  const Tensor normalized = x.sub(perChannel(mean)).mul(perChannel(scale));
  const Tensor gradSum = grad.sum(dims);
  const Tensor gradDot = grad.mul(normalized).sum(dims);

  if (output_mask[0]) {
    gradInput = grad;
    if (train) {
      const auto count = static_cast<double>(input.numel() / channels);
      gradInput = grad.sub(perChannel(gradSum.div(count))).sub(normalized.mul(perChannel(gradDot.div(count))));
    }
    const Tensor factor = isDefined(weight) ? scale.mul(toOpMath(*weight)) : scale;
    gradInput = gradInput.mul(perChannel(factor)).to(input.scalar_type());
  }
  if (output_mask[1]) gradWeight = gradDot.to(weightType);
  if (output_mask[2]) gradBias = gradSum.to(weightType);
  return result;
}

NormGradients batchNormBackward(const Tensor& grad_out, const Tensor& input, const Tensor& weight,
                                const OptionalTensor& running_mean, const OptionalTensor& running_var,
                                const OptionalTensor& save_mean, const OptionalTensor& save_var, bool update,
                                double eps, std::array<bool, 3> output_mask, const Tensor& /*reserve*/) {
  return nativeBatchNormBackward(grad_out, input, weight, running_mean, running_var, save_mean, save_var, update, eps,
                                 output_mask);
}

// The operators of cuDNN and MIOpen are for training only, and compute all three gradients.
NormGradients miopenBatchNormBackward(const Tensor& input, const Tensor& grad_output, const Tensor& weight,
                                      const OptionalTensor& running_mean, const OptionalTensor& running_var,
                                      const OptionalTensor& save_mean, const OptionalTensor& save_var, double epsilon) {
  return nativeBatchNormBackward(grad_output, input, weight, running_mean, running_var, save_mean, save_var,
                                 /*train=*/true, epsilon, {true, true, true});
}

NormGradients cudnnBatchNormBackward(const Tensor& input, const Tensor& grad_output, const Tensor& weight,
                                     const OptionalTensor& running_mean, const OptionalTensor& running_var,
                                     const OptionalTensor& save_mean, const OptionalTensor& save_var, double epsilon,
                                     const Tensor& /*reserveSpace*/) {
  return miopenBatchNormBackward(input, grad_output, weight, running_mean, running_var, save_mean, save_var, epsilon);
}

}  // namespace torch_func
