#pragma once
// Which call of vmap a batched tensor belongs to. libtorch knows a level by its number alone, and the
// numbers start anew with every call: a tensor that escaped from one call of vmap passes for a tensor
// of the next one, with whatever batch it has, or meets an assertion of libtorch's far below. So every
// level that is pushed gets a number that never comes again, and a handle remembers that of its own.

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace torch_func {

struct BatchLevel {
  uint32_t level = 0;  // 0: the tensor is not batched
  uint64_t call = 0;
};

// The level that a tensor is batched at, the innermost if there are several. Gradient wrappers are
// looked through: one whose level has ended stands for its value.
BatchLevel batchLevelOf(const at::Tensor& tensor);

// Whether that level is still active.
bool isActive(const BatchLevel& level);

// Every push and pop of a level on this thread, whatever its kind.
void levelPushed(int64_t level);
void levelPopped(int64_t level);

// The top level is left for a time: its number, which levelRestored takes when it is entered again.
uint64_t levelPoppedTemporarily();
void levelRestored(uint64_t call);

}  // namespace torch_func
