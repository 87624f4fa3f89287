#pragma once
// Operators as loops over arrays.
//
// Note [Loops]
// A loop runs over a space of a few dimensions and reads or writes one element of each of its accesses at each point:
// an access has a stride for each dimension, 0 where it does not depend on it. Stacking, padding, scattering,
// gradients of views and other operators that move elements are copies from regions to regions. A reduction runs over
// its reduced dimensions last, where its result has stride 0, and so does a product of matrices.
// Views have no loops: to read a view is to read the storage of its base.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "compile/graph/graph.h"
#include "compile/lowering/region.h"

namespace torch_func::compile {

struct Access {
  ValueId base = kNoValue;
  int64_t offset = 0;
  uint32_t strides = 0;  // where they start in Loops::numbers
};

struct Loop {
  enum class Kind : uint8_t {
    Fill,        // with `value`
    Copy,        // converts between dtypes
    Pointwise,   // the operator of the node
    Sum,         // divided by `value`, if that is not 1
    Product,     //
    Maximum,     //
    Minimum,     //
    Norm,        // sqrt(sum(x^2)); `value` is the order: 2, 1, 0 or infinite
    Variance,    // `value`: the correction; `other` 1: its square root
    Contract,    // value * sum(a * b) + other * c: a third operand may lack
    RunningSum,  // along the last dimension
    RunningProduct,
    Softmax,             // along the last dimension
    LogSoftmax,          //
    SoftmaxBackward,     // of (gradient, result)
    LogSoftmaxBackward,  //
    Cross,               // of vectors of three elements, along the last dimension
  };
  int32_t node = 0;
  Kind kind = Kind::Copy;
  uint8_t rank = 0;
  uint8_t results = 1;   // the first accesses
  uint8_t accesses = 1;  // results and operands
  uint8_t reduced = 0;   // the last dimensions, over which the results are combined
  uint32_t ordered = 0;  // a bit for each dimension whose elements depend on each other, the reduced ones among them
  uint32_t sizes = 0;    // where they start in Loops::numbers
  uint32_t first = 0;    // where the accesses start in Loops::all
  double value = 1;
  double other = 1;
};

struct Loops {
  std::vector<Loop> loops;
  std::vector<Access> all;
  std::vector<int64_t> numbers;  // sizes and strides

  const int64_t* sizesOf(const Loop& loop) const { return numbers.data() + loop.sizes; }
  const int64_t* stridesOf(const Access& access) const { return numbers.data() + access.strides; }
  const Access& access(const Loop& loop, size_t index) const { return all[loop.first + index]; }
  int64_t points(const Loop& loop) const;
};

// Writes the loops of one node.
class LoopWriter {
 public:
  LoopWriter(const Graph& graph, Loops& loops) : graph(graph), loops_(loops) {}

  // Returns false, and why, if the node has no loops.
  bool write(int32_t node, std::string& reason);

  Region region(ValueId value) const { return regionOf(graph, value); }
  Region result(size_t index = 0) const { return region(current->results[index]); }
  Region operand(size_t argument) const { return region(current->tensor(argument)); }
  const c10::IValue& argument(size_t index) const { return current->arguments[index]; }
  const TensorType& type(size_t argument) const { return graph.type(current->tensor(argument)); }
  bool hasTensor(size_t argument) const { return current->tensor(argument) != kNoValue; }

  void fill(const Region& to, double value);
  void copy(const Region& to, const Region& from);
  // The regions have the same sizes.
  Loop& add(Loop::Kind kind, std::initializer_list<Region> results, c10::ArrayRef<Region> operands);

  const Graph& graph;
  const Node* current = nullptr;

 private:
  Access access(const Region& region);
  Loops& loops_;
  int32_t index_ = 0;
};

// A rule writes the loops of a node, or returns false.
using LoopRule = bool (*)(LoopWriter& writer, const Node& node);
struct NamedLoopRule {
  const char* name;
  LoopRule rule;
};
c10::ArrayRef<NamedLoopRule> creationRules();
c10::ArrayRef<NamedLoopRule> movementRules();
c10::ArrayRef<NamedLoopRule> reductionRules();

}  // namespace torch_func::compile
