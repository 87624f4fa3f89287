// The count of threads in forward mode. See Note [One dual level per process].

#include "functorch/dual_level.h"

#include <torch/csrc/autograd/autograd.h>

#include <mutex>

namespace torch_func {

namespace {

std::mutex mutex;
size_t users = 0;

}  // namespace

DualLevelUses::~DualLevelUses() {
  while (leave()) {
  }
}

void DualLevelUses::enter() {
  std::lock_guard<std::mutex> lock(mutex);
  if (users == 0) torch::autograd::forward_ad::enter_dual_level();
  ++users;
  ++count_;
}

bool DualLevelUses::leave() {
  if (count_ == 0) return false;
  --count_;
  std::lock_guard<std::mutex> lock(mutex);
  if (--users == 0) torch::autograd::forward_ad::exit_dual_level(0);
  return true;
}

}  // namespace torch_func
