#pragma once
// What differs between the supported releases of libtorch.

#include <torch/csrc/autograd/custom_function.h>
#include <torch/headeronly/version.h>

#include <utility>

namespace torch_func {

// Calls `_wrap_outputs`. From 2.14 on, it also returns the node that it attached; PyTorch then calls the hooks that
// Python programs register for new nodes, of which there are none here.
template <typename... Arguments>
std::vector<std::optional<at::Tensor>> wrapOutputs(Arguments&&... arguments) {
#if TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR < 14
  return torch::autograd::_wrap_outputs(std::forward<Arguments>(arguments)...);
#else
  c10::intrusive_ptr<torch::autograd::Node> attached;
  return torch::autograd::_wrap_outputs(std::forward<Arguments>(arguments)..., attached);
#endif
}

}  // namespace torch_func
