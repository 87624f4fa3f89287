#pragma once
// Which dimension of each array the lanes of the vector machine run over.
//
// Note [Lanes]
// A scalarized function computes one sample in each lane. In the storage of an array that differs between the samples,
// the element of sample n lies n * stride after that of sample 0. Arrays without a lane stride are the same for all
// samples. One assignment follows from the lane dimension of one array: a loop over the lanes steps with the lane
// stride in all of its accesses, or has stride 0 in one that is the same for all.
// A dimension can hold more than the lanes, where a view merged dimensions: its size is outer * lanes * inner.

#include <cstdint>
#include <string>
#include <vector>

#include "compile/lowering/loops.h"

namespace torch_func::compile {

// Where the elements of a sample lie in a storage. Address = outer * step + lane * stride + inner, inner < stride.
struct LaneLayout {
  static constexpr int64_t kUnknown = -1, kUniform = 0;
  int64_t stride = kUnknown;
  int64_t step = 0;   // the distance of two blocks that hold all lanes
  int64_t count = 0;  // addresses of one sample; of a uniform array: all

  bool hasLanes() const { return stride > 0; }
  // The element of sample 0 that has this index among the addresses of a sample.
  int64_t address(int64_t index) const { return hasLanes() ? index / stride * step + index % stride : index; }
  // An index, or the difference of two indices, of an address.
  int64_t index(int64_t address) const { return hasLanes() ? address / step * stride + address % step : address; }
};

// Where the lanes are in a loop: dimension `dimension` of size outer * lanes * inner; -1: it has none.
struct LanePlace {
  int32_t dimension = -1;
  int64_t inner = 1;

  bool operator==(const LanePlace&) const = default;
};

struct LaneAssignment {
  int64_t lanes = 1;
  std::vector<LaneLayout> layouts;  // by value, of bases
  int64_t elements = 0;             // points of all loops of one sample

  // The place of the lanes in a loop, from the layouts of its accesses.
  LanePlace place(const Loops& loops, const Loop& loop) const;
  // The number of operations times their cost.
  double cost() const;
};

// The cheapest assignment of lanes to the arrays of the loops. `outputs` are what the loops are for. With lanes = 1,
// which is always possible, every array is uniform.
LaneAssignment assignLanes(const Graph& graph, const Loops& loops, c10::ArrayRef<ValueId> outputs);

}  // namespace torch_func::compile
