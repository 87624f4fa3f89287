// CUDA devices: selection, properties, memory, random seeds.

#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <mutex>
#include <string>

#include "addon/exports.h"
#include "core/arguments.h"
#include "core/call_arguments.h"
#include "core/errors.h"
#include "operators/results.h"
#include "runtime/cuda_library.h"

namespace torch_func {

namespace {

const at::CUDAHooksInterface& cuda() { return at::detail::getCUDAHooks(); }

// The hooks only report on devices; the implementation of device guards can change the current one.
c10::impl::VirtualGuardImpl cudaGuard() { return c10::impl::VirtualGuardImpl(c10::DeviceType::CUDA); }

Napi::Value toNumber(napi_env env, int64_t value) { return Napi::Value(env, wrapInteger(env, value)); }

// A device index. lib/cuda.ts has converted other names of devices to integers.
c10::DeviceIndex deviceIndex(const Napi::CallbackInfo& info) {
  const int64_t index = integerParameter(info, 0, "cuda", "device");
  if (index < 0 || index >= cuda().deviceCount()) {
    throwRuntimeError("Invalid device id: " + std::to_string(index) + " (this process sees " +
                      std::to_string(cuda().deviceCount()) + " CUDA device(s))");
  }
  return static_cast<c10::DeviceIndex>(index);
}

// lib/cuda.ts calls cudaIsBuilt and cudaDeviceCount first and returns PyTorch's answers if there is no CUDA. The
// functions after these two may assume a device.

Napi::Value cudaIsBuilt(const Napi::CallbackInfo& info) { return Napi::Boolean::New(info.Env(), cuda().isBuilt()); }
Napi::Value cudaDeviceCount(const Napi::CallbackInfo& info) { return toNumber(info.Env(), cuda().deviceCount()); }
Napi::Value cudaCurrentDevice(const Napi::CallbackInfo& info) {
  return toNumber(info.Env(), cuda().getCurrentDevice());
}

Napi::Value cudaSetDevice(const Napi::CallbackInfo& info) {
  cudaGuard().setDevice(c10::Device(c10::DeviceType::CUDA, deviceIndex(info)));
  return info.Env().Undefined();
}

Napi::Value cudaSynchronize(const Napi::CallbackInfo& info) {
  cuda().deviceSynchronize(deviceIndex(info));
  return info.Env().Undefined();
}

// cudaManualSeed(index, seed)
Napi::Value cudaManualSeed(const Napi::CallbackInfo& info) {
  at::Generator generator = cuda().getDefaultGenerator(deviceIndex(info));
  if (!info[1].IsBigInt())
    throwTypeError("cudaManualSeed(): argument 'seed' must be a bigint, not " +
                   describe(Environment::of(info.Env()), info[1]));
  bool lossless = false;
  const uint64_t seed = info[1].As<Napi::BigInt>().Uint64Value(&lossless);
  std::lock_guard<std::mutex> lock(generator.mutex());
  generator.set_current_seed(seed);
  return info.Env().Undefined();
}

// The allocator is initialized by the first CUDA tensor; before that there is nothing to report or to free.
c10::DeviceAllocator* allocator() {
  auto* found = dynamic_cast<c10::DeviceAllocator*>(c10::GetAllocator(c10::DeviceType::CUDA));
  return found != nullptr && found->initialized() ? found : nullptr;
}

Napi::Value cudaEmptyCache(const Napi::CallbackInfo& info) {
  if (auto* found = allocator()) found->emptyCache();
  return info.Env().Undefined();
}

Napi::Value cudaResetPeakMemoryStats(const Napi::CallbackInfo& info) {
  const auto index = deviceIndex(info);
  if (auto* found = allocator()) found->resetPeakStats(index);
  return info.Env().Undefined();
}

// The statistics under the keys of Python's torch.cuda.memory_stats.
class StatsObject {
 public:
  explicit StatsObject(Napi::Env env) : object(Napi::Object::New(env)) {}

  void set(const std::string& key, int64_t value) { object.Set(key, toNumber(object.Env(), value)); }
  void set(const std::string& key, const c10::CachingAllocator::Stat& stat) {
    set(key + ".current", stat.current);
    set(key + ".peak", stat.peak);
    set(key + ".allocated", stat.allocated);
    set(key + ".freed", stat.freed);
  }
  void set(const std::string& key, const c10::CachingAllocator::StatArray& stats) {
    static constexpr const char* kPools[] = {".all", ".small_pool", ".large_pool"};
    for (size_t i = 0; i < stats.size(); ++i) set(key + kPools[i], stats[i]);
  }

  Napi::Object object;
};

Napi::Value cudaMemoryStats(const Napi::CallbackInfo& info) {
  const auto index = deviceIndex(info);
  StatsObject result(info.Env());
  auto* found = allocator();
  if (found == nullptr) return result.object;
  const auto stats = found->getDeviceStats(index);
  result.set("active", stats.active);
  result.set("active_bytes", stats.active_bytes);
  result.set("allocated_bytes", stats.allocated_bytes);
  result.set("allocation", stats.allocation);
  result.set("inactive_split", stats.inactive_split);
  result.set("inactive_split_bytes", stats.inactive_split_bytes);
  result.set("max_split_size", stats.max_split_size);
  result.set("num_alloc_retries", stats.num_alloc_retries);
  result.set("num_device_alloc", stats.num_device_alloc);
  result.set("num_device_free", stats.num_device_free);
  result.set("num_ooms", stats.num_ooms);
  result.set("num_sync_all_streams", stats.num_sync_all_streams);
  result.set("oversize_allocations", stats.oversize_allocations);
  result.set("oversize_segments", stats.oversize_segments);
  result.set("requested_bytes", stats.requested_bytes);
  result.set("reserved_bytes", stats.reserved_bytes);
  result.set("segment", stats.segment);
  return result.object;
}

// A function of the CUDA runtime or of libtorch_cuda, by name. Linked against either, the addon could not be loaded on
// a machine without CUDA.
template <typename Function>
Function* cudaFunction(const char* name) {
  void* symbol = findSymbol(name);
  if (symbol == nullptr) throwRuntimeError(std::string("the loaded CUDA libraries do not export ") + name);
  return reinterpret_cast<Function*>(symbol);
}

// Values of the runtime's enum cudaDeviceAttr, which is part of its binary interface.
constexpr int kMultiProcessorCount = 16;
constexpr int kComputeCapabilityMajor = 75;
constexpr int kComputeCapabilityMinor = 76;

int deviceAttribute(int attribute, c10::DeviceIndex index) {
  int value = 0;
  const int error = cudaFunction<int(int*, int, int)>("cudaDeviceGetAttribute")(&value, attribute, index);
  if (error != 0) throwRuntimeError("CUDA error " + std::to_string(error) + " from cudaDeviceGetAttribute");
  return value;
}

// cudaDeviceProperties(index): { name, major, minor, multiProcessorCount }
Napi::Value cudaDeviceProperties(const Napi::CallbackInfo& info) {
  const auto index = deviceIndex(info);
  // at::cuda::getDeviceProperties(c10::DeviceIndex); the structure begins with the device's name.
  const void* properties = cudaFunction<void*(c10::DeviceIndex)>("_ZN2at4cuda19getDevicePropertiesEa")(index);
  auto result = Napi::Object::New(info.Env());
  result.Set("name", static_cast<const char*>(properties));
  result.Set("major", deviceAttribute(kComputeCapabilityMajor, index));
  result.Set("minor", deviceAttribute(kComputeCapabilityMinor, index));
  result.Set("multiProcessorCount", deviceAttribute(kMultiProcessorCount, index));
  return result;
}

// cudaMemGetInfo(index): [free, total] bytes of the device
Napi::Value cudaMemGetInfo(const Napi::CallbackInfo& info) {
  const auto index = deviceIndex(info);
  const c10::Device previous = cudaGuard().exchangeDevice(c10::Device(c10::DeviceType::CUDA, index));
  size_t available = 0, total = 0;
  const int error = cudaFunction<int(size_t*, size_t*)>("cudaMemGetInfo")(&available, &total);
  cudaGuard().setDevice(previous);
  if (error != 0) throwRuntimeError("CUDA error " + std::to_string(error) + " from cudaMemGetInfo");
  auto result = Napi::Array::New(info.Env(), 2);
  result.Set(0u, toNumber(info.Env(), static_cast<int64_t>(available)));
  result.Set(1u, toNumber(info.Env(), static_cast<int64_t>(total)));
  return result;
}

// Why libtorch_cuda could not be loaded; null if it was, or if this libtorch has none.
Napi::Value cudaLoadErrorText(const Napi::CallbackInfo& info) {
  if (cudaLoadError().empty()) return info.Env().Null();
  return Napi::String::New(info.Env(), cudaLoadError());
}

}  // namespace

void defineCuda(Napi::Object exports) {
  define<cudaIsBuilt>(exports, "cudaIsBuilt");
  define<cudaDeviceCount>(exports, "cudaDeviceCount");
  define<cudaCurrentDevice>(exports, "cudaCurrentDevice");
  define<cudaSetDevice>(exports, "cudaSetDevice");
  define<cudaSynchronize>(exports, "cudaSynchronize");
  define<cudaManualSeed>(exports, "cudaManualSeed");
  define<cudaEmptyCache>(exports, "cudaEmptyCache");
  define<cudaResetPeakMemoryStats>(exports, "cudaResetPeakMemoryStats");
  define<cudaMemoryStats>(exports, "cudaMemoryStats");
  define<cudaDeviceProperties>(exports, "cudaDeviceProperties");
  define<cudaMemGetInfo>(exports, "cudaMemGetInfo");
  define<cudaLoadErrorText>(exports, "cudaLoadError");
}

}  // namespace torch_func
