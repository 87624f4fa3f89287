// See Note [The order of points].

#include "compile/machine/point_order.h"

#include <algorithm>

namespace torch_func::compile {

namespace {

// A block holds several rows of as many elements, which fill a cache line; and fewer make no square to transpose.
constexpr int64_t kMostInRow = 64, kLeastInRow = 8;

}  // namespace

PointOrder::PointOrder(c10::ArrayRef<int64_t> space, c10::ArrayRef<Dimensions> accesses,
                       c10::ArrayRef<Dimensions> others) {
  merge(space, accesses, others);
  const size_t contiguous = contiguousDimension(accesses);
  if (contiguous < parts_.size()) arrange(contiguous);
}

Dimensions PointOrder::stridesOf(const Dimensions& strides) const {
  Dimensions result;
  for (const Part& part : parts_) result.push_back(strides[part.dimension] * part.scale);
  return result;
}

// Neighbouring dimensions that all walk over like one are one.
void PointOrder::merge(c10::ArrayRef<int64_t> space, c10::ArrayRef<Dimensions> accesses,
                       c10::ArrayRef<Dimensions> others) {
  for (size_t d = 0; d < space.size(); ++d) {
    if (space[d] == 1) continue;
    const auto continues = [&](const Dimensions& strides) {
      return strides[parts_.back().dimension] == strides[d] * space[d];
    };
    if (!parts_.empty() && std::all_of(accesses.begin(), accesses.end(), continues) &&
        std::all_of(others.begin(), others.end(), continues)) {
      parts_.back().dimension = d;
      sizes_.back() *= space[d];
    } else {
      parts_.push_back({d, 1});
      sizes_.push_back(space[d]);
    }
  }
}

// The dimension in which those accesses are contiguous that are not so in the last one; none if there are no such.
size_t PointOrder::contiguousDimension(c10::ArrayRef<Dimensions> accesses) const {
  if (parts_.size() < 2) return parts_.size();
  std::vector<int> votes(parts_.size());
  for (const Dimensions& strides : accesses) {
    if (strides[parts_.back().dimension] <= 1) continue;
    for (size_t p = 0; p + 1 < parts_.size(); ++p) votes[p] += strides[parts_[p].dimension] == 1 ? 1 : 0;
  }
  const auto most = std::max_element(votes.begin(), votes.end());
  return *most == 0 ? parts_.size() : static_cast<size_t>(most - votes.begin());
}

void PointOrder::arrange(size_t contiguous) {
  const size_t last = parts_.size() - 1;
  const Part row = parts_[contiguous], column = parts_[last];
  const int64_t rowSize = sizes_[contiguous], columnSize = sizes_[last];
  if (rowSize < kLeastInRow || columnSize < kLeastInRow) return;
  const auto replace = [&](std::initializer_list<std::pair<Part, int64_t>> inner) {
    for (size_t p : {last, contiguous}) {
      parts_.erase(parts_.begin() + static_cast<int64_t>(p));
      sizes_.erase(sizes_.begin() + static_cast<int64_t>(p));
    }
    for (const auto& [part, size] : inner) {
      parts_.push_back(part);
      sizes_.push_back(size);
    }
  };
  if (columnSize <= kMostInRow) return replace({{row, rowSize}, {column, columnSize}});
  if (rowSize <= kMostInRow) return replace({{column, columnSize}, {row, rowSize}});
  for (int64_t count : {16, 8}) {
    const auto split = [&](Part part, int64_t size, Part between, int64_t sizeBetween) {
      replace({{{part.dimension, part.scale * count}, size / count}, {between, sizeBetween}, {part, count}});
    };
    if (columnSize % count == 0) return split(column, columnSize, row, rowSize);
    if (rowSize % count == 0) return split(row, rowSize, column, columnSize);
  }
}

}  // namespace torch_func::compile
