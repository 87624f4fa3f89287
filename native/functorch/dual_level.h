#pragma once
// Note [One dual level per process]
// libtorch has one level of forward-mode differentiation for the whole process and refuses to enter a second one.
// Every thread that uses forward mode therefore shares it: the first one to enter creates the level, the last one to
// leave ends it. Nested calls of jvp on one thread are told apart by functorch's levels, not by dual levels.
// Knows only libtorch.

#include <cstddef>

namespace torch_func {

// The uses of the dual level by one environment. A thread may end in the middle of a transform: what it has entered
// is left when this object is destroyed.
class DualLevelUses {
 public:
  DualLevelUses() = default;
  ~DualLevelUses();
  DualLevelUses(const DualLevelUses&) = delete;
  DualLevelUses& operator=(const DualLevelUses&) = delete;

  void enter();
  // Returns false if the environment is not in forward mode.
  bool leave();

 private:
  size_t count_ = 0;
};

}  // namespace torch_func
