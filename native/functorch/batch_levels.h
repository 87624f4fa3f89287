#pragma once
// Note [Batch levels have serial numbers]
// libtorch identifies a level by its depth in the stack only, and the next call of vmap uses the same numbers again. A
// tensor that escaped from one call of vmap would be treated as a tensor of the next call, with whatever batch that
// has, or fail an assertion deep inside libtorch. Therefore each level that is pushed gets a serial number that is
// never reused, and each tensor handle stores the serial number of its level. An operator refuses a tensor whose level
// has ended, with an error that names the argument. Knows only libtorch.

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace torch_func {

struct BatchLevel {
  uint32_t level = 0;  // 0: the tensor is not batched
  uint64_t serial = 0;
};

// The level at which a tensor is batched, the innermost one if there are several. Looks through gradient wrappers: one
// whose level has ended stands for its value.
BatchLevel batchLevelOf(const at::Tensor& tensor);

// Whether the level is still active.
bool isActive(const BatchLevel& level);

// To be called for each push and pop of a level on this thread, of any kind.
void levelPushed(int64_t level);
void levelPopped(int64_t level);

// The top level is popped temporarily; returns its serial number, which levelRestored takes.
uint64_t levelPoppedTemporarily();
void levelRestored(uint64_t serial);

}  // namespace torch_func
