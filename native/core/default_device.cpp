// The default device of the factory functions.

#include "core/default_device.h"

namespace torch_func {

namespace {
thread_local std::optional<c10::Device> current;
}  // namespace

const std::optional<c10::Device>& defaultDevice() { return current; }
void setDefaultDevice(std::optional<c10::Device> device) { current = device; }

}  // namespace torch_func
