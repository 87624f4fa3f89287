#pragma once
// When the memory of unreachable tensors is reclaimed.
//
// Note [Collections are provoked]
// V8 knows the tensors that JavaScript holds. It neither knows what a graph holds, nor does it collect young objects
// because of the memory behind them. The allocators therefore count the bytes in use, and provoke a collection before
// they take more memory from the system: of young objects after a small growth, and of all objects after a large one
// that young objects do not explain.

#include <cstddef>
#include <functional>

namespace torch_func {

enum class Collection { Young, Full };

// How the thread frees unreachable tensors; returns whether it could. Null on a thread without JavaScript.
using Collector = std::function<bool(Collection)>;
void setCollector(Collector collector);

// Runs a collection and returns true. Returns false on a thread without a collector, if the collector fails, and inside
// a running collection, where a finalizer must not start another.
bool collectGarbage(Collection collection);

// Bytes in use, and how many there were after the last collections, or less where some were freed since.
class LiveBytes {
 public:
  size_t value() const { return live_; }
  void add(size_t bytes) { live_ += bytes; }
  void remove(size_t bytes);
  // Whether a collection must come before `more` bytes are taken from the system.
  bool isDue(Collection collection, size_t more) const;
  // `more` bytes are about to be taken from the system.
  void collected(Collection collection, size_t more);

 private:
  size_t live_ = 0;
  size_t afterYoung_ = 0;
  size_t afterFull_ = 0;
};

}  // namespace torch_func
