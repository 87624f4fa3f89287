// libtorch's batching rule of index_put_ makes the batch one more index. Behind a slice, as in
// x[:, i] = v, the indices are then no longer next to each other, and what they select begins with
// their dimensions; the values still have those of the slice first. For sizes that are alike the
// result is silently wrong, otherwise an error. (The rule of index_put, which is not in place, moves
// the dimensions of the values.)
//
// Here the dimensions of the slices go behind those of the indices first, in views of the tensor and of
// the values, so that the two agree whether or not the batch is an index.
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

bool isGiven(const std::optional<Tensor>& index) { return index.has_value() && index->defined(); }

bool isMask(const Tensor& index) { return index.scalar_type() == at::kBool || index.scalar_type() == at::kByte; }

// The tensors among the indices of a sample.
struct Block {
  int64_t start = 0;
  int64_t count = 0;
  // The rank of what the tensors are broadcast to.
  int64_t rank = 0;
  bool adjacent = true;
  // A mask stands for several indices, of a number that depends on its elements.
  bool hasMask = false;
};

Block describe(const Indices& indices) {
  Block block;
  bool ended = false;
  for (size_t i = 0; i < indices.size(); ++i) {
    const std::optional<Tensor> index = indices.get(i);
    if (!isGiven(index)) {
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

// A tensor of the current level without its wrapper: the batch, if there is one, comes first, and
// after it the sample has at least `rank` dimensions. `isBatch` says whether there is one.
Tensor unwrapped(const Tensor& tensor, int64_t level, int64_t rank, bool& isBatch) {
  auto [value, dim] = functorch::unwrapTensorAtLevel(tensor, level);
  isBatch = dim.has_value();
  if (!isBatch) return value;
  value = value.movedim(*dim, 0);
  while (value.dim() <= rank) value = value.unsqueeze(1);
  return value;
}

// Each mask that is the same for all samples replaced by the indices of its elements, one for each of its
// dimensions. Masks that do not fit are left, for libtorch to refuse.
Indices withoutMasks(const Indices& indices, const Tensor& self) {
  Indices result;
  for (size_t i = 0; i < indices.size(); ++i) {
    const std::optional<Tensor> index = indices.get(i);
    if (!isGiven(index) || !isMask(*index) || index->dim() == 0 || batchLevelOf(*index).level != 0) {
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

// The `count` dimensions from `start` on come first, behind `kept` that stay.
Tensor blockFirst(const Tensor& tensor, int64_t kept, int64_t start, int64_t count) {
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
              "that has "
              "more elements than `self`. This happened due to `other` being vmapped over but `self` not being vmapped "
              "over in a "
              "vmap. Please try to use out-of-place operators instead of index_put_. If said operator is being "
              "called inside the PyTorch framework, please file a bug report instead.");
  const Block block = describe(indices);
  // The rank of what the indices of a sample select.
  const int64_t rank = self.dim() - block.count + block.rank;
  if (block.hasMask || block.start + block.count > self.dim() || values.dim() > rank) {
    // libtorch's rule of this operator is that of index_put_; it refuses what cannot be.
    at::_index_put_impl_(self, indices, values, accumulate, /*unsafe=*/false);
    return self;
  }
  // From here on operators are those of the levels below.
  c10::impl::ExcludeDispatchKeyGuard guard(c10::DispatchKey::FuncTorchBatched);
  if (!selfIsBatch) return self.index_put_(indices, values, accumulate);

  bool isBatch = false;
  Tensor target = unwrapped(self, level, 0, isBatch);
  Tensor source = unwrapped(values, level, rank, isBatch);
  if (!isBatch) {
    while (source.dim() < rank) source = source.unsqueeze(0);
  }
  if (block.adjacent) {
    target = blockFirst(target, 1, block.start, block.count);
    source = blockFirst(source, isBatch ? 1 : 0, block.start, block.rank);
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
    selected.push_back(isGiven(index) ? std::make_optional(unwrapped(*index, level, block.rank, isIndexBatch))
                                      : std::nullopt);
  }
  target.index_put_(selected, source, accumulate);
  return self;
}

}  // namespace torch_func
