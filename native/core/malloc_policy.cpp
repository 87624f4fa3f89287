// The C library's memory, for a process that is all ours.

#include <cstdlib>  // defines __GLIBC__, where it is the C library
#include <limits>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "core/call_arguments.h"
#include "core/errors.h"
#include "exports.h"

namespace torch_func {

namespace {

// The largest blocks that glibc can be told to take from its heap rather than one by one from the system.
constexpr int kLargestOfHeap = 1 << 25;

// keepFreedMemory(bytes): from now on up to so much freed memory at the end of the heap stays with the
// process. By default glibc gives it back after each chunk of a job, and the system has to clear the
// same pages again for the next one, which took half of the time of a job. Not for a library to decide
// for the process that it is loaded into.
Napi::Value keepFreedMemory(const Napi::CallbackInfo& info) {
  const int64_t bytes = integerParameter(info, 0, "keepFreedMemory", "bytes");
  if (bytes < 0 || bytes > std::numeric_limits<int>::max()) {
    throwValueError("keepFreedMemory(): argument 'bytes' must be between 0 and 2^31 - 1");
  }
#ifdef __GLIBC__
  // Either of them ends the adjustment of both.
  mallopt(M_MMAP_THRESHOLD, kLargestOfHeap);
  mallopt(M_TRIM_THRESHOLD, static_cast<int>(bytes));
#endif
  return info.Env().Undefined();
}

}  // namespace

void defineMallocPolicy(Napi::Object exports) { define<keepFreedMemory>(exports, "keepFreedMemory"); }

}  // namespace torch_func
