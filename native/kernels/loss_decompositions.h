// Losses and their backward operators, decomposed into operators that have batching rules and derivatives of every
// order. vmap needs all of them, forward mode the backward operators of huber_loss and nll_loss. The parameters are the
// same as those of the operators.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <tuple>

namespace torch_func {

at::Tensor mseLossBackward(const at::Tensor& grad_output, const at::Tensor& self, const at::Tensor& target,
                           int64_t reduction);

at::Tensor smoothL1LossBackward(const at::Tensor& grad_output, const at::Tensor& self, const at::Tensor& target,
                                int64_t reduction, double beta);

at::Tensor huberLossBackward(const at::Tensor& grad_output, const at::Tensor& self, const at::Tensor& target,
                             int64_t reduction, double delta);

// Returns the loss and the total weight of the examples that are not ignored.
std::tuple<at::Tensor, at::Tensor> nllLossForward(const at::Tensor& self, const at::Tensor& target,
                                                  const std::optional<at::Tensor>& weight, int64_t reduction,
                                                  c10::SymInt ignore_index);

std::tuple<at::Tensor, at::Tensor> nllLoss2dForward(const at::Tensor& self, const at::Tensor& target,
                                                    const std::optional<at::Tensor>& weight, int64_t reduction,
                                                    c10::SymInt ignore_index);

at::Tensor nllLossBackward(const at::Tensor& grad_output, const at::Tensor& self, const at::Tensor& target,
                           const std::optional<at::Tensor>& weight, int64_t reduction, c10::SymInt ignore_index,
                           const at::Tensor& total_weight);

at::Tensor nllLoss2dBackward(const at::Tensor& grad_output, const at::Tensor& self, const at::Tensor& target,
                             const std::optional<at::Tensor>& weight, int64_t reduction, c10::SymInt ignore_index,
                             const at::Tensor& total_weight);

}  // namespace torch_func
