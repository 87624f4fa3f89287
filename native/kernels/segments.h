// Which segment an element belongs to, for segment_reduce and embedding_bag.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>

namespace torch_func {

// The segment of each element of the data along an axis, in the shape of the data. The segments are given by lengths or
// offsets, which have the dimensions of the data up to the axis; the other one is None or undefined. Elements outside
// of all segments have the number `segments`.
at::Tensor segmentsOf(const at::Tensor& data, const c10::IValue& lengths, const c10::IValue& offsets, int64_t axis,
                      int64_t segments);

// The bags of embedding_bag: `bag` is the bag of each index.
struct Bags {
  enum Mode { sum, mean, max };

  Bags(const at::Tensor& indices, const at::Tensor& offsets, int64_t count, int64_t paddingIndex);

  // One row per bag.
  at::Tensor isEmpty() const { return (size == 0).unsqueeze(1); }
  at::Tensor divisor() const { return size.clamp_min(1).unsqueeze(1); }

  at::Tensor index;
  at::Tensor bag;
  // Whether an index is the padding index.
  at::Tensor isIgnored;
  // The number of indices in each bag that are not ignored.
  at::Tensor size;
};

}  // namespace torch_func
