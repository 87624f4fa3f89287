// Reclaims unreachable CUDA tensors before the allocator takes more memory from the device.

#include "runtime/cuda_collections.h"

#include <c10/core/Allocator.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <c10/util/Registry.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <memory>
#include <string>

#include "core/garbage_collection.h"
#include "runtime/cuda_library.h"

namespace c10 {

// As in c10/cuda/CUDACachingAllocator.h, which needs the headers of CUDA.
class FreeMemoryCallback {
 public:
  virtual ~FreeMemoryCallback() = default;
  virtual bool Execute() = 0;
};

}  // namespace c10

namespace torch_func {

namespace {

using Callbacks = c10::Registry<std::string, std::unique_ptr<c10::FreeMemoryCallback>>;

constexpr size_t kMiB = size_t{1} << 20;

// How much a device's bytes in use may grow before a collection: of all objects, and a quarter of that of young ones.
// Small against the memory of the device, and large enough that collections are rare.
size_t growthLimit() {
  auto* const memory = reinterpret_cast<int (*)(size_t*, size_t*)>(findSymbol("cudaMemGetInfo"));
  size_t available = 0, total = 0;
  if (memory == nullptr || memory(&available, &total) != 0) return 128 * kMiB;
  return std::clamp(total / 32, 128 * kMiB, 1024 * kMiB);
}

// The bytes in use on a device after the last collections, and its limit.
struct Growth {
  size_t afterYoung = 0;
  size_t afterFull = 0;
  size_t limit = 0;
};

size_t bytesInUse(c10::DeviceIndex device) {
  auto* allocator = dynamic_cast<c10::DeviceAllocator*>(c10::GetAllocator(c10::DeviceType::CUDA));
  if (allocator == nullptr || !allocator->initialized()) return 0;
  return static_cast<size_t>(allocator->getDeviceStats(device).allocated_bytes[0].current);
}

// The allocator calls it when no free block fits, with its mutex held, which is recursive.
class Reclaim final : public c10::FreeMemoryCallback {
 public:
  bool Execute() override {
    // Threads have collectors of their own.
    static thread_local std::array<Growth, std::numeric_limits<c10::DeviceIndex>::max() + 1> growths;
    const c10::DeviceIndex device = c10::impl::VirtualGuardImpl(c10::DeviceType::CUDA).getDevice().index();
    Growth& growth = growths.at(static_cast<size_t>(device));
    if (growth.limit == 0) growth.limit = growthLimit();
    const size_t before = bytesInUse(device);
    growth.afterYoung = std::min(growth.afterYoung, before);
    growth.afterFull = std::min(growth.afterFull, before);
    size_t now = before;
    if (now > growth.afterYoung + growth.limit / 4 && collectGarbage(Collection::Young)) {
      now = growth.afterYoung = bytesInUse(device);
    }
    if (now > growth.afterFull + growth.limit && collectGarbage(Collection::Full)) {
      now = growth.afterYoung = growth.afterFull = bytesInUse(device);
    }
    return now < before;
  }
};

}  // namespace

void provokeCudaCollections() {
  void* const symbol = findSymbol("_ZN3c1031FreeCudaMemoryCallbacksRegistryB5cxx11Ev");
  if (symbol == nullptr) return;
  reinterpret_cast<Callbacks* (*)()>(symbol)()->Register(
      "torch_func", [] { return std::unique_ptr<c10::FreeMemoryCallback>(std::make_unique<Reclaim>()); });
}

}  // namespace torch_func
