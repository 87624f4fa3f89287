// What the functions on the bytes behind tensors share.

#include "tensor/bytes.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "core/errors.h"
#include "core/tensor_handle.h"
#include "functorch/wrappers.h"

namespace torch_func {

// A system call cannot transfer more than 2 GiB.
static constexpr int64_t kMaxRead = int64_t{1} << 30;

void throwSystemError(const char* what) { throwRuntimeError(std::string(what) + ": " + std::strerror(errno)); }

void readFully(int descriptor, int64_t position, char* target, int64_t length) {
  for (int64_t done = 0; done < length;) {
    const ssize_t count =
        pread(descriptor, target + done, static_cast<size_t>(std::min(kMaxRead, length - done)), position + done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throwSystemError("reading failed");
    if (count == 0) throwValueError("the file ends at byte " + std::to_string(position + done));
    done += count;
  }
}

at::Tensor bytesArgument(const Napi::CallbackInfo& info, size_t index) {
  // A transform may have wrapped the result of an operator on bytes.
  const at::Tensor bytes =
      unwrapWhile(toOperand(Environment::of(info.Env()), info[index], "bytes"), valueOfGradWrapper);
  if (bytes.scalar_type() != c10::kByte || !bytes.is_contiguous() || !bytes.has_storage())
    throwValueError("argument 'bytes' must be a contiguous uint8 tensor");
  return bytes;
}

}  // namespace torch_func
