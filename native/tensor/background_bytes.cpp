// Work on the bytes of tensors on the threads of libuv, where Node.js does its own work with files. Each function
// returns a Promise.

#include <ATen/core/Tensor.h>
#include <napi.h>

#include <cstring>
#include <exception>
#include <functional>
#include <memory>
#include <utility>

#include "core/call_arguments.h"
#include "core/environment.h"
#include "core/errors.h"
#include "core/shared_array_buffer.h"
#include "tensor/bytes.h"
#include "tensor/checksum.h"

namespace torch_func {

namespace {

// Returns what the Promise is resolved with.
using Run = std::function<double()>;

struct Work {
  Environment& environment;
  // Hold the memory until the work is complete; freed on the thread of JavaScript.
  at::Tensor bytes;
  std::shared_ptr<void> buffer;
  Run run;
  double result = 0;
  std::exception_ptr error;
  napi_async_work work = nullptr;
  napi_deferred promise = nullptr;

  static void execute(napi_env, void* data) {
    auto& work = *static_cast<Work*>(data);
    try {
      work.result = work.run();
    } catch (...) {
      work.error = std::current_exception();
    }
  }

  // A worker may be ending, where no Promise can be settled.
  static void complete(napi_env env, napi_status, void* data) {
    const std::unique_ptr<Work> work(static_cast<Work*>(data));
    napi_delete_async_work(env, work->work);
    napi_value value = nullptr;
    if (work->error == nullptr) {
      if (napi_create_double(env, work->result, &value) == napi_ok) napi_resolve_deferred(env, work->promise, value);
      return;
    }
    guard(work->environment, [&]() -> napi_value { std::rethrow_exception(work->error); });
    if (napi_get_and_clear_last_exception(env, &value) == napi_ok) napi_reject_deferred(env, work->promise, value);
  }
};

Napi::Value start(const Napi::CallbackInfo& info, at::Tensor bytes, std::shared_ptr<void> buffer, Run run) {
  napi_env env = info.Env();
  auto work = std::make_unique<Work>(
      Work{Environment::of(env), std::move(bytes), std::move(buffer), std::move(run), 0, nullptr});
  napi_value name, promise;
  check(env, napi_create_string_utf8(env, "torch-func", NAPI_AUTO_LENGTH, &name));
  check(env, napi_create_async_work(env, nullptr, name, Work::execute, Work::complete, work.get(), &work->work));
  check(env, napi_create_promise(env, &work->promise, &promise));
  check(env, napi_queue_async_work(env, work->work));
  work.release();
  return Napi::Value(env, promise);
}

// A part of the bytes of a tensor, from the arguments (bytes, offset, length, ...).
struct Part {
  at::Tensor bytes;
  int64_t offset, length;

  explicit Part(const Napi::CallbackInfo& info)
      : bytes(bytesArgument(info, 0)),
        offset(integerParameter(info, 1, "bytes", "offset")),
        length(integerParameter(info, 2, "bytes", "length")) {
    if (offset < 0 || length < 0 || offset > bytes.numel() || length > bytes.numel() - offset)
      throwValueError("the part lies outside of the memory");
  }

  // A tensor that shares its memory until a write must not get a copy.
  const uint8_t* source() const { return static_cast<const uint8_t*>(bytes.const_data_ptr()) + offset; }
  uint8_t* target() const { return static_cast<uint8_t*>(bytes.mutable_data_ptr()) + offset; }
};

int64_t positionArgument(const Napi::CallbackInfo& info, size_t index) {
  const int64_t position = integerParameter(info, index, "bytes", "position");
  if (position < 0) throwValueError("argument 'position' must not be negative");
  return position;
}

// readFileInto(bytes, offset, length, descriptor, position): reads bytes of a file into part of a tensor. The
// descriptor must stay open until the Promise is settled.
Napi::Value readFileInto(const Napi::CallbackInfo& info) {
  const Part part(info);
  const auto descriptor = static_cast<int>(integerParameter(info, 3, "readFileInto", "descriptor"));
  return start(info, part.bytes, nullptr,
               [target = part.target(), length = part.length, descriptor, position = positionArgument(info, 4)] {
                 readFully(descriptor, position, reinterpret_cast<char*>(target), length);
                 return 0;
               });
}

// checksumOf(bytes, offset, length, before): the CRC-32 of bytes that follow those with the checksum `before`.
Napi::Value checksumOf(const Napi::CallbackInfo& info) {
  const Part part(info);
  const auto before = static_cast<uint32_t>(integerParameter(info, 3, "checksumOf", "before"));
  return start(info, part.bytes, nullptr, [source = part.source(), length = part.length, before] {
    return static_cast<double>(checksum(source, static_cast<size_t>(length), before));
  });
}

// Memory of JavaScript as long as a part.
BufferBytes bufferArgument(const Napi::CallbackInfo& info, const Part& part) {
  const BufferBytes buffer = bytesParameter(info, 3, "buffer");
  if (static_cast<int64_t>(buffer.length) != part.length)
    throwValueError("argument 'buffer' must have the length of the part");
  return buffer;
}

void copyBytes(void* target, const void* source, size_t length) {
  if (length > 0) std::memcpy(target, source, length);
}

// copyFromBuffer(bytes, offset, length, buffer): copies a Uint8Array into part of a tensor.
Napi::Value copyFromBuffer(const Napi::CallbackInfo& info) {
  const Part part(info);
  const BufferBytes buffer = bufferArgument(info, part);
  return start(info, part.bytes, ownerOf(info.Env(), buffer.buffer),
               [target = part.target(), source = buffer.data, length = buffer.length] {
                 copyBytes(target, source, length);
                 return 0;
               });
}

// copyToBuffer(bytes, offset, length, buffer): the reverse.
Napi::Value copyToBuffer(const Napi::CallbackInfo& info) {
  const Part part(info);
  const BufferBytes buffer = bufferArgument(info, part);
  return start(info, part.bytes, ownerOf(info.Env(), buffer.buffer),
               [source = part.source(), target = buffer.data, length = buffer.length] {
                 copyBytes(target, source, length);
                 return 0;
               });
}

}  // namespace

void defineBackgroundBytes(Napi::Object exports) {
  define<readFileInto>(exports, "readFileInto");
  define<checksumOf>(exports, "checksumOf");
  define<copyFromBuffer>(exports, "copyFromBuffer");
  define<copyToBuffer>(exports, "copyToBuffer");
}

}  // namespace torch_func
