#pragma once
// The steps of groups of elementwise operators and of matrix products.

#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "compile/execute/plan_builder.h"
#include "compile/lowering/groups.h"
#include "compile/lowering/matmul.h"

namespace torch_func::compile {

// The buffers of the values of a graph, or of a part of it. Results with a layout of
// their own (Note [Groups]) have a buffer of their own, and so have the values inside of a chain.
class ValueBuffers {
 public:
  ValueBuffers(const Graph& graph, const Groups& groups, PlanBuilder& builder)
      : graph_(graph), groups_(groups), builder_(builder) {}

  // The values of these bases lie in memory of a chunk.
  void setLocal(std::vector<bool> isLocal) { isLocal_ = std::move(isLocal); }
  const std::vector<BufferId>& locals() const { return locals_; }

  // The values of these bases lie one after the other in one buffer.
  void stack(c10::ArrayRef<ValueId> bases);

  KernelDevice* kernels() const { return builder_.kernels(); }
  BufferId of(ValueId value);
  // Where the memory of the base begins in the buffer, in elements.
  int64_t offsetOf(ValueId value) const;

 private:
  const Graph& graph_;
  const Groups& groups_;
  PlanBuilder& builder_;
  std::vector<bool> isLocal_;
  BufferId addBuffer(c10::ScalarType dtype, int64_t elements);
  std::unordered_map<ValueId, BufferId> own_;
  std::unordered_map<ValueId, int64_t> offsets_;
  std::vector<BufferId> locals_;
};

std::unique_ptr<Step> elementwiseStep(const Graph& graph, const Groups& groups, const Group& group,
                                      ValueBuffers& buffers);
std::unique_ptr<Step> productStep(const Graph& graph, const NodeProduct& product, ValueBuffers& buffers);
// Copies elements between values of the same sizes, or expanded ones.
std::unique_ptr<Step> copyStep(const TensorType& from, Place source, const TensorType& to, Place target);

}  // namespace torch_func::compile
