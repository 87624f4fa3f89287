// Exports the memory in use, and the limit of the pool of large blocks.

#include <napi.h>

#include <chrono>

#include "addon/exports.h"
#include "core/call_arguments.h"
#include "core/environment.h"
#include "core/errors.h"
#include "core/large_blocks.h"

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

}  // namespace

void defineMemory(Napi::Object exports) {
  define<memoryUsage>(exports, "memoryUsage");
  define<setPoolLimit>(exports, "setPoolLimit");
  define<trimPool>(exports, "trimPool");
}

}  // namespace torch_func
