// Computations on the elements of a tensor that no transform level differentiates.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

namespace torch_func {

// Calls `function` with the elements of a tensor, without the wrappers of transforms. Every level treats the results as
// constants. A batched tensor gives batched results: `function` gets the batch dimensions as leading dimensions and has
// to keep them in its results.
std::vector<at::Tensor> constantsOf(const at::Tensor& tensor,
                                    const std::function<std::vector<at::Tensor>(const at::Tensor&)>& function);

// The values of a tensor as a constant of every level.
at::Tensor constantOf(const at::Tensor& tensor);

}  // namespace torch_func
