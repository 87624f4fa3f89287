// Views of tensors of known structure. See Note [Structure].

#include <algorithm>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "compile/passes/emit.h"
#include "compile/passes/structure/symbols.h"

namespace torch_func::compile {

namespace {

using Rule = bool (*)(Symbols& symbols, const Node& node);

// Applies a view to each term; it returns Found<Pattern>.
template <typename View>
bool mapTerms(Symbols& symbols, const Node& node, View view, ValueId result) {
  Terms terms;
  for (const Pattern& term : symbols.of(node.tensor(0))) {
    Found<Pattern> found = view(term);
    if (!found) return false;
    if (*found) terms.push_back(std::move(**found));
  }
  return symbols.set(result, std::move(terms));
}

template <typename View>
bool mapTerms(Symbols& symbols, const Node& node, View view) {
  return mapTerms(symbols, node, view, node.results[0]);
}

Found<Pattern> found(Pattern pattern) { return std::optional(std::move(pattern)); }

size_t rankOf(Symbols& symbols, const Node& node) { return symbols.graph.type(node.tensor(0)).sizes.size(); }

bool same(Symbols& symbols, const Node& node) {
  return mapTerms(symbols, node, [](const Pattern& term) { return found(term); });
}

bool permute(Symbols& symbols, const Node& node) {
  std::vector<int64_t> order = node.arguments[1].toIntVector();
  for (int64_t& d : order) d = dimensionOf(d, order.size());
  return mapTerms(symbols, node, [&](const Pattern& term) { return found(permutedPattern(term, order)); });
}

bool transposeDimensions(Symbols& symbols, const Node& node, int64_t first, int64_t second) {
  std::vector<int64_t> order(rankOf(symbols, node));
  std::iota(order.begin(), order.end(), 0);
  std::swap(order[first], order[second]);
  return mapTerms(symbols, node, [&](const Pattern& term) { return found(permutedPattern(term, order)); });
}

bool transpose(Symbols& symbols, const Node& node) {
  const size_t rank = rankOf(symbols, node);
  if (rank == 0) return same(symbols, node);
  return transposeDimensions(symbols, node, dimensionOf(node.arguments[1], rank), dimensionOf(node.arguments[2], rank));
}

bool t(Symbols& symbols, const Node& node) {
  return rankOf(symbols, node) < 2 ? same(symbols, node) : transposeDimensions(symbols, node, 0, 1);
}

bool view(Symbols& symbols, const Node& node) {
  const Sizes sizes = symbols.graph.type(node.results[0]).sizes;
  return mapTerms(symbols, node, [&](const Pattern& term) -> Found<Pattern> {
    auto pattern = viewedPattern(symbols.graph, term, sizes);
    if (!pattern) return std::nullopt;
    return found(std::move(*pattern));
  });
}

bool expand(Symbols& symbols, const Node& node) {
  const Sizes sizes = symbols.graph.type(node.results[0]).sizes;
  return mapTerms(symbols, node,
                  [&](const Pattern& term) { return found(expandedPattern(symbols.graph, term, sizes)); });
}

bool select(Symbols& symbols, const Node& node) {
  const Sizes& sizes = symbols.graph.type(node.tensor(0)).sizes;
  const int64_t dimension = dimensionOf(node.arguments[1], sizes.size());
  int64_t index = node.arguments[2].toInt();
  if (index < 0) index += sizes[dimension];
  return mapTerms(symbols, node,
                  [&](const Pattern& term) { return selectedPattern(symbols.graph, term, dimension, index); });
}

bool slice(Symbols& symbols, const Node& node) {
  const Sizes sizes = symbols.graph.type(node.tensor(0)).sizes;
  const int64_t dimension = dimensionOf(node.arguments[1], sizes.size());
  const int64_t length = symbols.graph.type(node.results[0]).sizes[dimension];
  if (node.arguments[4].toInt() != 1) return false;
  int64_t start = node.arguments[2].isNone() ? 0 : node.arguments[2].toInt();
  if (start < 0) start = std::max<int64_t>(0, start + sizes[dimension]);
  return mapTerms(symbols, node,
                  [&](const Pattern& term) { return slicedPattern(symbols.graph, term, dimension, start, length); });
}

bool diagonal(Symbols& symbols, const Node& node) {
  const Sizes sizes = symbols.graph.type(node.tensor(0)).sizes;
  const int64_t offset = node.arguments[1].toInt();
  const int64_t first = dimensionOf(node.arguments[2], sizes.size());
  const int64_t second = dimensionOf(node.arguments[3], sizes.size());
  const int64_t length = symbols.graph.type(node.results[0]).sizes.back();
  return mapTerms(symbols, node, [&](const Pattern& term) -> Found<Pattern> {
    auto rows = slicedPattern(symbols.graph, term, first, std::max<int64_t>(-offset, 0), length);
    if (!rows || !*rows) return rows;
    auto both = slicedPattern(symbols.graph, std::move(**rows), second, std::max<int64_t>(offset, 0), length);
    if (!both || !*both) return both;
    return diagonalPattern(symbols.graph, **both, first, second);
  });
}

// split and unbind: each result for itself; all or none.
template <bool isUnbind>
bool split(Symbols& symbols, const Node& node) {
  const Sizes sizes = symbols.graph.type(node.tensor(0)).sizes;
  const int64_t dimension = dimensionOf(node.arguments[isUnbind ? 1 : 2], sizes.size());
  std::vector<Terms> all;
  int64_t start = 0;
  for (ValueId result : node.results) {
    const int64_t length = isUnbind ? 1 : symbols.graph.type(result).sizes[dimension];
    Terms terms;
    for (const Pattern& term : symbols.of(node.tensor(0))) {
      auto part = isUnbind ? selectedPattern(symbols.graph, term, dimension, start)
                           : slicedPattern(symbols.graph, term, dimension, start, length);
      if (!part) return false;
      if (*part) terms.push_back(std::move(**part));
    }
    all.push_back(std::move(terms));
    start += length;
  }
  for (size_t i = 0; i < all.size(); ++i) {
    if (!symbols.set(node.results[i], std::move(all[i]))) return false;
  }
  return true;
}

// A dimension of size 1 has no factors, so these views only renumber the dimensions.
bool resize(Symbols& symbols, const Node& node) { return view(symbols, node); }

const std::unordered_map<std::string, Rule>& rules() {
  static const std::unordered_map<std::string, Rule> table = {
      {"aten::alias", same},
      {"aten::detach", same},
      {"aten::clone", same},
      {"aten::lift_fresh", same},
      {"aten::permute", permute},
      {"aten::transpose.int", transpose},
      {"aten::t", t},
      {"aten::view", view},
      {"aten::_unsafe_view", view},
      {"aten::reshape", view},
      {"aten::_reshape_alias", view},
      {"aten::unsqueeze", resize},
      {"aten::squeeze", resize},
      {"aten::squeeze.dim", resize},
      {"aten::squeeze.dims", resize},
      {"aten::expand", expand},
      {"aten::select.int", select},
      {"aten::slice.Tensor", slice},
      {"aten::diagonal", diagonal},
      {"aten::split.Tensor", split<false>},
      {"aten::split_with_sizes", split<false>},
      {"aten::unbind.int", split<true>},
  };
  return table;
}

}  // namespace

bool viewStructure(Symbols& symbols, const Node& node) {
  const auto rule = rules().find(node.name());
  return rule != rules().end() && rule->second(symbols, node);
}

}  // namespace torch_func::compile
