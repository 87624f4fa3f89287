#pragma once
// From calls of elementwise ATen operators to instructions of the vector machine.

#include <c10/util/ArrayRef.h>
#include <c10/util/SmallVector.h>

#include <cstdint>
#include <optional>
#include <string>

#include "compile/graph/graph.h"
#include "compile/machine/builder.h"

namespace torch_func::compile {

// Which elements of a node's result the points of a program are: for each dimension of the result, the index in it,
// which grows by `stride` along a dimension of the space, or is the same for all points (-1).
struct Points {
  struct Dimension {
    int32_t space = -1;
    int64_t index = 0;
    int64_t stride = 1;
  };
  c10::SmallVector<Dimension, 5> dimensions;
  int32_t spaceDimensions = 0;

  // The space has the shape of the result.
  static Points all(size_t dimensions);
};

// The results of a node, one for each of Node::results.
using Results = c10::SmallVector<Id, 2>;

// The instructions of one call, or nothing if there is no rule that gives the bits of eager execution. operands are the
// values of node.tensors, in that order, each in the lane type laneOf(its dtype); so are the results.
// A float64 lane does not hold every int64 exactly: operands of that dtype are only converted (to the bits of eager
// execution, as long as they are loads), and integer arithmetic has no rules.
std::optional<Results> emitPointwise(Builder& builder, const Graph& graph, const Node& node, c10::ArrayRef<Id> operands,
                                     const Points& points);

// Whether programs can compute there: in the vector machine, or in kernels generated from them.
inline bool isMachineDevice(c10::Device device) { return device.is_cpu() || device.is_cuda(); }

// Whether emitPointwise has a rule for the node.
bool isPointwise(const Graph& graph, const Node& node);
// Why it has none; empty if it has one.
std::string whyNotPointwise(const Graph& graph, const Node& node);

}  // namespace torch_func::compile
