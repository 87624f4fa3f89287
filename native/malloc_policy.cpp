#include "malloc_policy.h"

#include <cstdlib>  // defines __GLIBC__, where it is the C library
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "errors.h"
#include "parameters.h"

namespace torch_func {

namespace {

// returnLargeBlocks(bytes): from now on blocks of this size and more go back to the system as soon as
// they are freed. By default glibc keeps more and more of them, and where tensors of several sizes come
// and go for a long time, the holes between them make the process twice as large as it needs to be.
// Not for a library to decide for the process that it is loaded into.
Napi::Value returnLargeBlocks(const Napi::CallbackInfo& info) {
  const int64_t bytes = integerParameter(info, 0, "returnLargeBlocks", "bytes");
  if (bytes < 4096 || bytes > (int64_t{1} << 25)) throwValueError("returnLargeBlocks(): argument 'bytes' must be between 4096 and 2^25");
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, static_cast<int>(bytes));
#endif
  return info.Env().Undefined();
}

}  // namespace

void defineMallocPolicy(Napi::Object exports) { define<returnLargeBlocks>(exports, "returnLargeBlocks"); }

}  // namespace torch_func
