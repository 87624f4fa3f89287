// Exports the memory in use and available, what is allocated, and the limit of the pool of large blocks.

#include <napi.h>

#include <algorithm>
#include <chrono>

#include "addon/exports.h"
#include "core/call_arguments.h"
#include "core/cpu_allocator.h"
#include "core/environment.h"
#include "core/errors.h"
#include "core/large_blocks.h"
#include "core/system_memory.h"

namespace torch_func {

namespace {

Napi::Value memoryUsage(const Napi::CallbackInfo& info) {
  const HandlePool& handles = Environment::of(info.Env()).handles();
  const LargeBlocks::Usage blocks = LargeBlocks::instance().usage();
  auto result = Napi::Object::New(info.Env());
  const auto set = [&](const char* name, auto value) { result.Set(name, static_cast<double>(value)); };
  set("tensors", handles.liveTensors());
  set("bytes", handles.externalBytes());
  set("live", blocks.live);
  set("pool", blocks.pooled);
  set("reserved", blocks.live + blocks.pooled);
  set("limit", blocks.limit);
  return result;
}

Napi::Value setPoolLimit(const Napi::CallbackInfo& info) {
  const int64_t bytes = integerParameter(info, 0, "setPoolLimit", "bytes");
  if (bytes < 0) throwValueError("setPoolLimit(): argument 'bytes' must not be negative");
  LargeBlocks::instance().setLimit(static_cast<size_t>(bytes));
  return info.Env().Undefined();
}

// trimPool(milliseconds): returns the blocks to the system that have been free for this time. Returns the bytes that
// are still mapped, in use or free.
Napi::Value trimPool(const Napi::CallbackInfo& info) {
  LargeBlocks& blocks = LargeBlocks::instance();
  blocks.trim(std::chrono::milliseconds(integerParameter(info, 0, "trimPool", "milliseconds")));
  const auto [live, pooled, limit] = blocks.usage();
  return Napi::Number::New(info.Env(), static_cast<double>(live + pooled));
}

Napi::Object meterObject(napi_env env, const AllocationMeter& meter) {
  auto result = Napi::Object::New(env);
  const auto set = [&](const char* name, auto value) { result.Set(name, static_cast<double>(value)); };
  set("start", meter.start);
  set("live", meter.live);
  set("peak", meter.peak);
  set("largest", meter.largest);
  return result;
}

// beginMeter(): measures what this thread allocates on the CPU from now on. Returns the measurement that it interrupts.
Napi::Value beginMeter(const Napi::CallbackInfo& info) {
  AllocationMeter& meter = allocationMeter();
  const Napi::Object outer = meterObject(info.Env(), meter);
  ++meter.epoch;
  meter.start = meter.epoch;
  meter.live = meter.peak = meter.largest = 0;
  return outer;
}

// endMeter(start, live, peak, largest): returns what was measured, and continues the outer measurement, of which this
// one is a part.
Napi::Value endMeter(const Napi::CallbackInfo& info) {
  const auto get = [&](size_t index, const char* name) { return integerParameter(info, index, "endMeter", name); };
  const int64_t start = get(0, "start");
  const int64_t live = get(1, "live");
  const int64_t peak = get(2, "peak");
  const int64_t largest = get(3, "largest");
  AllocationMeter& meter = allocationMeter();
  const Napi::Object measured = meterObject(info.Env(), meter);
  meter.start = static_cast<uint32_t>(start);
  meter.peak = std::max(peak, live + meter.peak);
  meter.largest = std::max(largest, meter.largest);
  meter.live += live;
  return measured;
}

// memoryLimits(): { available, cache } in bytes.
Napi::Value memoryLimits(const Napi::CallbackInfo& info) {
  static const size_t cache = largestCache();
  auto result = Napi::Object::New(info.Env());
  result.Set("available", static_cast<double>(availableMemory()));
  result.Set("cache", static_cast<double>(cache));
  return result;
}

}  // namespace

void defineMemory(Napi::Object exports) {
  define<memoryUsage>(exports, "memoryUsage");
  define<setPoolLimit>(exports, "setPoolLimit");
  define<trimPool>(exports, "trimPool");
  define<beginMeter>(exports, "beginMeter");
  define<endMeter>(exports, "endMeter");
  define<memoryLimits>(exports, "memoryLimits");
}

}  // namespace torch_func
