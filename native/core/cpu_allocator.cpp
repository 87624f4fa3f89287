// libtorch's CPU allocator: free lists for small blocks, malloc for larger ones, a pool for large ones.

#include "core/cpu_allocator.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>  // defines __GLIBC__, where it is the C library
#include <cstring>
#include <limits>
#include <mutex>
#include <new>

#include "core/address_sanitizer.h"
#include "core/garbage_collection.h"
#include "core/large_blocks.h"

// libtorch allocates each CPU block with posix_memalign. In Python the last reference frees a small tensor at once, and
// malloc finds the block in its fast lists again. Here the garbage collector frees tens of thousands of tensors at
// once, which sends malloc through its slow paths (a fifth of the time of `x.sin()` on three elements). Small blocks
// are therefore kept in free lists by size.

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace torch_func {

namespace {

// The alignment that libtorch's kernels expect. A block has a header of this size and data of a multiple of it.
constexpr size_t kUnit = 64;
constexpr size_t kMaxUnits = 16;                 // blocks of up to 1024 bytes are kept
constexpr size_t kChunkBytes = size_t{1} << 17;  // cut into blocks

struct alignas(kUnit) Block {
  enum class Origin : uint8_t { FreeList, Malloc, LargeBlocks };
  Origin origin;
  uint8_t units;   // of data after this header, for a block of a free list
  uint32_t epoch;  // of the AllocationMeter
  size_t bytes;    // that were requested
  union {
    Block* next;      // of a free block
    void* allocated;  // the pointer from malloc
  };
  void* data() { return this + 1; }
  // The data of a free block of a free list is poisoned.
  void poison() { ASAN_POISON_MEMORY_REGION(data(), units * kUnit); }
  void unpoison() { ASAN_UNPOISON_MEMORY_REGION(data(), units * kUnit); }
};
static_assert(sizeof(Block) == kUnit);

using FreeLists = std::array<Block*, kMaxUnits + 1>;

// Each thread has its own lists, so no lock is needed. When a thread ends, its blocks move to the common lists, from
// which other threads refill theirs.
struct Common {
  std::mutex mutex;
  FreeLists lists{};
};

Common& common() {
  static auto* instance = new Common();  // never destroyed: blocks may be freed until the process ends
  return *instance;
}

// Trivially destructible: blocks may still be freed while the thread's other objects are destroyed.
struct PerThread {
  FreeLists lists;
  bool allocates;  // small blocks
  AllocationMeter meter;
};
thread_local PerThread perThread{};

void handOver() {
  std::lock_guard lock(common().mutex);
  for (size_t units = 1; units <= kMaxUnits; ++units) {
    while (Block* block = perThread.lists[units]) {
      perThread.lists[units] = block->next;
      block->next = common().lists[units];
      common().lists[units] = block;
    }
  }
}

struct HandOver {
  ~HandOver() { handOver(); }
};

void refill(size_t units) {
  static thread_local HandOver atExit;
  perThread.allocates = true;
  FreeLists& freeLists = perThread.lists;
  {
    std::lock_guard lock(common().mutex);
    if (common().lists[units] != nullptr) {
      std::swap(freeLists[units], common().lists[units]);
      return;
    }
  }
  const size_t bytes = kUnit * (units + 1);
  auto* chunk = static_cast<char*>(c10::alloc_cpu(kChunkBytes));
  for (size_t offset = 0; offset + bytes <= kChunkBytes; offset += bytes) {
    auto* block = reinterpret_cast<Block*>(chunk + offset);
    block->origin = Block::Origin::FreeList;
    block->units = static_cast<uint8_t>(units);
    block->next = freeLists[units];
    freeLists[units] = block;
    block->poison();
  }
}

[[noreturn]] void throwOutOfMemory(size_t bytes) {
  c10::free_cpu(c10::alloc_cpu(bytes));  // throws what PyTorch throws
  throw std::bad_alloc();
}

Block* allocateLarge(size_t bytes) {
  const bool fits = bytes <= static_cast<size_t>(std::numeric_limits<ptrdiff_t>::max()) / 2;
  void* allocated = fits ? LargeBlocks::instance().allocate(bytes + sizeof(Block)) : nullptr;
  if (allocated == nullptr) throwOutOfMemory(bytes);
  auto* block = static_cast<Block*>(allocated);
  block->origin = Block::Origin::LargeBlocks;
  return block;
}

// What this thread has allocated by malloc. Blocks that another thread frees change when it collects, nothing else.
thread_local LiveBytes mallocBytes;

void collectIfDue(Collection collection, size_t bytes) {
  if (mallocBytes.isDue(collection, bytes) && collectGarbage(collection)) mallocBytes.collected(collection, bytes);
}

// Aligns the block by hand. For aligned blocks glibc before 2.38 allocates more than requested
// and returns the rest. The hole that such a block leaves is too small for the next block of the same size, and a loop
// over tensors of a few MB takes several times the memory that it needs.
Block* allocateByMalloc(size_t bytes) {
  collectIfDue(Collection::Young, bytes);
  collectIfDue(Collection::Full, bytes);
  void* allocated = std::malloc(bytes + sizeof(Block) + kUnit);
  if (allocated == nullptr) throwOutOfMemory(bytes);
  const auto address = reinterpret_cast<uintptr_t>(allocated);
  auto* block = reinterpret_cast<Block*>((address + kUnit - 1) / kUnit * kUnit);
  block->origin = Block::Origin::Malloc;
  block->allocated = allocated;
  mallocBytes.add(bytes);
  return block;
}

void deallocate(void* data) {
  if (data == nullptr) return;
  Block* block = static_cast<Block*>(data) - 1;
  PerThread& thread = perThread;
  thread.meter.subtract(block->epoch, static_cast<int64_t>(block->bytes));
  if (block->origin == Block::Origin::Malloc) {
    mallocBytes.remove(block->bytes);
    return std::free(block->allocated);
  }
  if (block->origin == Block::Origin::LargeBlocks) return LargeBlocks::instance().free(block);
  block->poison();
  block->next = thread.lists[block->units];
  thread.lists[block->units] = block;
}

class CpuAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    if (bytes == 0) return {nullptr, nullptr, &deallocate, c10::Device(c10::kCPU)};
    PerThread& thread = perThread;
    FreeLists& freeLists = thread.lists;
    Block* block;
    if (bytes <= kMaxUnits * kUnit) {
      const size_t units = (bytes + kUnit - 1) / kUnit;
      if (freeLists[units] == nullptr) refill(units);
      block = freeLists[units];
      freeLists[units] = block->next;
      block->unpoison();
    } else {
      block = bytes < LargeBlocks::kMinBytes ? allocateByMalloc(bytes) : allocateLarge(bytes);
    }
    block->bytes = bytes;
    block->epoch = thread.meter.add(static_cast<int64_t>(bytes));
    return {block->data(), block->data(), &deallocate, c10::Device(c10::kCPU)};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &deallocate; }

  void copy_data(void* to, const void* from, size_t count) const override { std::memcpy(to, from, count); }
};

}  // namespace

bool isLargeBlock(const c10::DataPtr& data) {
  if (data.get_deleter() != &deallocate || data.get_context() == nullptr) return false;
  return (static_cast<const Block*>(data.get_context()) - 1)->origin == Block::Origin::LargeBlocks;
}

void adoptBlock(const c10::DataPtr& data) {
  if (data.get_deleter() != &deallocate || data.get_context() == nullptr) return;
  const Block* block = static_cast<const Block*>(data.get_context()) - 1;
  if (block->origin == Block::Origin::LargeBlocks) return LargeBlocks::adopt(block->bytes);
  if (block->origin != Block::Origin::Malloc) return;
  collectIfDue(Collection::Young, block->bytes);
  collectIfDue(Collection::Full, block->bytes);
  mallocBytes.add(block->bytes);
}

void handOverFreeBlocks() {
  if (!perThread.allocates) handOver();
}

AllocationMeter& allocationMeter() { return perThread.meter; }

void installCpuAllocator() {
  static std::once_flag once;
  std::call_once(once, [] {
    c10::SetCPUAllocator(new CpuAllocator(), /*priority=*/1);
#ifdef __GLIBC__
    // Only the small objects around a tensor still come from malloc. Freed in bulk they fill glibc's fast bins, which
    // are consolidated again and again at great cost. Without these bins x.sin() takes 7 % less time, and malloc's
    // per-thread cache still serves everything small.
    mallopt(M_MXFAST, 0);
    // The collector frees the objects of many thousand tensors at once. malloc would return their memory to the system,
    // and take it again in small steps: page faults of 3 to 6 % of the time of a view.
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
    mallopt(M_TOP_PAD, 4 << 20);
    // Setting any of these fixes the threshold from which malloc maps each block; blocks of 256 KiB come from the pool.
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
#endif
  });
}

}  // namespace torch_func
