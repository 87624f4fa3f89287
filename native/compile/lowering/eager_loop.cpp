// The order in which ATen's TensorIterator walks over elements, and which of them its loops handle with vector code.

#include "compile/lowering/eager_loop.h"

#include <ATen/Parallel.h>
#include <ATen/TensorIterator.h>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace torch_func::compile {

namespace {

using Strides = std::vector<int64_t>;

Strides broadcastStrides(const TensorType& type, const Sizes& sizes) {
  Strides strides(sizes.size(), 0);
  const size_t missing = sizes.size() - type.sizes.size();
  for (size_t d = missing; d < sizes.size(); ++d) {
    if (type.sizes[d - missing] == sizes[d]) strides[d] = type.strides[d - missing];
  }
  return strides;
}

// The dimensions, the innermost of the walk first: by the strides of the operands, 0 says nothing.
std::vector<size_t> orderOfDimensions(const Sizes& sizes, const std::vector<Strides>& operands) {
  std::vector<size_t> order(sizes.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = order.size() - 1 - i;
  const auto compare = [&](size_t first, size_t second) {
    for (const Strides& strides : operands) {
      if (strides[first] == 0 || strides[second] == 0) continue;
      if (strides[first] != strides[second]) return strides[first] < strides[second] ? -1 : 1;
      if (sizes[first] > sizes[second]) return 1;
    }
    return 0;
  };
  for (size_t i = 1; i < order.size(); ++i) {
    size_t moving = i;
    for (size_t other = i; other-- > 0;) {
      const int result = compare(order[other], order[moving]);
      if (result > 0) {
        std::swap(order[other], order[moving]);
        moving = other;
      } else if (result < 0) {
        break;
      }
    }
  }
  return order;
}

}  // namespace

EagerLoop eagerLoop(const TensorType& result, c10::ArrayRef<const TensorType*> operands, const Points& points,
                    int64_t vectorSize, int32_t* scalarOperand) {
  EagerLoop loop;
  loop.strides.resize(points.spaceDimensions, 0);
  const size_t dimensions = result.sizes.size();
  std::vector<Strides> all;
  for (const TensorType* operand : operands) all.push_back(broadcastStrides(*operand, result.sizes));
  const std::vector<size_t> order = orderOfDimensions(result.sizes, all);
  all.insert(all.begin(), Strides(result.strides.begin(), result.strides.end()));

  // Positions in the order of the walk.
  int64_t total = 1;
  for (size_t d : order) {
    const Points::Dimension& place = points.dimensions[d];
    if (place.space >= 0) loop.strides[place.space] += place.stride * total;
    loop.offset += place.index * total;
    total *= result.sizes[d];
  }

  // The inner loop: dimensions that every operand walks like one.
  int64_t inner = 1;
  size_t merged = 0;
  Strides step(all.size(), 0);
  for (; merged < dimensions; ++merged) {
    const size_t d = order[merged];
    if (result.sizes[d] == 1) continue;
    bool continues = true;
    for (size_t k = 0; k < all.size(); ++k) continues = continues && (inner == 1 || all[k][d] == step[k] * inner);
    if (!continues) break;
    if (inner == 1) {
      for (size_t k = 0; k < all.size(); ++k) step[k] = all[k][d];
    }
    inner *= result.sizes[d];
  }
  const auto scalars = std::count(step.begin() + 1, step.end(), 0);
  const bool isContiguous =
      std::all_of(step.begin(), step.end(), [](int64_t s) { return s == 0 || s == 1; }) && step[0] == 1 && scalars <= 1;
  loop.period = std::max<int64_t>(inner, 1);
  const int64_t threads = at::get_num_threads();
  if (merged == dimensions && total >= at::internal::GRAIN_SIZE && threads > 1) {
    const int64_t used = std::min(threads, (total + at::internal::GRAIN_SIZE - 1) / at::internal::GRAIN_SIZE);
    loop.period = (total + used - 1) / used;
  }
  loop.total = total;
  loop.width = isContiguous ? 2 * vectorSize : 0;
  if (isContiguous && scalars == 1) {
    *scalarOperand = static_cast<int32_t>(std::find(step.begin() + 1, step.end(), 0) - step.begin() - 1);
  }
  return loop;
}

Points Points::all(size_t dimensions) {
  Points points;
  points.spaceDimensions = static_cast<int32_t>(dimensions);
  for (size_t d = 0; d < dimensions; ++d) points.dimensions.push_back({static_cast<int32_t>(d)});
  return points;
}

}  // namespace torch_func::compile
