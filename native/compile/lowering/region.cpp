// Strided regions of memory, and how they overlap.

#include "compile/lowering/region.h"

#include <ATen/TensorUtils.h>

#include <algorithm>

namespace torch_func::compile {

int64_t dimensionOf(int64_t dimension, size_t rank) {
  return dimension < 0 ? dimension + static_cast<int64_t>(rank) : dimension;
}

Region regionOf(const Graph& graph, ValueId value) {
  const Value& of = graph.values[value];
  return {of.base, of.offset, of.type.sizes, of.type.strides};
}

int64_t Region::numel() const {
  int64_t count = 1;
  for (int64_t size : sizes) count *= size;
  return count;
}

Region Region::select(int64_t dimension, int64_t index) const {
  Region result = *this;
  const int64_t d = dimensionOf(dimension, rank());
  result.offset += strides[d] * (index < 0 ? index + sizes[d] : index);
  result.sizes.erase(result.sizes.begin() + d);
  result.strides.erase(result.strides.begin() + d);
  return result;
}

Region Region::slice(int64_t dimension, int64_t start, int64_t count, int64_t step) const {
  Region result = *this;
  const int64_t d = dimensionOf(dimension, rank());
  result.offset += strides[d] * start;
  result.sizes[d] = count;
  result.strides[d] *= step;
  return result;
}

Region Region::unsqueeze(int64_t dimension) const {
  Region result = *this;
  const int64_t d = dimensionOf(dimension, rank() + 1);
  result.sizes.insert(result.sizes.begin() + d, 1);
  result.strides.insert(result.strides.begin() + d, 0);
  return result;
}

Region Region::expand(const Sizes& to) const {
  Region result{base, offset, to, Sizes(to.size(), 0)};
  const size_t added = to.size() - rank();
  for (size_t d = 0; d < rank(); ++d) {
    if (sizes[d] != 1) result.strides[added + d] = strides[d];
  }
  return result;
}

Region Region::diagonal(int64_t shift, int64_t first, int64_t second) const {
  Region result = *this;
  const int64_t a = dimensionOf(first, rank()), b = dimensionOf(second, rank());
  const int64_t length =
      std::max<int64_t>(0, shift >= 0 ? std::min(sizes[a], sizes[b] - shift) : std::min(sizes[a] + shift, sizes[b]));
  if (length > 0) result.offset += shift >= 0 ? shift * strides[b] : -shift * strides[a];
  for (int64_t d : {std::max(a, b), std::min(a, b)}) {
    result.sizes.erase(result.sizes.begin() + d);
    result.strides.erase(result.strides.begin() + d);
  }
  result.sizes.push_back(length);
  result.strides.push_back(strides[a] + strides[b]);
  return result;
}

Region Region::permute(const Sizes& order) const {
  Region result{base, offset, {}, {}};
  for (int64_t d : order) {
    result.sizes.push_back(sizes[d]);
    result.strides.push_back(strides[d]);
  }
  return result;
}

bool Region::reshape(const Sizes& to, Region& result) const {
  const auto computed = at::detail::computeStride(sizes, strides, at::DimVector(to.begin(), to.end()));
  if (!computed) return false;
  result = {base, offset, to, Sizes(computed->begin(), computed->end())};
  return true;
}

}  // namespace torch_func::compile
