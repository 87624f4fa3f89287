// Maps, reuses and returns large blocks. See Note [Freed large blocks stay mapped].

#include "core/large_blocks.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

#include "core/address_sanitizer.h"
#include "core/system_memory.h"

namespace torch_func {

namespace {

constexpr size_t MiB = size_t{1} << 20;
constexpr size_t kGranule = size_t{1} << 16;  // a multiple of every page size
constexpr size_t kHugePage = 2 * MiB;
// Free blocks may exceed the largest amount that was in use at once by this much.
constexpr size_t kSlack = 64 * MiB;

// Sizes are rounded up to sixteen steps per power of two, so that similar sizes share blocks.
size_t sizeClass(size_t bytes) {
  size_t step = kGranule;
  while (step * 32 < bytes) step *= 2;
  return (bytes + step - 1) / step * step;
}

// Maps a block. Aligns it to huge pages if it can contain one, and asks for them.
void* mapAligned(size_t bytes) {
  const bool huge = bytes >= kHugePage;
  const size_t total = huge ? bytes + kHugePage : bytes;
  void* mapped = mmap(nullptr, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  if (!huge) return mapped;
  const auto start = reinterpret_cast<uintptr_t>(mapped);
  const uintptr_t aligned = (start + kHugePage - 1) / kHugePage * kHugePage;
  if (aligned > start) munmap(mapped, aligned - start);
  munmap(reinterpret_cast<void*>(aligned + bytes), start + total - aligned - bytes);
  auto* block = reinterpret_cast<void*>(aligned);
#ifdef MADV_HUGEPAGE
  madvise(block, bytes, MADV_HUGEPAGE);
#endif
  return block;
}

// The blocks that this thread has allocated: it can collect no others. Blocks that another thread frees change when it
// collects, nothing else.
thread_local LiveBytes ofThisThread;

}  // namespace

LargeBlocks& LargeBlocks::instance() {
  static auto* instance = new LargeBlocks();  // never destroyed: blocks may be freed until the process ends
  return *instance;
}

LargeBlocks::LargeBlocks() : limit_(totalMemory() / 4) {}

void* LargeBlocks::allocate(size_t bytes) {
  const size_t rounded = sizeClass(bytes);
  if (void* block = take(rounded)) return block;
  for (const auto collection : {Collection::Young, Collection::Full}) {
    if (void* block = collectAndTake(collection, rounded)) return block;
  }
  if (void* block = map(rounded)) return block;
  if (!collectGarbage(Collection::Full)) return nullptr;
  if (void* block = take(rounded)) return block;
  return map(rounded);
}

// A free block of this size or a slightly larger one, the one used last: its pages are the likeliest in the cache.
void* LargeBlocks::take(size_t bytes) {
  std::lock_guard lock(mutex_);
  auto entry = free_.lower_bound(bytes);
  if (entry == free_.end() || entry->first > bytes + bytes / 8) return nullptr;
  const size_t size = entry->first;
  void* block = entry->second.back().address;
  entry->second.pop_back();
  if (entry->second.empty()) free_.erase(entry);
  pooled_ -= size;
  addLive(size);
  ASAN_UNPOISON_MEMORY_REGION(block, size);
  return block;
}

// Collects if it is due, and looks for a block again.
void* LargeBlocks::collectAndTake(Collection collection, size_t bytes) {
  if (!ofThisThread.isDue(collection, bytes) || !collectGarbage(collection)) return nullptr;
  void* block = take(bytes);
  ofThisThread.collected(collection, block == nullptr ? bytes : 0);
  return block;
}

void LargeBlocks::addLive(size_t bytes) {
  live_ += bytes;
  highWater_ = std::max(highWater_, live_);
  ofThisThread.add(bytes);
}

void* LargeBlocks::map(size_t bytes) {
  std::lock_guard lock(mutex_);
  const size_t allowed = std::max(highWater_, live_ + bytes) + kSlack;
  while (pooled_ > 0 && live_ + bytes + pooled_ > allowed) evictOldest();
  void* block = mapAligned(bytes);
  if (block == nullptr && pooled_ > 0) {
    evictAll();
    block = mapAligned(bytes);
  }
  if (block == nullptr) return nullptr;
  sizes_.emplace(block, bytes);
  addLive(bytes);
  return block;
}

void LargeBlocks::free(void* block) {
  std::lock_guard lock(mutex_);
  const size_t bytes = sizes_.at(block);
  live_ -= bytes;
  ofThisThread.remove(bytes);
  if (pooled_ + bytes > limit_) return unmap(block, bytes);
  pooled_ += bytes;
  free_[bytes].push_back({block, Clock::now()});
  ASAN_POISON_MEMORY_REGION(block, bytes);
}

void LargeBlocks::adopt(size_t bytes) {
  for (const auto collection : {Collection::Young, Collection::Full}) {
    if (ofThisThread.isDue(collection, bytes) && collectGarbage(collection)) ofThisThread.collected(collection, bytes);
  }
  ofThisThread.add(bytes);
}

void LargeBlocks::evictOldest() {
  const auto oldest = std::min_element(free_.begin(), free_.end(), [](const auto& a, const auto& b) {
    return a.second.front().freed < b.second.front().freed;
  });
  auto& [bytes, blocks] = *oldest;
  void* block = blocks.front().address;
  pooled_ -= bytes;
  unmap(block, bytes);
  blocks.pop_front();
  if (blocks.empty()) free_.erase(oldest);
}

void LargeBlocks::evictAll() {
  while (pooled_ > 0) evictOldest();
}

void LargeBlocks::unmap(void* block, size_t bytes) {
  ASAN_UNPOISON_MEMORY_REGION(block, bytes);
  sizes_.erase(block);
  munmap(block, bytes);
}

LargeBlocks::Usage LargeBlocks::usage() {
  std::lock_guard lock(mutex_);
  return {live_, pooled_, limit_};
}

void LargeBlocks::setLimit(size_t bytes) {
  std::lock_guard lock(mutex_);
  limit_ = bytes;
  while (pooled_ > limit_) evictOldest();
}

void LargeBlocks::trim(std::chrono::milliseconds idle) {
  std::lock_guard lock(mutex_);
  const auto before = Clock::now() - idle;
  for (auto entry = free_.begin(); entry != free_.end();) {
    auto& [bytes, blocks] = *entry;
    while (!blocks.empty() && blocks.front().freed <= before) {
      pooled_ -= bytes;
      unmap(blocks.front().address, bytes);
      blocks.pop_front();
    }
    entry = blocks.empty() ? free_.erase(entry) : std::next(entry);
  }
  if (pooled_ > 0 && availableMemory() < totalMemory() / 10) evictAll();
  highWater_ = live_ + pooled_;
}

}  // namespace torch_func
