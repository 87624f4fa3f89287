// glibc malloc settings for processes that torch-func itself starts.

#include <cstdlib>  // defines __GLIBC__, where it is the C library
#include <limits>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "addon/exports.h"
#include "core/call_arguments.h"
#include "core/errors.h"

namespace torch_func {

namespace {

// The largest block size that glibc can be told to allocate from its heap and not by mmap.
constexpr int kLargestOfHeap = 1 << 25;

// keepFreedMemory(bytes): keeps up to this much freed memory at the end of the heap. By default glibc returns it to the
// system after each chunk of a job, and the system clears the same pages again for the next chunk, which took half of a
// job's time. The setting holds for the whole process, so only a program may choose it, not a library.
Napi::Value keepFreedMemory(const Napi::CallbackInfo& info) {
  const int64_t bytes = integerParameter(info, 0, "keepFreedMemory", "bytes");
  if (bytes < 0 || bytes > std::numeric_limits<int>::max()) {
    throwValueError("keepFreedMemory(): argument 'bytes' must be between 0 and 2^31 - 1");
  }
#ifdef __GLIBC__
  // Setting either one ends the automatic adjustment of both.
  mallopt(M_MMAP_THRESHOLD, kLargestOfHeap);
  mallopt(M_TRIM_THRESHOLD, static_cast<int>(bytes));
#endif
  return info.Env().Undefined();
}

}  // namespace

void defineMallocPolicy(Napi::Object exports) { define<keepFreedMemory>(exports, "keepFreedMemory"); }

}  // namespace torch_func
