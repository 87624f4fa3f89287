#pragma once
// The pool of large CPU blocks, one per process.
//
// Note [Freed large blocks stay mapped]
// A new block of a large result costs more in page faults than the operator that fills it: the system clears every
// page. Python frees a result as soon as nothing refers to it, and malloc hands out its pages again; here the collector
// frees it later. The pool therefore keeps freed blocks by size, and provokes a collection before it maps more memory
// (Note [Collections are provoked]).
// Blocks of 2 MiB and more are aligned to huge pages. The pool is bounded in three ways: by a limit (a part of the
// memory that this process may use), by the largest amount that was in use at once, and by time (lib/memory.ts returns
// what was not used for some seconds).

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <unordered_map>

#include "core/garbage_collection.h"

namespace torch_func {

class LargeBlocks {
 public:
  static constexpr size_t kMinBytes = size_t{1} << 18;

  static LargeBlocks& instance();

  // A block of at least this size, aligned to a page. Null if there is no memory.
  void* allocate(size_t bytes);
  void free(void* block);
  // The calling thread takes a block over from the thread that has allocated it, and collects if that is due.
  static void adopt(size_t bytes);

  struct Usage {
    size_t live;    // bytes of blocks in use
    size_t pooled;  // bytes of free blocks that stay mapped
    size_t limit;   // of `pooled`
  };
  Usage usage();
  void setLimit(size_t bytes);
  // Returns the blocks to the system that have been free for at least this time, and all where memory is short.
  void trim(std::chrono::milliseconds idle);

 private:
  using Clock = std::chrono::steady_clock;
  struct FreeBlock {
    void* address;
    Clock::time_point freed;
  };

  LargeBlocks();
  void* take(size_t bytes);
  void* collectAndTake(Collection collection, size_t bytes);
  void* map(size_t bytes);
  void addLive(size_t bytes);
  void evictOldest();
  void evictAll();
  void unmap(void* block, size_t bytes);

  std::mutex mutex_;
  std::unordered_map<void*, size_t> sizes_;       // of all mapped blocks
  std::map<size_t, std::deque<FreeBlock>> free_;  // by size; the oldest first
  size_t live_ = 0;                               // bytes of blocks in use
  size_t pooled_ = 0;
  size_t limit_;
  size_t highWater_ = 0;  // the largest amount that was in use since the last trim
};

}  // namespace torch_func
