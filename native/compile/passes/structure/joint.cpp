// Operands whose patterns meet. See Note [Structure].

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>

#include "compile/passes/emit.h"
#include "compile/passes/structure/pattern.h"

namespace torch_func::compile {

// Splits the factors of two dimensions until they have the same sizes.
static bool alignFactors(Graph& graph, Pattern& a, size_t first, Pattern& b, size_t second) {
  for (size_t i = 0;; ++i) {
    const Factors &x = a.dimensions[first], &y = b.dimensions[second];
    if (i == x.size() || i == y.size()) return x.size() == y.size();
    const Factor p = x[i], q = y[i];
    if (p.size == q.size) continue;
    // Operands of some operators do not broadcast: on CUDA, an argument of log_sigmoid_backward is empty.
    if (p.size == 0 || q.size == 0) return false;
    const bool isLarger = p.size > q.size;
    if ((isLarger ? p.size % q.size : q.size % p.size) != 0) return false;
    if (isLarger && !splitClass(graph, a, p.index, p.size / q.size)) return false;
    if (!isLarger && !splitClass(graph, b, q.index, q.size / p.size)) return false;
  }
}

namespace {

// Classes of several patterns whose indices differ by a constant.
class Relations {
 public:
  explicit Relations(size_t count) : root_(count), shift_(count) { std::iota(root_.begin(), root_.end(), 0); }

  // index(x) = index(root) + shift
  std::pair<size_t, int64_t> find(size_t x) const {
    int64_t shift = 0;
    for (; root_[x] != x; x = root_[x]) shift += shift_[x];
    return {x, shift};
  }

  // Requires index(x) = index(y) + difference; false if that contradicts what is known.
  bool relate(size_t x, size_t y, int64_t difference) {
    const auto [a, p] = find(x);
    const auto [b, q] = find(y);
    if (a == b) return p == q + difference;
    // The root is the older one, so that results keep the order of the first operand.
    if (a < b) {
      root_[b] = a;
      shift_[b] = p - q - difference;
    } else {
      root_[a] = b;
      shift_[a] = q + difference - p;
    }
    return true;
  }

 private:
  std::vector<size_t> root_;
  std::vector<int64_t> shift_;
};

}  // namespace

Found<Joint> joined(Graph& graph, std::vector<Pattern>& patterns, const std::vector<std::vector<int32_t>>& positions,
                    size_t count) {
  struct Dimension {
    size_t pattern;
    size_t dimension;
  };
  std::vector<std::vector<Dimension>> users(count);
  for (size_t i = 0; i < patterns.size(); ++i) {
    for (size_t d = 0; d < positions[i].size(); ++d) {
      if (!patterns[i].dimensions[d].empty()) users[positions[i][d]].push_back({i, d});
    }
  }
  const auto countFactors = [&] {
    size_t sum = 0;
    for (const Pattern& pattern : patterns) {
      for (const Factors& factors : pattern.dimensions) sum += factors.size();
    }
    return sum;
  };
  // A split may split factors of other dimensions, so repeat until all agree.
  for (size_t before = 0; before != countFactors();) {
    before = countFactors();
    for (const auto& list : users) {
      for (size_t k = 1; k < list.size(); ++k) {
        const auto &a = list[0], &b = list[k];
        if (!alignFactors(graph, patterns[a.pattern], a.dimension, patterns[b.pattern], b.dimension)) {
          return std::nullopt;
        }
      }
    }
  }
  std::vector<size_t> first;
  size_t total = 0;
  for (const Pattern& pattern : patterns) {
    first.push_back(total);
    total += pattern.classes.size();
  }
  Relations relations(total);
  for (const auto& list : users) {
    if (list.empty()) continue;
    const Factors& factors = patterns[list[0].pattern].dimensions[list[0].dimension];
    for (size_t k = 1; k < list.size(); ++k) {
      const Factors& others = patterns[list[k].pattern].dimensions[list[k].dimension];
      for (size_t i = 0; i < factors.size(); ++i) {
        if (!relations.relate(first[list[0].pattern] + factors[i].index, first[list[k].pattern] + others[i].index,
                              others[i].offset - factors[i].offset)) {
          return std::optional<Joint>();
        }
      }
    }
  }
  Joint joint;
  std::vector<int64_t> low(total, INT64_MIN), high(total, INT64_MAX);
  for (size_t i = 0; i < patterns.size(); ++i) {
    for (size_t c = 0; c < patterns[i].classes.size(); ++c) {
      const auto [root, shift] = relations.find(first[i] + c);
      low[root] = std::max(low[root], -shift);
      high[root] = std::min(high[root], patterns[i].classes[c] - shift);
    }
  }
  std::vector<int32_t> numbers(total, -1);
  for (size_t x = 0; x < total; ++x) {
    if (relations.find(x).first != x) continue;
    if (low[x] >= high[x]) return std::optional<Joint>();
    numbers[x] = static_cast<int32_t>(joint.classes.size());
    joint.classes.push_back(high[x] - low[x]);
  }
  joint.places.resize(patterns.size());
  for (size_t i = 0; i < patterns.size(); ++i) {
    for (size_t c = 0; c < patterns[i].classes.size(); ++c) {
      const auto [root, shift] = relations.find(first[i] + c);
      joint.places[i].push_back({numbers[root], low[root] + shift});
    }
  }
  joint.dimensions.resize(count);
  for (size_t d = 0; d < count; ++d) {
    if (users[d].empty()) continue;
    const auto& user = users[d].front();
    for (const Factor& factor : patterns[user.pattern].dimensions[user.dimension]) {
      const Joint::Place& place = joint.places[user.pattern][factor.index];
      joint.dimensions[d].push_back({place.index, factor.size, factor.offset + place.start});
    }
  }
  return std::optional(std::move(joint));
}

Found<Pattern> diagonalPattern(Graph& graph, const Pattern& pattern, size_t first, size_t second) {
  // The dimensions of the result, the diagonal last.
  std::vector<int32_t> positions(pattern.dimensions.size());
  const auto last = static_cast<int32_t>(pattern.dimensions.size()) - 2;
  int32_t next = 0;
  for (size_t d = 0; d < positions.size(); ++d) positions[d] = d == first || d == second ? last : next++;
  std::vector<Pattern> patterns = {pattern};
  // Aligning a pattern with itself needs both dimensions in one pattern, as it is.
  const Factors &a = pattern.dimensions[first], &b = pattern.dimensions[second];
  const bool isAligned = std::equal(a.begin(), a.end(), b.begin(), b.end(),
                                    [](const Factor& x, const Factor& y) { return x.size == y.size; });
  if (!isAligned) return std::nullopt;
  auto found = joined(graph, patterns, {positions}, static_cast<size_t>(last) + 1);
  if (!found) return std::nullopt;
  if (!*found) return std::optional<Pattern>();
  const Joint& joint = **found;
  Pattern result;
  result.dimensions.assign(joint.dimensions.begin(), joint.dimensions.end());
  result.classes = joint.classes;
  result.number = pattern.number;
  if (pattern.payload != kNoValue) result.payload = gathered(graph, patterns[0], joint.places[0], joint.classes);
  normalizePattern(graph, result);
  return std::optional(std::move(result));
}

ValueId gathered(Graph& graph, const Pattern& pattern, const std::vector<Joint::Place>& places, const Sizes& classes) {
  ValueId value = pattern.payload;
  if (graph.type(value).sizes.empty()) return value;
  std::vector<int32_t> labels;
  for (size_t c = 0; c < places.size(); ++c) {
    labels.push_back(places[c].index);
    const int64_t length = classes[places[c].index];
    const int64_t size = graph.type(value).sizes[c];
    if (size == 1 || size == length) continue;
    value = graph.call("aten::slice", "Tensor",
                       {value, c10::IValue(static_cast<int64_t>(c)), c10::IValue(places[c].start),
                        c10::IValue(places[c].start + length)});
  }
  // Classes that have become one: the diagonal of their dimensions.
  for (size_t i = 0; i < labels.size();) {
    const auto same = std::find(labels.begin() + static_cast<int64_t>(i) + 1, labels.end(), labels[i]);
    if (same == labels.end()) {
      ++i;
      continue;
    }
    const auto first = static_cast<int64_t>(i), second = static_cast<int64_t>(same - labels.begin());
    const Sizes& sizes = graph.type(value).sizes;
    if (sizes[first] == 1 || sizes[second] == 1) {
      const int64_t one = sizes[second] == 1 ? second : first;
      value = graph.call("aten::squeeze", "dim", {value, c10::IValue(one)});
      labels.erase(labels.begin() + one);
      continue;
    }
    value = graph.call("aten::diagonal", "", {value, c10::IValue(0), c10::IValue(first), c10::IValue(second)});
    labels.push_back(labels[i]);
    labels.erase(labels.begin() + second);
    labels.erase(labels.begin() + first);
  }
  std::vector<int64_t> order(labels.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return labels[a] < labels[b]; });
  value = permuted(graph, value, order);
  Sizes sizes(classes.size(), 1);
  for (size_t i = 0; i < order.size(); ++i) sizes[labels[order[i]]] = graph.type(value).sizes[i];
  return reshaped(graph, value, sizes);
}

}  // namespace torch_func::compile
