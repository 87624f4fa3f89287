// Provokes collections. See Note [Collections are provoked].

#include "core/garbage_collection.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace torch_func {

namespace {

constexpr size_t kMiB = size_t{1} << 20;
// A collection of young objects takes 0.3 ms; the page faults of as much memory take longer.
constexpr size_t kYoungBytes = 32 * kMiB;
// A full collection takes some ms, and more in a large heap: the growth must be worth it.
constexpr size_t kFullBytes = 128 * kMiB;
constexpr size_t kFullBytesPerMillisecond = 2 * kMiB;

thread_local Collector collector;
thread_local bool collecting = false;
thread_local size_t fullBytes = kFullBytes;

}  // namespace

void setCollector(Collector value) { collector = std::move(value); }

bool collectGarbage(Collection collection) {
  using Clock = std::chrono::steady_clock;
  if (!collector || collecting) return false;
  const auto start = Clock::now();
  collecting = true;
  collector(collection);
  collecting = false;
  if (collection == Collection::Full) {
    const auto taken = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start).count();
    fullBytes = std::max(kFullBytes, static_cast<size_t>(taken) * kFullBytesPerMillisecond);
  }
  return true;
}

void LiveBytes::remove(size_t bytes) {
  live_ -= std::min(live_, bytes);
  afterYoung_ = std::min(afterYoung_, live_);
  afterFull_ = std::min(afterFull_, live_);
}

bool LiveBytes::isDue(Collection collection, size_t more) const {
  return collection == Collection::Young ? live_ + more > afterYoung_ + kYoungBytes
                                         : live_ + more > afterFull_ + fullBytes;
}

void LiveBytes::collected(Collection collection, size_t more) {
  afterYoung_ = live_ + more;
  if (collection == Collection::Full) afterFull_ = live_ + more;
}

}  // namespace torch_func
