// The backward operators of normalizations, decomposed into operators that have batching rules and derivatives in both
// modes. The statistics are recomputed from the input, because libtorch treats the saved mean and standard deviation as
// constants. Its batching rules read the saved statistics: jacrev(jacrev(f)) of a layer norm whose weight depends on
// the input is silently wrong (PyTorch 2.13).
//
// Gradients that output_mask does not select stay undefined, as those of the operators do.
#pragma once
#include <ATen/core/Tensor.h>
#include <c10/core/SymIntArrayRef.h>

#include <array>
#include <optional>
#include <tuple>

namespace torch_func {

using at::Tensor;
using OptionalTensor = std::optional<Tensor>;
// The gradients of input, weight and bias.
using NormGradients = std::tuple<Tensor, Tensor, Tensor>;

NormGradients nativeLayerNormBackward(const Tensor& grad_out, const Tensor& input, c10::SymIntArrayRef normalized_shape,
                                      const Tensor& mean, const Tensor& rstd, const OptionalTensor& weight,
                                      const OptionalTensor& bias, std::array<bool, 3> output_mask);
NormGradients nativeBatchNormBackward(const Tensor& grad_out, const Tensor& input, const OptionalTensor& weight,
                                      const OptionalTensor& running_mean, const OptionalTensor& running_var,
                                      const OptionalTensor& save_mean, const OptionalTensor& save_invstd, bool train,
                                      double eps, std::array<bool, 3> output_mask);
NormGradients batchNormBackward(const Tensor& grad_out, const Tensor& input, const Tensor& weight,
                                const OptionalTensor& running_mean, const OptionalTensor& running_var,
                                const OptionalTensor& save_mean, const OptionalTensor& save_var, bool update,
                                double eps, std::array<bool, 3> output_mask, const Tensor& reserve);
NormGradients miopenBatchNormBackward(const Tensor& input, const Tensor& grad_output, const Tensor& weight,
                                      const OptionalTensor& running_mean, const OptionalTensor& running_var,
                                      const OptionalTensor& save_mean, const OptionalTensor& save_var, double epsilon);
NormGradients cudnnBatchNormBackward(const Tensor& input, const Tensor& grad_output, const Tensor& weight,
                                     const OptionalTensor& running_mean, const OptionalTensor& running_var,
                                     const OptionalTensor& save_mean, const OptionalTensor& save_var, double epsilon,
                                     const Tensor& reserveSpace);

}  // namespace torch_func
