// index_put_ under vmap.
#pragma once

#include <ATen/ATen.h>

namespace torch_func {

// The batching rule of index_put_. Throws outside of vmap, and if `self` is not batched but another argument is.
at::Tensor& indexPutInPlace(at::Tensor& self, const c10::List<std::optional<at::Tensor>>& indices,
                            const at::Tensor& values, bool accumulate);

}  // namespace torch_func
