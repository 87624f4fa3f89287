#pragma once
// One graph for many sizes, from the graphs of two.
//
// Note [Dynamic sizes]
// The graphs of two recordings whose arguments differ in one size, n and m, are compared. Where a number is the same in
// both, it is a constant. Where it is k * n in one and k * m in the other, it is k times the size. Graphs with other
// differences do not generalize. Where the graphs after the passes do so too, another size needs nothing but a plan.
// Sizes of 0 and 1 are neither compared nor generalized to: operators treat them in other ways. A number that the
// function computes from a size in JavaScript could be any function of it. Graphs therefore only generalize if the
// function has read no size that differs. The types of the graph for another size are inferred again from its
// operators: they must be the expected ones. The recorded graph shows that, not the one after the passes: they may have
// removed an operator that does nothing for both sizes, such as the slice of the first 100 rows.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "compile/graph/graph.h"

namespace torch_func::compile {

// A number in a graph: the same for all sizes, or a multiple of the size.
class TwoSizes {
 public:
  int64_t first, second;  // the size in either graph
  bool generalizes(int64_t inFirst, int64_t inSecond) const {
    return inFirst == inSecond || (inSecond % second == 0 && inFirst == inSecond / second * first);
  }
  int64_t at(int64_t size, int64_t inFirst, int64_t inSecond) const {
    return inFirst == inSecond ? inFirst : inSecond / second * size;
  }
};

class DynamicGraph {
 public:
  // Null if the graphs do not generalize: `reason` then says why.
  static std::unique_ptr<DynamicGraph> from(Graph first, Graph second, TwoSizes sizes, std::string& reason);

  // The graph for another size. Throws an error if its operators give other types than expected.
  Graph at(int64_t size) const;

 private:
  DynamicGraph(Graph first, Graph second, TwoSizes sizes)
      : first_(std::move(first)), second_(std::move(second)), sizes_(sizes) {}

  Graph first_, second_;
  TwoSizes sizes_;
};

}  // namespace torch_func::compile
