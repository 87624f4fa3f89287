#pragma once

#include <c10/core/Allocator.h>

#include <cstdint>

namespace torch_func {

// What a thread allocates on the CPU from a point in time on, in bytes. Blocks from before do not count, wherever they
// are freed. `epoch` grows with each measurement; each block carries that of its allocation.
struct AllocationMeter {
  uint32_t epoch;  // of new blocks
  uint32_t start;  // the epoch of the first block that counts
  int64_t live;
  int64_t peak;
  int64_t largest;

  uint32_t add(int64_t bytes) {
    live += bytes;
    if (live > peak) peak = live;
    if (bytes > largest) largest = bytes;
    return epoch;
  }
  void subtract(uint32_t blockEpoch, int64_t bytes) {
    if (blockEpoch >= start) live -= bytes;
  }
};

AllocationMeter& allocationMeter();

// Whether memory comes from LargeBlocks: not that of a mapped file, for example.
bool isLargeBlock(const c10::DataPtr& data);

// From now on, the calling thread collects because of a block that another thread has allocated, as if it had done so.
void adoptBlock(const c10::DataPtr& data);

// Lets other threads have the small blocks that the calling thread has freed, if it never allocates any itself.
void handOverFreeBlocks();

// Replaces libtorch's CPU allocator by one that reuses small and large blocks; once per process.
void installCpuAllocator();

}  // namespace torch_func
