#pragma once
// CUDA devices, threads, the default dtype, and what libtorch says about itself.

#include <napi.h>

namespace torch_func {

// Also loads the CUDA part of libtorch, if it has one: call before anything asks for a device.
void defineDevices(Napi::Object exports);

}  // namespace torch_func
