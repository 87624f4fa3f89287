#pragma once
// Chains: operators that keep a batch dimension, from matrix product to matrix product.
//
// Note [Chains]
// Large matrix products with elementwise operators between them write results to main memory that the next operator
// reads again. Where a dimension of samples goes through all of them, a few samples at a time can go through the whole
// chain, with all that lies between in the cache.
// The batch is found by labels. A label says of a storage where its samples lie: element q * (batch * stride) +
// b * stride + r belongs to sample b. A dimension of a view that runs over the samples has before * batch * after
// elements, since it may be merged with dimensions outside and inside of it. Operators hand labels on, forwards and
// backwards, from one dimension of one input.

#include <optional>
#include <vector>

#include "compile/graph/graph.h"

namespace torch_func::compile {

// The dimension of a view that runs over the samples.
struct SampleDimension {
  int32_t dimension = -1;
  int64_t before = 1, after = 1;

  bool operator==(const SampleDimension&) const = default;
};

struct Chain {
  int64_t batch = 0;
  std::vector<int64_t> strides;  // of the samples, by base value; 0: no label
  std::vector<bool> contains;    // by node
  double flops = 0;              // of the matrix products in it

  // Nothing if the view does not run over all samples in one dimension.
  std::optional<SampleDimension> samplesOf(const Graph& graph, ValueId view) const;
  // The view for `count` samples. `isLocal`: its storage holds only them.
  Value shrink(const Graph& graph, ValueId view, int64_t count, bool isLocal) const;
  // Whether the result lies in the memory of one chunk.
  bool isInside(const Graph& graph, ValueId base) const;
};

// The chain with the most work, if there is one for which chunks pay.
std::optional<Chain> findChain(const Graph& graph);

}  // namespace torch_func::compile
