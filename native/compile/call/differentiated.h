#pragma once
// Whether operators on a tensor do more than compute.

#include <ATen/core/Tensor.h>
#include <c10/core/GradMode.h>

namespace torch_func::compile {

// Whether they record a graph, or compute a tangent.
inline bool isDifferentiated(const at::Tensor& tensor) {
  const auto* meta = tensor.unsafeGetTensorImpl()->autograd_meta();
  if (meta == nullptr) return false;
  return (tensor.requires_grad() && c10::GradMode::is_enabled()) || tensor._fw_grad(0).defined();
}

}  // namespace torch_func::compile
