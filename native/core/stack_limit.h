#pragma once
// How much of the thread's stack libtorch may use. V8 stops JavaScript's recursion before the stack
// ends, but an operator called from that depth goes on with what is left: 200 KB in a worker thread,
// and every active transform takes some of it, since each level runs the operator again below itself.

#include <cstdint>

namespace torch_func {

class StackLimit {
 public:
  // Of the thread that calls.
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
  uintptr_t comfortable_ = 0;  // above this no number of levels matters
};

}  // namespace torch_func
