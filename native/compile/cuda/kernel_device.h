#pragma once
// A device that runs generated kernels.

#include <c10/core/Device.h>
#include <c10/util/ArrayRef.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "compile/cuda/kernel_source.h"

namespace torch_func::compile {

class DeviceKernel {
 public:
  virtual ~DeviceKernel() = default;
  // Queues the computation of all points. The addresses are those of KernelSource::buffers.
  virtual void launch(int64_t points, c10::ArrayRef<void*> addresses) const = 0;
};

// Work of a device that can be repeated.
class DeviceGraph {
 public:
  virtual ~DeviceGraph() = default;
  // Queues the work.
  virtual void replay() = 0;
};

class KernelDevice {
 public:
  virtual ~KernelDevice() = default;
  // Where the tensors of its plans lie.
  virtual c10::Device device() const = 0;
  // Throws if the kernel cannot be compiled. The same source gives the same kernel, as long as it is in use.
  virtual std::shared_ptr<const DeviceKernel> kernel(const KernelSource& source) = 0;
  // Queues a copy between memory of the device.
  virtual void copy(void* target, const void* source, size_t bytes) = 0;
  // Captures what `work` queues, which must not allocate memory of the device. May call it several times. Throws if it
  // cannot be captured.
  virtual std::unique_ptr<DeviceGraph> capture(std::function<void()> work) = 0;
};

// Throws if the CUDA libraries cannot be loaded.
KernelDevice& cudaDevice(c10::DeviceIndex index);

}  // namespace torch_func::compile
