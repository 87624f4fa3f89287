#pragma once
// Unrolls loops into the instructions of one lane: see Note [Scalarizing].

#include <array>
#include <string>
#include <vector>

#include "compile/lowering/lanes.h"
#include "compile/lowering/loops.h"
#include "compile/lowering/scalarize.h"
#include "compile/machine/builder.h"

namespace torch_func::compile {

class Unroller {
 public:
  Unroller(const Graph& graph, const Loops& loops, const LaneAssignment& lanes, const ScalarizeOptions& options);

  // Returns false, and why, if a loop cannot be unrolled.
  bool unroll(std::string& reason);
  bool finish(c10::ArrayRef<ValueId> outputs, Scalarized& result, std::string& reason);

 private:
  // Values that are the same for all samples, and values of samples.
  enum Stage : uint8_t { kUniform, kLanes };
  static constexpr size_t kMostAccesses = 8, kMostAxes = 24;

  struct Axis {
    int64_t size;
    uint8_t dimension;
    int64_t scale;  // of the index in the dimension
    std::array<int64_t, kMostAccesses> strides;
  };
  // A loop of one lane.
  struct Walk {
    std::array<Axis, kMostAxes> axes;
    size_t count = 0, kept = 0;  // axes; those that are not reduced
    std::array<int64_t, kMostAccesses> start;
    std::array<ValueId, kMostAccesses> bases;
    LanePlace place;
    Stage stage;
    Lane lane;  // of the result
  };

  size_t mostInstructions() const {
    return lanes_.lanes == 1 ? options_.mostInstructionsOfOne : options_.mostInstructions;
  }
  bool isTooLong() const { return builders_[kUniform].size() + builders_[kLanes].size() > mostInstructions(); }
  bool prepare(const Loop& loop, Walk& walk);
  bool run(const Loop& loop, const Walk& walk);
  bool runPoint(const Loop& loop, const Walk& walk, const int64_t* at, const int64_t* counters);
  bool pointwise(const Loop& loop, const Walk& walk, const int64_t* at, const int64_t* counters);
  void reduce(const Loop& loop, const Walk& walk, const int64_t* at);
  // The elements of an access along the reduced axes.
  void gather(const Walk& walk, size_t access, int64_t at, std::vector<Id>& into);
  template <typename Each>
  void alongReduced(const Walk& walk, size_t access, int64_t at, Each&& each);

  Id read(Stage stage, ValueId base, int64_t index);
  Id load(Stage stage, ValueId base, int64_t index);
  void write(Stage stage, int64_t index, Id value) { ids_[stage][index] = value; }
  bool bake(Stage stage, ValueId base, int64_t index, Id& id);

  const Graph& graph_;
  const Loops& loops_;
  const LaneAssignment& lanes_;
  const ScalarizeOptions& options_;
  std::array<Builder, 2> builders_;
  std::array<std::vector<Id>, 2> ids_;  // of all elements of a sample, array after array
  std::vector<int64_t> first_;          // where the elements of a base start, by value; -1: not used
  std::vector<bool> isComputed_;        // by value
  std::vector<bool> isHandedOver_;      // uniform elements that the lanes load
  std::vector<bool> handsOver_;         // by value: bases with such elements
  std::vector<ValueId> handedOver_;
  bool isForAnyLanes_ = true;
  std::array<std::vector<Id>, 3> scratch_;
};

}  // namespace torch_func::compile
