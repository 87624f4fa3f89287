// Kernels and graphs of a CUDA device, through the driver.

#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <c10/util/ScopeExit.h>

#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <unordered_map>

#include "compile/cuda/driver.h"
#include "compile/cuda/kernel_device.h"
#include "compile/cuda/nvrtc.h"

namespace torch_func::compile {

namespace {

using c10::impl::VirtualGuardImpl;

// Values of the driver's enum CUdevice_attribute, which is part of its binary interface.
constexpr int kCapabilityMajor = 75;
constexpr int kCapabilityMinor = 76;

class CudaKernel final : public DeviceKernel {
 public:
  CudaKernel(const Driver& driver, Driver::Handle context, c10::Device device, const std::string& code,
             const char* name)
      : driver_(driver), context_(context), device_(device) {
    const CurrentContext current(driver, context);
    driver.check(driver.moduleLoadData(&module_, code.data()), "cuModuleLoadData");
    if (const int error = driver.moduleGetFunction(&function_, module_, name); error != 0) {
      driver.moduleUnload(module_);
      driver.check(error, "cuModuleGetFunction");
    }
  }

  // Errors are ignored: at the end of the process the driver may be gone already.
  ~CudaKernel() override {
    Driver::Handle popped = nullptr;
    if (driver_.contextPush(context_) != 0) return;
    // A launch may still be running.
    driver_.contextSynchronize();
    driver_.moduleUnload(module_);
    driver_.contextPop(&popped);
  }
  CudaKernel(const CudaKernel&) = delete;
  CudaKernel& operator=(const CudaKernel&) = delete;

  void launch(int64_t points, c10::ArrayRef<void*> addresses) const override {
    if (points == 0) return;
    c10::SmallVector<void*, 16> parameters = {&points};
    for (void* const& address : addresses) parameters.push_back(const_cast<void**>(&address));
    const VirtualGuardImpl guard(c10::DeviceType::CUDA);
    void* const stream = guard.getStreamNativeHandle(guard.getStream(device_));
    const auto blocks = static_cast<unsigned>((points + kBlockThreads - 1) / kBlockThreads);
    const CurrentContext current(driver_, context_);
    driver_.check(
        driver_.launchKernel(function_, blocks, 1, 1, kBlockThreads, 1, 1, 0, stream, parameters.data(), nullptr),
        "cuLaunchKernel");
  }

 private:
  const Driver& driver_;
  Driver::Handle context_;
  c10::Device device_;
  Driver::Handle module_ = nullptr;
  Driver::Handle function_ = nullptr;
};

class CudaDevice final : public KernelDevice {
 public:
  explicit CudaDevice(c10::DeviceIndex index) : device_(c10::DeviceType::CUDA, index), driver_(Driver::get()) {
    int ordinal = 0, major = 0, minor = 0;
    driver_.check(driver_.deviceGet(&ordinal, index), "cuDeviceGet");
    driver_.check(driver_.deviceGetAttribute(&major, kCapabilityMajor, ordinal), "cuDeviceGetAttribute");
    driver_.check(driver_.deviceGetAttribute(&minor, kCapabilityMinor, ordinal), "cuDeviceGetAttribute");
    // Never released: it is the context that libtorch uses.
    driver_.check(driver_.primaryContextRetain(&context_, ordinal), "cuDevicePrimaryCtxRetain");
    capability_ = major * 10 + minor;
  }

  c10::Device device() const override { return device_; }

  std::shared_ptr<const DeviceKernel> kernel(const KernelSource& source) override {
    const std::lock_guard lock(mutex_);
    auto& known = kernels_[source.text];
    if (auto kernel = known.lock()) return kernel;
    std::erase_if(kernels_, [&](const auto& entry) { return entry.second.expired() && &entry.second != &known; });
    const std::string code = Nvrtc::ofLibtorch().compile(source, capability_);
    auto kernel = std::make_shared<const CudaKernel>(driver_, context_, device_, code, source.name.c_str());
    kernels_[source.text] = kernel;
    return kernel;
  }

  void copy(void* target, const void* source, size_t bytes) override {
    const VirtualGuardImpl guard(c10::DeviceType::CUDA);
    const CurrentContext current(driver_, context_);
    driver_.check(driver_.copyOnDevice(reinterpret_cast<uintptr_t>(target), reinterpret_cast<uintptr_t>(source), bytes,
                                       guard.getStreamNativeHandle(guard.getStream(device_))),
                  "cuMemcpyDtoDAsync");
  }

  std::unique_ptr<DeviceGraph> capture(std::function<void()> work) override;

 private:
  c10::Device device_;
  const Driver& driver_;
  Driver::Handle context_ = nullptr;
  int capability_ = 0;
  std::mutex mutex_;
  std::unordered_map<std::string, std::weak_ptr<const DeviceKernel>> kernels_;
};

class CudaGraph final : public DeviceGraph {
 public:
  CudaGraph(const Driver& driver, c10::Device device) : driver_(driver), device_(device) {}
  ~CudaGraph() override {
    if (executable_ != nullptr) driver_.graphExecDestroy(executable_);
  }
  CudaGraph(const CudaGraph&) = delete;
  CudaGraph& operator=(const CudaGraph&) = delete;

  void capture(Driver::Handle stream, const std::function<void()>& work) {
    driver_.check(driver_.streamBeginCapture(stream, kThreadLocal), "cuStreamBeginCapture");
    std::exception_ptr problem;
    try {
      work();
    } catch (...) {
      problem = std::current_exception();
    }
    // The stream must not stay in the capture.
    Driver::Handle graph = nullptr;
    const int error = driver_.streamEndCapture(stream, &graph);
    const auto destroy = c10::make_scope_exit([&] {
      if (graph != nullptr) driver_.graphDestroy(graph);
    });
    if (problem) std::rethrow_exception(problem);
    driver_.check(error, "cuStreamEndCapture");
    driver_.check(driver_.graphInstantiate(&executable_, graph, 0), "cuGraphInstantiate");
  }

  void replay() override {
    const VirtualGuardImpl guard(c10::DeviceType::CUDA);
    driver_.check(driver_.graphLaunch(executable_, guard.getStreamNativeHandle(guard.getStream(device_))),
                  "cuGraphLaunch");
  }

 private:
  // The value of CU_STREAM_CAPTURE_MODE_THREAD_LOCAL: what other threads do is not restricted.
  static constexpr int kThreadLocal = 1;

  const Driver& driver_;
  c10::Device device_;
  Driver::Handle executable_ = nullptr;
};

int64_t allocationsOn(c10::Device device) {
  auto* allocator = dynamic_cast<c10::DeviceAllocator*>(c10::GetAllocator(device.type()));
  if (allocator == nullptr) throw std::runtime_error("libtorch's allocator does not count");
  return allocator->getDeviceStats(device.index()).allocation[0].allocated;
}

std::unique_ptr<DeviceGraph> CudaDevice::capture(std::function<void()> work) {
  const VirtualGuardImpl guard(c10::DeviceType::CUDA);
  // What is queued writes to memory that the work reads.
  guard.synchronizeStream(guard.getStream(device_));
  auto graph = std::make_unique<CudaGraph>(driver_, device_);
  const c10::Stream stream = guard.getStreamFromGlobalPool(device_);
  const CurrentContext current(driver_, context_);
  const c10::Stream previous = guard.exchangeStream(stream);
  const auto restore = c10::make_scope_exit([&] { guard.exchangeStream(previous); });
  // Libraries make their handles and workspaces for a stream when they are first called.
  work();
  guard.synchronizeStream(stream);
  const int64_t before = allocationsOn(device_);
  graph->capture(guard.getStreamNativeHandle(stream), work);
  // What was allocated is free again now, but a replay would use it.
  if (allocationsOn(device_) != before) throw std::runtime_error("a step allocates memory");
  return graph;
}

}  // namespace

KernelDevice& cudaDevice(c10::DeviceIndex index) {
  static std::mutex mutex;
  static std::map<c10::DeviceIndex, std::unique_ptr<CudaDevice>> devices;
  const std::lock_guard lock(mutex);
  auto& device = devices[index];
  if (device == nullptr) device = std::make_unique<CudaDevice>(index);
  return *device;
}

}  // namespace torch_func::compile
