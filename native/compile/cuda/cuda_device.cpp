// Kernels on a CUDA device, through the driver.

#include <c10/core/impl/VirtualGuardImpl.h>

#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <unordered_map>

#include "compile/cuda/kernel_device.h"
#include "compile/cuda/libraries.h"
#include "compile/cuda/nvrtc.h"

namespace torch_func::compile {

namespace {

using Context = void*;
using Module = void*;
using Function = void*;

// Values of the driver's enum CUdevice_attribute, which is part of its binary interface.
constexpr int kCapabilityMajor = 75;
constexpr int kCapabilityMinor = 76;

// The functions of the driver. Names with _v2 are what cuda.h makes of those without.
struct Driver {
  explicit Driver(void* library) {
    find(library, "cuGetErrorName", &getErrorName);
    find(library, "cuDeviceGet", &deviceGet);
    find(library, "cuDeviceGetAttribute", &deviceGetAttribute);
    find(library, "cuDevicePrimaryCtxRetain", &primaryContextRetain);
    find(library, "cuCtxPushCurrent_v2", &contextPush);
    find(library, "cuCtxPopCurrent_v2", &contextPop);
    find(library, "cuCtxSynchronize", &contextSynchronize);
    find(library, "cuModuleLoadData", &moduleLoadData);
    find(library, "cuModuleUnload", &moduleUnload);
    find(library, "cuModuleGetFunction", &moduleGetFunction);
    find(library, "cuLaunchKernel", &launchKernel);
  }

  static const Driver& get() {
    static const Driver driver(cudaLibraries());
    return driver;
  }

  void check(int error, const char* what) const {
    if (error == 0) return;
    const char* name = nullptr;
    getErrorName(error, &name);
    throw std::runtime_error(std::string(what) + ": " + (name == nullptr ? std::to_string(error) : name));
  }

  int (*getErrorName)(int, const char**);
  int (*deviceGet)(int*, int);
  int (*deviceGetAttribute)(int*, int, int);
  int (*primaryContextRetain)(Context*, int);
  int (*contextPush)(Context);
  int (*contextPop)(Context*);
  int (*contextSynchronize)();
  int (*moduleLoadData)(Module*, const void*);
  int (*moduleUnload)(Module);
  int (*moduleGetFunction)(Function*, Module, const char*);
  int (*launchKernel)(Function, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void*, void**,
                      void**);
};

// The device's context is the current one, also on a thread that has used no CUDA before.
class CurrentContext {
 public:
  CurrentContext(const Driver& driver, Context context) : driver_(driver) {
    driver.check(driver.contextPush(context), "cuCtxPushCurrent");
  }
  ~CurrentContext() {
    Context popped = nullptr;
    driver_.contextPop(&popped);
  }
  CurrentContext(const CurrentContext&) = delete;
  CurrentContext& operator=(const CurrentContext&) = delete;

 private:
  const Driver& driver_;
};

class CudaKernel final : public DeviceKernel {
 public:
  CudaKernel(const Driver& driver, Context context, c10::Device device, const std::string& code, const char* name)
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
    Context popped = nullptr;
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
    const c10::impl::VirtualGuardImpl guard(c10::DeviceType::CUDA);
    void* const stream = guard.getStreamNativeHandle(guard.getStream(device_));
    const auto blocks = static_cast<unsigned>((points + kBlockThreads - 1) / kBlockThreads);
    const CurrentContext current(driver_, context_);
    driver_.check(
        driver_.launchKernel(function_, blocks, 1, 1, kBlockThreads, 1, 1, 0, stream, parameters.data(), nullptr),
        "cuLaunchKernel");
  }

 private:
  const Driver& driver_;
  Context context_;
  c10::Device device_;
  Module module_ = nullptr;
  Function function_ = nullptr;
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

 private:
  c10::Device device_;
  const Driver& driver_;
  Context context_ = nullptr;
  int capability_ = 0;
  std::mutex mutex_;
  std::unordered_map<std::string, std::weak_ptr<const DeviceKernel>> kernels_;
};

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
