// The serial number of each active level, and the level of a batched tensor.

#include "functorch/batch_levels.h"

#include <ATen/functorch/BatchedTensorImpl.h>
#include <ATen/functorch/TensorWrapper.h>

#include <vector>

namespace torch_func {

namespace {

// One entry per active level, like the stack itself, which libtorch keeps per thread.
thread_local std::vector<uint64_t> calls;
thread_local uint64_t lastCall = 0;

}  // namespace

BatchLevel batchLevelOf(const at::Tensor& tensor) {
  if (calls.empty()) return {};
  const at::Tensor* current = &tensor;
  while (current->defined()) {
    if (auto* batched = at::functorch::maybeGetBatchedImpl(*current)) {
      const auto level = static_cast<uint32_t>(batched->level());
      // A level that is not active is none of a call that could be named; libtorch decides.
      if (level == 0 || level > calls.size()) return {};
      return {level, calls[level - 1]};
    }
    auto* wrapper = at::functorch::maybeGetTensorWrapper(*current);
    if (wrapper == nullptr) break;
    current = &wrapper->value();
  }
  return {};
}

bool isActive(const BatchLevel& level) { return level.level <= calls.size() && calls[level.level - 1] == level.call; }

void levelPushed(int64_t level) {
  calls.resize(static_cast<size_t>(level));
  calls.back() = ++lastCall;
}

void levelPopped(int64_t level) { calls.resize(static_cast<size_t>(level - 1)); }

uint64_t levelLowered() {
  const uint64_t call = calls.back();
  calls.pop_back();
  return call;
}

void levelRaised(uint64_t call) { calls.push_back(call); }

}  // namespace torch_func
