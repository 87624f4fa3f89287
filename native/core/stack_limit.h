#pragma once
// How much of the thread's stack libtorch may use. V8 stops recursion in JavaScript before the stack ends, but an
// operator called at that depth runs on what is left: 200 KB in a worker thread. Each active transform uses part of it,
// since each level runs the operator again at the level below.

#include <cstdint>

namespace torch_func {

class StackLimit {
 public:
  // For the calling thread.
  StackLimit();

  // Throws StackExhausted if an operator could overrun the stack.
  void check() const {
    char here;
    const auto address = reinterpret_cast<uintptr_t>(&here);
    if (address < comfortable_) checkLevels(address);
  }

 private:
  void checkLevels(uintptr_t address) const;

  uintptr_t end_ = 0;          // the lowest address of the stack; 0 if unknown
  uintptr_t comfortable_ = 0;  // above this address any number of levels fits
};

}  // namespace torch_func
