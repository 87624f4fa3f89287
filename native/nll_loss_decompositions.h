// The negative log likelihood loss and its derivative, taken apart into
// operators that have batching rules and derivatives of every order.
//
// Both the batching and the forward-mode decompositions need the backward
// operators, and the flat (N, C) and the spatial (N, C, H, W) operators differ
// in their shape checks only.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <tuple>

namespace torch_func {

std::tuple<at::Tensor, at::Tensor> nllLossForward(
    const at::Tensor& self, const at::Tensor& target,
    const std::optional<at::Tensor>& weight, int64_t reduction,
    c10::SymInt ignore_index);

std::tuple<at::Tensor, at::Tensor> nllLoss2dForward(
    const at::Tensor& self, const at::Tensor& target,
    const std::optional<at::Tensor>& weight, int64_t reduction,
    c10::SymInt ignore_index);

at::Tensor nllLossBackward(
    const at::Tensor& grad_output, const at::Tensor& self,
    const at::Tensor& target, const std::optional<at::Tensor>& weight,
    int64_t reduction, c10::SymInt ignore_index,
    const at::Tensor& total_weight);

at::Tensor nllLoss2dBackward(
    const at::Tensor& grad_output, const at::Tensor& self,
    const at::Tensor& target, const std::optional<at::Tensor>& weight,
    int64_t reduction, c10::SymInt ignore_index,
    const at::Tensor& total_weight);

} // namespace torch_func
