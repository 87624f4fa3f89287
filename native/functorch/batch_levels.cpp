// The serial number of each active level, and the level of a batched tensor.

#include "functorch/batch_levels.h"

#include <vector>

#include "functorch/wrappers.h"

namespace torch_func {

namespace {

// One serial number per active level. Per thread, as the stack itself.
thread_local std::vector<uint64_t> serials;
thread_local uint64_t lastSerial = 0;

}  // namespace

BatchLevel batchLevelOf(const at::Tensor& tensor) {
  if (serials.empty()) return {};
  auto* batched = at::functorch::maybeGetBatchedImpl(unwrapWhile(tensor, valueOfGradWrapper));
  if (batched == nullptr) return {};
  const auto level = static_cast<uint32_t>(batched->level());
  // A level that is not active has no serial number; libtorch reports the error.
  if (level == 0 || level > serials.size()) return {};
  return {level, serials[level - 1]};
}

bool isActive(const BatchLevel& level) {
  return level.level <= serials.size() && serials[level.level - 1] == level.serial;
}

void levelPushed(int64_t level) {
  serials.resize(static_cast<size_t>(level));
  serials.back() = ++lastSerial;
}

void levelPopped(int64_t level) { serials.resize(static_cast<size_t>(level - 1)); }

uint64_t levelPoppedTemporarily() {
  const uint64_t serial = serials.back();
  serials.pop_back();
  return serial;
}

void levelRestored(uint64_t serial) { serials.push_back(serial); }

}  // namespace torch_func
