// Provokes collections. See Note [Collections are provoked].

#include "core/garbage_collection.h"

#include <time.h>

#include <algorithm>
#include <utility>

namespace torch_func {

namespace {

constexpr size_t kMiB = size_t{1} << 20;
// A collection of young objects takes 0.3 ms; the page faults of as much memory take longer.
constexpr size_t kYoungBytes = 32 * kMiB;
// A full collection takes some ms, and more in a large heap: the growth must be worth it. Measured by the clock of the
// thread: on a busy machine others run in between.
constexpr size_t kFullBytes = 128 * kMiB;
constexpr size_t kFullBytesPerMillisecond = 2 * kMiB;

thread_local Collector collector;
thread_local bool collecting = false;
thread_local size_t fullBytes = kFullBytes;

size_t threadMilliseconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<size_t>(time.tv_sec) * 1000 + static_cast<size_t>(time.tv_nsec) / 1'000'000;
}

}  // namespace

void setCollector(Collector value) { collector = std::move(value); }

bool collectGarbage(Collection collection) {
  if (!collector || collecting) return false;
  const size_t start = threadMilliseconds();
  collecting = true;
  const bool collected = collector(collection);
  collecting = false;
  if (!collected) return false;
  if (collection == Collection::Full) {
    fullBytes = std::max(kFullBytes, (threadMilliseconds() - start) * kFullBytesPerMillisecond);
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
