#pragma once
// Collects the steps of a plan and lays out its memory.

#include <memory>
#include <unordered_map>
#include <vector>

#include "compile/cuda/kernel_device.h"
#include "compile/execute/plan.h"

namespace torch_func::compile {

class PlanBuilder {
 public:
  // With `kernels`, the tensors lie on that device, and programs are kernels there.
  explicit PlanBuilder(const Graph& graph, KernelDevice* kernels = nullptr);

  // The buffer of the base of the value.
  BufferId bufferOf(ValueId value);
  // Memory that only steps know.
  BufferId addBuffer(Buffer::Place place, c10::ScalarType dtype, int64_t elements);
  // Says that a library call returns the tensor of this base value.
  void setLibraryResult(ValueId base);
  Plan::View viewOf(ValueId value);

  const Buffer& buffer(BufferId id) const { return plan_->buffers_[id]; }
  c10::Device device() const { return plan_->device_; }
  KernelDevice* kernels() const { return kernels_; }

  void add(std::unique_ptr<Step> step);
  size_t size() const { return plan_->steps_.size(); }

  std::unique_ptr<Plan> finish(std::unique_ptr<Executable> fallback);

 private:
  BufferId addBuffer(Buffer buffer);
  Plan::View outputOf(ValueId value);
  void planOutputs();
  void planArena();

  const Graph& graph_;
  KernelDevice* kernels_;
  std::unique_ptr<Plan> plan_;
  std::vector<BufferId> bufferOfBase_;            // by value
  std::vector<bool> isOutput_;                    // whether the base is that of an output, by value
  std::unordered_map<ValueId, BufferId> copies_;  // of constants
};

// Places of buffers in one block of memory. Buffers with lifetimes that do not overlap may share a place.
class Arena {
 public:
  // In the order of `first`; both are numbers of steps, inclusive. Returns the offset.
  int64_t place(int64_t bytes, size_t first, size_t last);
  int64_t bytes() const { return bytes_; }

 private:
  struct Block {
    int64_t offset, bytes;
    size_t last;
  };
  std::vector<Block> blocks_;  // in use, by offset
  int64_t bytes_ = 0;
};

}  // namespace torch_func::compile
