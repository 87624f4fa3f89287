// Values of a tensor that no level differentiates.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

namespace torch_func {

// What `function` makes of the elements of a tensor, as constants for every level that records it, batched where
// the tensor is. `function` gets a tensor with the batches as its first dimensions, and keeps these in its results.
std::vector<at::Tensor> constantsOf(const at::Tensor& tensor,
                                    const std::function<std::vector<at::Tensor>(const at::Tensor&)>& function);

}  // namespace torch_func
