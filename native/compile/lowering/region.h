#pragma once
// A rectangular part of a storage: what a strided view is, for views that no value of the graph stands for.

#include <cstdint>

#include "compile/graph/graph.h"

namespace torch_func::compile {

struct Region {
  ValueId base = kNoValue;
  int64_t offset = 0;  // in elements, from the start of the base
  Sizes sizes;
  Sizes strides;

  size_t rank() const { return sizes.size(); }
  int64_t numel() const;

  Region select(int64_t dimension, int64_t index) const;
  // `count` elements from `start` on, `step` apart. A negative step reads backwards.
  Region slice(int64_t dimension, int64_t start, int64_t count, int64_t step = 1) const;
  Region unsqueeze(int64_t dimension) const;
  Region expand(const Sizes& to) const;  // aligned at the last dimension
  // The last two dimensions become one for the diagonal, as in at::diagonal.
  Region diagonal(int64_t offset, int64_t first, int64_t second) const;
  Region permute(const Sizes& order) const;
  // The same elements in row-major order with other sizes, if strides can say it.
  bool reshape(const Sizes& to, Region& result) const;
};

// All elements of a value.
Region regionOf(const Graph& graph, ValueId value);

// A dimension that may count from the end.
int64_t dimensionOf(int64_t dimension, size_t rank);

}  // namespace torch_func::compile
