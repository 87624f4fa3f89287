// The bounds of the thread's stack, and how much of it an operator needs.

#include "core/stack_limit.h"

#include <ATen/functorch/DynamicLayer.h>
#include <pthread.h>

#include "core/errors.h"

namespace torch_func {

namespace {

// The stack that one operator may use, and what each interpreter level adds: a batching rule of a derivative used 12
// KB.
constexpr uintptr_t kOperatorBytes = 128 * 1024;
constexpr uintptr_t kLevelBytes = 24 * 1024;
// More levels fit into this than V8 lets JavaScript push within its megabyte of stack on the main thread, so the check
// is a single comparison there.
constexpr uintptr_t kComfortableBytes = 6 * 1024 * 1024;

uintptr_t stackEnd() {
#ifdef __APPLE__
  const pthread_t self = pthread_self();
  return reinterpret_cast<uintptr_t>(pthread_get_stackaddr_np(self)) - pthread_get_stacksize_np(self);
#else
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return 0;
  void* address = nullptr;
  size_t size = 0;
  const int error = pthread_attr_getstack(&attributes, &address, &size);
  pthread_attr_destroy(&attributes);
  return error == 0 ? reinterpret_cast<uintptr_t>(address) : 0;
#endif
}

}  // namespace

StackLimit::StackLimit() : end_(stackEnd()) {
  if (end_ != 0) comfortable_ = end_ + kComfortableBytes;
}

void StackLimit::checkLevels(uintptr_t address) const {
  const uintptr_t levels = at::functorch::getDynamicLayerStack().size();
  if (address < end_ + kOperatorBytes + levels * kLevelBytes) throw StackExhausted();
}

}  // namespace torch_func
