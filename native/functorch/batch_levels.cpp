// The serial number of each active level, and the level of a batched tensor.

#include "functorch/batch_levels.h"

#include <vector>

#include "functorch/wrappers.h"

namespace torch_func {

namespace {

// One entry per active level, like the stack itself, which libtorch keeps per thread.
thread_local std::vector<uint64_t> calls;
thread_local uint64_t lastCall = 0;

}  // namespace

BatchLevel batchLevelOf(const at::Tensor& tensor) {
  if (calls.empty()) return {};
  auto* batched = at::functorch::maybeGetBatchedImpl(unwrapWhile(tensor, valueOfGradWrapper));
  if (batched == nullptr) return {};
  const auto level = static_cast<uint32_t>(batched->level());
  // A level that is not active belongs to no call of vmap that has a number; libtorch reports the error.
  if (level == 0 || level > calls.size()) return {};
  return {level, calls[level - 1]};
}

bool isActive(const BatchLevel& level) { return level.level <= calls.size() && calls[level.level - 1] == level.call; }

void levelPushed(int64_t level) {
  calls.resize(static_cast<size_t>(level));
  calls.back() = ++lastCall;
}

void levelPopped(int64_t level) { calls.resize(static_cast<size_t>(level - 1)); }

uint64_t levelPoppedTemporarily() {
  const uint64_t call = calls.back();
  calls.pop_back();
  return call;
}

void levelRestored(uint64_t call) { calls.push_back(call); }

}  // namespace torch_func
