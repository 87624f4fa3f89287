#pragma once
// The backward operators of the normalisations, written in simpler ones that can be differentiated in
// every mode and batched. The statistics are computed anew from the input rather than read, since
// libtorch takes the saved ones for constants: its batching rules read them, and with those
// jacrev(jacrev(f)) of a layer norm whose weight depends on the input is wrong without a sign of it
// (PyTorch 2.13, from Python as well).
//
// Gradients that output_mask does not ask for stay undefined, as those of the operators themselves.
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
