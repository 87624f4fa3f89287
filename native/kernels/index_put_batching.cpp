// index_put_ under vmap.
//
// libtorch's batching rule of index_put_ adds an index tensor for the batch dimension. If a slice precedes the indices,
// as in x[:, i] = v, the index tensors are then no longer adjacent, so that their dimensions come first in the indexed
// result, while the values still begin with the dimensions of the slice. The result is silently wrong if the sizes
// agree, and an error otherwise. (The rule of index_put, the operator that is not in place, permutes the values.)
//
// Here the dimensions of slices are first moved behind the indexed dimensions, in views of the tensor and of the
// values. Both orders then agree, whether or not the batch dimension has an index.
#include "kernels/index_put_batching.h"

#include <ATen/functorch/DynamicLayer.h>
#include <ATen/functorch/PlumbingHelper.h>

#include <algorithm>

#include "functorch/batch_levels.h"

namespace torch_func {

namespace {

namespace functorch = at::functorch;
using at::Tensor;
using Indices = c10::List<std::optional<Tensor>>;

bool isTensorIndex(const std::optional<Tensor>& index) { return index.has_value() && index->defined(); }

bool isMask(const Tensor& index) { return index.scalar_type() == at::kBool || index.scalar_type() == at::kByte; }

// The index tensors of a sample. Indices that are not given are whole slices.
struct Block {
  int64_t start = 0;
  int64_t count = 0;
  // The rank of the shape that the index tensors broadcast to.
  int64_t rank = 0;
  bool adjacent = true;
  // A mask stands for one index per dimension of the mask, whose length depends on the elements.
  bool hasMask = false;
};

Block describe(const Indices& indices) {
  Block block;
  bool ended = false;
  for (size_t i = 0; i < indices.size(); ++i) {
    const std::optional<Tensor> index = indices.get(i);
    if (!isTensorIndex(index)) {
      if (block.count == 0)
        ++block.start;
      else
        ended = true;
      continue;
    }
    if (ended) block.adjacent = false;
    if (isMask(*index)) block.hasMask = true;
    ++block.count;
    block.rank = std::max(block.rank, index->dim());
  }
  return block;
}

// Removes the wrapper of the current level from a tensor. A batch dimension becomes the first dimension, and the sample
// behind it gets at least `rank` dimensions. `isBatch` tells whether there is a batch dimension.
Tensor unwrapBatch(const Tensor& tensor, int64_t level, int64_t rank, bool& isBatch) {
  auto [value, dim] = functorch::unwrapTensorAtLevel(tensor, level);
  isBatch = dim.has_value();
  if (!isBatch) return value;
  value = value.movedim(*dim, 0);
  while (value.dim() <= rank) value = value.unsqueeze(1);
  return value;
}

// Replaces each unbatched mask by the indices of its nonzero elements, one index tensor per dimension of the mask.
// Masks of a wrong shape are kept: libtorch reports the error.
Indices withoutMasks(const Indices& indices, const Tensor& self) {
  Indices result;
  for (size_t i = 0; i < indices.size(); ++i) {
    const std::optional<Tensor> index = indices.get(i);
    if (!isTensorIndex(index) || !isMask(*index) || index->dim() == 0 || batchLevelOf(*index).level != 0) {
      result.push_back(index);
      continue;
    }
    const auto start = static_cast<int64_t>(result.size());
    const bool fits = start + index->dim() <= self.dim() && index->sizes() == self.sizes().slice(start, index->dim());
    if (!fits) return indices;
    for (const Tensor& column : index->nonzero().unbind(1)) result.push_back(column);
  }
  return result;
}

// Moves `count` dimensions, beginning with `start`, to the front, behind the first `kept` dimensions, which `start`
// does not count.
Tensor moveBlockFirst(const Tensor& tensor, int64_t kept, int64_t start, int64_t count) {
  std::vector<int64_t> order;
  for (int64_t dim = 0; dim < kept; ++dim) order.push_back(dim);
  for (int64_t dim = kept + start; dim < kept + start + count; ++dim) order.push_back(dim);
  for (int64_t dim = kept; dim < tensor.dim(); ++dim) {
    if (dim < kept + start || dim >= kept + start + count) order.push_back(dim);
  }
  return tensor.permute(order);
}

}  // namespace

Tensor& indexPutInPlace(Tensor& self, const Indices& given, const Tensor& values, bool accumulate) {
  const auto layer = functorch::maybeCurrentDynamicLayer();
  TORCH_CHECK(layer.has_value(),
              "Either your tensor may have escaped from inside a function being vmapped and this is a user error");
  const int64_t level = layer->layerId();
  const Indices indices = withoutMasks(given, self);
  const bool indexIsBatch = functorch::isBatchedAtLevel(indices, level);
  const bool otherIsBatch = indexIsBatch || functorch::isBatchedAtLevel(values, level);
  const bool selfIsBatch = functorch::isBatchedAtLevel(self, level);
  TORCH_CHECK(selfIsBatch || !otherIsBatch,
              "vmap: index_put_(self, *extra_args) is not possible because there exists a Tensor `other` in extra_args "
              "that has more elements than `self`. This happened due to `other` being vmapped over but `self` not "
              "being vmapped over in a vmap. Please try to use out-of-place operators instead of index_put_. If said "
              "operator is being called inside the PyTorch framework, please file a bug report instead.");
  const Block block = describe(indices);
  // The rank of the indexed result of a sample.
  const int64_t rank = self.dim() - block.count + block.rank;
  if (block.hasMask || block.start + block.count > self.dim() || values.dim() > rank) {
    // libtorch's batching rule of this operator is the one of index_put_, and reports the errors.
    at::_index_put_impl_(self, indices, values, accumulate, /*unsafe=*/false);
    return self;
  }
  // Operators are now called at the next lower level.
  c10::impl::ExcludeDispatchKeyGuard guard(c10::DispatchKey::FuncTorchBatched);
  if (!selfIsBatch) return self.index_put_(indices, values, accumulate);

  bool isBatch = false;
  Tensor target = unwrapBatch(self, level, 0, isBatch);
  Tensor source = unwrapBatch(values, level, rank, isBatch);
  if (!isBatch) {
    while (source.dim() < rank) source = source.unsqueeze(0);
  }
  if (block.adjacent) {
    target = moveBlockFirst(target, 1, block.start, block.count);
    source = moveBlockFirst(source, isBatch ? 1 : 0, block.start, block.rank);
  }

  Indices selected;
  if (indexIsBatch || !block.adjacent) {
    std::vector<int64_t> column(block.rank + 1, 1);
    column[0] = target.size(0);
    selected.push_back(at::arange(target.size(0), target.options().dtype(at::kLong)).view(column));
  } else {
    selected.push_back(std::nullopt);
  }
  for (size_t i = block.adjacent ? block.start : 0; i < indices.size(); ++i) {
    const std::optional<Tensor> index = indices.get(i);
    bool isIndexBatch = false;
    selected.push_back(isTensorIndex(index) ? std::make_optional(unwrapBatch(*index, level, block.rank, isIndexBatch))
                                            : std::nullopt);
  }
  target.index_put_(selected, source, accumulate);
  return self;
}

}  // namespace torch_func
