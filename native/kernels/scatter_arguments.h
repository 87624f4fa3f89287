// Whether the arguments of scatter_reduce and index_reduce (self, dim, index, source, ...) are valid. libtorch's
// kernels report the errors of all other arguments.
#pragma once

#include <ATen/WrapDimUtils.h>

#include "kernels/kernel_override.h"

namespace torch_func {

inline bool hasIndex(KernelCall& call) {
  const auto type = call.tensor(2).scalar_type();
  const int64_t rank = std::max<int64_t>(call.tensor(0).dim(), 1);
  const int64_t dim = call.argument(1).toInt();
  return (type == at::kLong || type == at::kInt) && -rank <= dim && dim < rank &&
         call.tensor(3).dim() == call.tensor(0).dim() && call.tensor(3).scalar_type() == call.tensor(0).scalar_type();
}

// For an index of the rank of self.
inline bool isScatterable(KernelCall& call) {
  const at::Tensor self = call.tensor(0);
  const at::Tensor index = call.tensor(2);
  if (!hasIndex(call) || index.dim() != self.dim()) return false;
  const int64_t dim = at::maybe_wrap_dim(call.argument(1).toInt(), self.dim());
  for (int64_t i = 0; i < self.dim(); ++i) {
    if (index.size(i) > call.tensor(3).size(i) || (i != dim && index.size(i) > self.size(i))) return false;
  }
  return true;
}

// For an index with one element per slice of the source.
inline bool isIndexable(KernelCall& call) {
  const at::Tensor self = call.tensor(0);
  if (!hasIndex(call) || call.tensor(2).dim() > 1) return false;
  const int64_t dim = at::maybe_wrap_dim(call.argument(1).toInt(), self.dim());
  for (int64_t i = 0; i < self.dim(); ++i) {
    if (call.tensor(3).size(i) != (i == dim ? call.tensor(2).numel() : self.size(i))) return false;
  }
  return true;
}

}  // namespace torch_func
