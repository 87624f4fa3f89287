#pragma once
// The default device of the factory functions, which libtorch does not have: Python's bindings keep it too.

#include <c10/core/Device.h>

#include <optional>

namespace torch_func {

// The default device of this thread; nullopt for libtorch's own, the CPU.
const std::optional<c10::Device>& defaultDevice();
void setDefaultDevice(std::optional<c10::Device> device);

}  // namespace torch_func
