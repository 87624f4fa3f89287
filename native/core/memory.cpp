// Exports the memory in use, the limit of the pool of large blocks, and the settings of malloc.

#include <napi.h>

#include <chrono>
#include <cstdlib>  // defines __GLIBC__, where it is the C library
#include <limits>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "addon/exports.h"
#include "core/call_arguments.h"
#include "core/environment.h"
#include "core/errors.h"
#include "core/large_blocks.h"

namespace torch_func {

namespace {

// The largest block size that glibc can be told to allocate from its heap and not by mmap.
constexpr int kLargestOfHeap = 1 << 25;

int64_t bytesParameter(const Napi::CallbackInfo& info, const char* function) {
  const int64_t bytes = integerParameter(info, 0, function, "bytes");
  if (bytes < 0) throwValueError(std::string(function) + "(): argument 'bytes' must not be negative");
  return bytes;
}

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
  LargeBlocks::instance().setLimit(static_cast<size_t>(bytesParameter(info, "setPoolLimit")));
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

// keepFreedMemory(bytes): keeps up to this much freed memory at the end of malloc's heap. By default glibc returns it
// to the system after each chunk of a job, and the system clears the same pages again for the next chunk. The setting
// holds for the whole process, so only a program may choose it, not a library.
Napi::Value keepFreedMemory(const Napi::CallbackInfo& info) {
  const int64_t bytes = bytesParameter(info, "keepFreedMemory");
  if (bytes > std::numeric_limits<int>::max()) {
    throwValueError("keepFreedMemory(): argument 'bytes' must be less than 2^31");
  }
#ifdef __GLIBC__
  // Setting either one ends the automatic adjustment of both.
  mallopt(M_MMAP_THRESHOLD, kLargestOfHeap);
  mallopt(M_TRIM_THRESHOLD, static_cast<int>(bytes));
#endif
  return info.Env().Undefined();
}

}  // namespace

void defineMemory(Napi::Object exports) {
  define<memoryUsage>(exports, "memoryUsage");
  define<setPoolLimit>(exports, "setPoolLimit");
  define<trimPool>(exports, "trimPool");
  define<keepFreedMemory>(exports, "keepFreedMemory");
}

}  // namespace torch_func
