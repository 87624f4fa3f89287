#pragma once
// The order in which a program walks over the points of its space.
//
// Note [The order of points]
// Where one operand lies in memory row by row and another one column by column, a block of points that follows one of
// them reads each element of the other from a cache line of its own. The order is then changed so that a block covers
// a part of a few rows and a few columns, which are transposed in registers.

#include <c10/util/ArrayRef.h>

#include <vector>

#include "compile/machine/program.h"

namespace torch_func::compile {

class PointOrder {
 public:
  // `accesses` are the strides of the loads and stores, `others` those of what else has a place at each point.
  PointOrder(c10::ArrayRef<int64_t> space, c10::ArrayRef<Dimensions> accesses, c10::ArrayRef<Dimensions> others);

  const Dimensions& sizes() const { return sizes_; }
  // From strides over the space to strides over the space in this order.
  Dimensions stridesOf(const Dimensions& strides) const;

 private:
  // A dimension of this order walks over one of the space in steps of `scale`.
  struct Part {
    size_t dimension;
    int64_t scale;
  };
  void merge(c10::ArrayRef<int64_t> space, c10::ArrayRef<Dimensions> accesses, c10::ArrayRef<Dimensions> others);
  size_t contiguousDimension(c10::ArrayRef<Dimensions> accesses) const;
  void arrange(size_t contiguous);

  std::vector<Part> parts_;
  Dimensions sizes_;
};

}  // namespace torch_func::compile
