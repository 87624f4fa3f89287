#pragma once
// What the functions on the bytes behind tensors share.

#include <ATen/core/Tensor.h>
#include <napi.h>

#include <cstdint>

namespace torch_func {

// Throws a RuntimeError with the message of errno.
[[noreturn]] void throwSystemError(const char* what);

// Reads bytes of a file. A file that ends before them is a ValueError.
void readFully(int descriptor, int64_t position, char* target, int64_t length);

// A contiguous uint8 tensor.
at::Tensor bytesArgument(const Napi::CallbackInfo& info, size_t index);

// A part of defineStoredBytes.
void defineBackgroundBytes(Napi::Object exports);  // tensor/background_bytes.cpp

}  // namespace torch_func
