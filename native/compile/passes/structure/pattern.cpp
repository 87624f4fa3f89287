// See Note [Structure].

#include "compile/passes/structure/pattern.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "compile/passes/emit.h"

namespace torch_func::compile {

int64_t Pattern::size(size_t dimension) const {
  int64_t size = 1;
  for (const Factor& factor : dimensions[dimension]) size *= factor.size;
  return size;
}

Sizes Pattern::sizes() const {
  Sizes result;
  for (size_t d = 0; d < dimensions.size(); ++d) result.push_back(size(d));
  return result;
}

bool Pattern::isFull() const {
  std::vector<int> uses(classes.size());
  for (const Factors& factors : dimensions) {
    for (const Factor& factor : factors) {
      if (factor.size != classes[factor.index] || uses[factor.index]++ > 0) return false;
    }
  }
  return true;
}

Pattern fullPattern(Graph& graph, c10::IntArrayRef sizes, ValueId payload) {
  Pattern result;
  result.dimensions.resize(sizes.size());
  for (size_t d = 0; d < sizes.size(); ++d) {
    if (sizes[d] == 1) continue;
    result.dimensions[d].push_back({static_cast<int32_t>(result.classes.size()), sizes[d]});
    result.classes.push_back(sizes[d]);
  }
  if (payload != kNoValue) result.payload = reshaped(graph, payload, result.classes);
  return result;
}

bool areDisjoint(const Pattern& a, const Pattern& b) {
  for (size_t d = 0; d < a.dimensions.size(); ++d) {
    if (a.dimensions[d].size() != b.dimensions[d].size()) continue;
    for (size_t i = 0; i < a.dimensions[d].size(); ++i) {
      const Factor &x = a.dimensions[d][i], &y = b.dimensions[d][i];
      if (x.size != y.size) break;
      if (x.offset + a.classes[x.index] <= y.offset || y.offset + b.classes[y.index] <= x.offset) return true;
    }
  }
  return false;
}

bool isSamePlace(const Pattern& a, const Pattern& b) {
  if (a.classes != b.classes || a.dimensions.size() != b.dimensions.size()) return false;
  for (size_t d = 0; d < a.dimensions.size(); ++d) {
    const bool same = std::equal(a.dimensions[d].begin(), a.dimensions[d].end(), b.dimensions[d].begin(),
                                 b.dimensions[d].end(), [](const Factor& x, const Factor& y) {
                                   return x.index == y.index && x.size == y.size && x.offset == y.offset;
                                 });
    if (!same) return false;
  }
  return true;
}

void normalizePattern(Graph& graph, Pattern& pattern) {
  std::vector<int64_t> order;
  std::vector<int32_t> numbers(pattern.classes.size(), -1);
  for (Factors& factors : pattern.dimensions) {
    factors.erase(std::remove_if(factors.begin(), factors.end(), [](const Factor& factor) { return factor.size == 1; }),
                  factors.end());
    for (Factor& factor : factors) {
      int32_t& number = numbers[factor.index];
      if (number < 0) {
        number = static_cast<int32_t>(order.size());
        order.push_back(factor.index);
      }
      factor.index = number;
    }
  }
  Sizes classes;
  for (int64_t index : order) classes.push_back(pattern.classes[index]);
  if (pattern.payload != kNoValue) {
    std::vector<int64_t> all = order;
    for (size_t i = 0; i < numbers.size(); ++i) {
      if (numbers[i] < 0) all.push_back(static_cast<int64_t>(i));
    }
    Sizes sizes;
    for (int64_t index : order) sizes.push_back(graph.type(pattern.payload).sizes[index]);
    pattern.payload = reshaped(graph, permuted(graph, pattern.payload, all), sizes);
  }
  pattern.classes = std::move(classes);
}

bool splitClass(Graph& graph, Pattern& pattern, int32_t index, int64_t inner) {
  const int64_t size = pattern.classes[index];
  const bool isOne = size == 1;
  if (!isOne && size % inner != 0) return false;
  for (const Factors& factors : pattern.dimensions) {
    for (const Factor& factor : factors) {
      if (factor.index != index || isOne) continue;
      if (factor.size % inner != 0 || factor.offset % inner != 0) return false;
    }
  }
  const auto added = static_cast<int32_t>(pattern.classes.size());
  for (Factors& factors : pattern.dimensions) {
    Factors split;
    for (const Factor& factor : factors) {
      if (factor.index != index || (isOne && factor.size % inner != 0)) {
        split.push_back(factor);
        continue;
      }
      split.push_back({index, factor.size / inner, factor.offset / inner});
      split.push_back({isOne ? index : added, inner, factor.offset % inner});
    }
    factors = std::move(split);
  }
  if (isOne) return true;
  pattern.classes[index] = size / inner;
  pattern.classes.push_back(inner);
  if (pattern.payload != kNoValue) {
    // [.., size, ..] -> [.., size / inner, .., inner]
    Sizes sizes = graph.type(pattern.payload).sizes;
    std::vector<int64_t> order(sizes.size() + 1);
    std::iota(order.begin(), order.end(), 0);
    const bool isEqual = sizes[index] == 1;
    sizes[index] = isEqual ? 1 : size / inner;
    sizes.insert(sizes.begin() + index + 1, isEqual ? 1 : inner);
    order.erase(order.begin() + index + 1);
    order.push_back(index + 1);
    pattern.payload = permuted(graph, reshaped(graph, pattern.payload, sizes), order);
  }
  return true;
}

// Regroups the factors, of all dimensions in order, into dimensions of these sizes.
std::optional<Pattern> viewedPattern(Graph& graph, Pattern pattern, c10::IntArrayRef sizes) {
  for (;;) {
    Factors all;
    for (const Factors& factors : pattern.dimensions) all.append(factors.begin(), factors.end());
    Pattern result = pattern;
    result.dimensions.assign(sizes.size(), Factors());
    size_t next = 0;
    bool isSplit = false;
    for (size_t d = 0; d < sizes.size() && !isSplit; ++d) {
      for (int64_t size = sizes[d]; size > 1 && !isSplit;) {
        if (next >= all.size()) return std::nullopt;
        const Factor& factor = all[next];
        if (factor.size == 0) return std::nullopt;
        if (size % factor.size == 0) {
          size /= factor.size;
          result.dimensions[d].push_back(factor);
          ++next;
        } else if (factor.size % size != 0 || !splitClass(graph, pattern, factor.index, factor.size / size)) {
          return std::nullopt;
        } else {
          // All factors of the class are others now.
          isSplit = true;
        }
      }
    }
    if (isSplit) continue;
    if (next != all.size()) return std::nullopt;
    normalizePattern(graph, result);
    return result;
  }
}

Pattern permutedPattern(const Pattern& pattern, c10::IntArrayRef order) {
  Pattern result = pattern;
  for (size_t d = 0; d < order.size(); ++d) result.dimensions[d] = pattern.dimensions[order[d]];
  return result;
}

// A class that no dimension has yet. The payload has one element for it.
static int32_t addClass(Graph& graph, Pattern& pattern, int64_t size) {
  pattern.classes.push_back(size);
  if (pattern.payload != kNoValue) {
    Sizes sizes = graph.type(pattern.payload).sizes;
    sizes.push_back(1);
    pattern.payload = reshaped(graph, pattern.payload, sizes);
  }
  return static_cast<int32_t>(pattern.classes.size()) - 1;
}

Pattern expandedPattern(Graph& graph, Pattern pattern, c10::IntArrayRef sizes) {
  const size_t added = sizes.size() - pattern.dimensions.size();
  pattern.dimensions.insert(pattern.dimensions.begin(), added, Factors());
  for (size_t d = 0; d < sizes.size(); ++d) {
    if (sizes[d] == pattern.size(d)) continue;
    pattern.dimensions[d] = {{addClass(graph, pattern, sizes[d]), sizes[d]}};
  }
  normalizePattern(graph, pattern);
  return pattern;
}

Pattern unsqueezedPattern(Pattern pattern, size_t dimension) {
  pattern.dimensions.insert(pattern.dimensions.begin() + dimension, Factors());
  return pattern;
}

Pattern squeezedPattern(Pattern pattern, size_t dimension) {
  pattern.dimensions.erase(pattern.dimensions.begin() + dimension);
  return pattern;
}

// Restricts a class to the indices from `start` on.
static void narrowClass(Graph& graph, Pattern& pattern, int32_t index, int64_t start, int64_t length) {
  if (pattern.classes[index] == length) return;
  pattern.classes[index] = length;
  for (Factors& factors : pattern.dimensions) {
    for (Factor& factor : factors) {
      if (factor.index == index) factor.offset += start;
    }
  }
  if (pattern.payload == kNoValue || graph.type(pattern.payload).sizes[index] == 1) return;
  pattern.payload = graph.call(
      "aten::slice", "Tensor",
      {pattern.payload, c10::IValue(static_cast<int64_t>(index)), c10::IValue(start), c10::IValue(start + length)});
}

Found<Pattern> slicedPattern(Graph& graph, Pattern pattern, size_t dimension, int64_t start, int64_t length) {
  Factors& factors = pattern.dimensions[dimension];
  if (pattern.size(dimension) == length) return std::optional(std::move(pattern));
  if (factors.size() != 1 || length == 0) return std::nullopt;
  const int32_t index = factors[0].index;
  // A class with several factors moves them all; the others keep their size.
  const int64_t from = std::max<int64_t>(0, start - factors[0].offset);
  const int64_t to = std::min(pattern.classes[index], start + length - factors[0].offset);
  if (from >= to) return std::optional<Pattern>();
  narrowClass(graph, pattern, index, from, to - from);
  pattern.dimensions[dimension][0].offset -= start;
  pattern.dimensions[dimension][0].size = length;
  normalizePattern(graph, pattern);
  return std::optional(std::move(pattern));
}

Found<Pattern> selectedPattern(Graph& graph, Pattern pattern, size_t dimension, int64_t index) {
  const Factors factors = pattern.dimensions[dimension];
  int64_t rest = pattern.size(dimension);
  for (size_t i = 0; i < factors.size(); ++i) {
    rest /= factors[i].size;
    const Factor& factor = pattern.dimensions[dimension][i];
    const int64_t at = index / rest - factor.offset;
    index %= rest;
    if (at < 0 || at >= pattern.classes[factor.index]) return std::optional<Pattern>();
    narrowClass(graph, pattern, factor.index, at, 1);
  }
  pattern.dimensions.erase(pattern.dimensions.begin() + dimension);
  normalizePattern(graph, pattern);
  return std::optional(std::move(pattern));
}

std::optional<Pattern> paddedPattern(Graph& graph, Pattern pattern, size_t dimension, int64_t start, int64_t size) {
  if (size == pattern.size(dimension)) return pattern;
  if (pattern.dimensions[dimension].empty()) {
    pattern.dimensions[dimension].push_back({addClass(graph, pattern, 1), size, start});
    normalizePattern(graph, pattern);
    return pattern;
  }
  if (pattern.dimensions[dimension].size() != 1) return std::nullopt;
  pattern.dimensions[dimension][0].size = size;
  pattern.dimensions[dimension][0].offset += start;
  return pattern;
}

}  // namespace torch_func::compile
