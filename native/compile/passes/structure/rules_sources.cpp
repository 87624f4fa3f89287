// Operators that make tensors of known structure. See Note [Structure].

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "compile/passes/emit.h"
#include "compile/passes/structure/symbols.h"

namespace torch_func::compile {

namespace {

using Rule = bool (*)(Symbols& symbols, const Node& node);

// Gives a result its terms if `gain`, how many elements there are for each that is not zero, is worth the operators.
// The zeros of small tensors cost nothing where a function is computed number by number (lowering/scalarize.h).
bool setScattered(Symbols& symbols, const Node& node, Terms terms, int64_t gain) {
  constexpr int64_t kSmallestGain = 8;
  const ValueId result = node.results[0];
  if (terms.empty() || gain >= kSmallestGain) return symbols.set(result, std::move(terms));
  const bool isConstant =
      std::all_of(terms.begin(), terms.end(), [](const Pattern& term) { return term.payload == kNoValue; });
  const TensorType type = symbols.graph.type(result);
  if (!isConstant || type.dtype == at::kBool || type.numel() == 0) return false;
  symbols.rewriter.replace(result, materialized(symbols.graph, terms, type));
  return true;
}

bool setNumber(Symbols& symbols, const Node& node, const c10::Scalar& number) {
  const ValueId result = node.results[0];
  if (number.isComplex() || symbols.graph.type(result).isWrappedNumber) return false;
  if (number.isIntegral(true) && number.toLong() == 0) return symbols.set(result, {});
  if (number.isFloatingPoint() && number.toDouble() == 0 && !std::signbit(number.toDouble()))
    return symbols.set(result, {});
  Pattern pattern = fullPattern(symbols.graph, Sizes(symbols.graph.type(result).sizes), kNoValue);
  pattern.number = number;
  return symbols.set(result, {std::move(pattern)});
}

template <int number>
bool constant(Symbols& symbols, const Node& node) {
  return setNumber(symbols, node, number);
}

template <int argument>
bool numberArgument(Symbols& symbols, const Node& node) {
  return node.arguments[argument].isScalar() && setNumber(symbols, node, node.arguments[argument].toScalar());
}

bool eye(Symbols& symbols, const Node& node) {
  const Sizes sizes = symbols.graph.type(node.results[0]).sizes;
  const int64_t size = std::min(sizes[0], sizes[1]);
  Pattern pattern;
  pattern.number = 1;
  pattern.classes = {size};
  pattern.dimensions = {{{0, sizes[0]}}, {{0, sizes[1]}}};
  normalizePattern(symbols.graph, pattern);
  return setScattered(symbols, node, {std::move(pattern)}, size);
}

// Puts the terms of a value into zeros; `place` makes the larger pattern.
template <typename Place>
bool scatter(Symbols& symbols, const Node& node, ValueId source, int64_t gain, Place place) {
  Terms terms;
  for (Pattern& term : symbols.of(source)) {
    auto placed = place(std::move(term));
    if (!placed) return false;
    terms.push_back(std::move(*placed));
  }
  return setScattered(symbols, node, std::move(terms), gain);
}

bool scatterSelected(Symbols& symbols, const Node& node, ValueId source, size_t dimensionArgument) {
  const Sizes sizes = symbols.graph.type(node.results[0]).sizes;
  const int64_t dimension = dimensionOf(node.arguments[dimensionArgument], sizes.size());
  const int64_t index = node.arguments[dimensionArgument + 1].toInt();
  return scatter(symbols, node, source, sizes[dimension], [&](Pattern term) {
    return paddedPattern(symbols.graph, unsqueezedPattern(std::move(term), dimension), dimension,
                         index < 0 ? index + sizes[dimension] : index, sizes[dimension]);
  });
}

bool scatterSliced(Symbols& symbols, const Node& node, ValueId source, size_t dimensionArgument) {
  const Sizes sizes = symbols.graph.type(node.results[0]).sizes;
  const int64_t dimension = dimensionOf(node.arguments[dimensionArgument], sizes.size());
  const c10::IValue& first = node.arguments[dimensionArgument + 1];
  if (node.arguments[dimensionArgument + 3].toInt() != 1) return false;
  int64_t start = first.isNone() ? 0 : first.toInt();
  if (start < 0) start = std::max<int64_t>(0, start + sizes[dimension]);
  start = std::min(start, sizes[dimension]);
  const int64_t length = std::max<int64_t>(symbols.graph.type(source).sizes[dimension], 1);
  return scatter(symbols, node, source, sizes[dimension] / length, [&](Pattern term) {
    return paddedPattern(symbols.graph, std::move(term), dimension, start, sizes[dimension]);
  });
}

bool scatterDiagonal(Symbols& symbols, const Node& node, ValueId source, size_t offsetArgument) {
  const Sizes sizes = symbols.graph.type(node.results[0]).sizes;
  const int64_t offset = node.arguments[offsetArgument].toInt();
  const int64_t first = dimensionOf(node.arguments[offsetArgument + 1], sizes.size());
  const int64_t second = dimensionOf(node.arguments[offsetArgument + 2], sizes.size());
  return scatter(
      symbols, node, source, std::min(sizes[first], sizes[second]), [&](Pattern term) -> std::optional<Pattern> {
        const Factors diagonal = term.dimensions.back();
        term.dimensions.pop_back();
        for (int64_t d : {std::min(first, second), std::max(first, second)}) {
          term.dimensions.insert(term.dimensions.begin() + d, diagonal);
        }
        auto rows = paddedPattern(symbols.graph, std::move(term), first, std::max<int64_t>(-offset, 0), sizes[first]);
        if (!rows) return std::nullopt;
        return paddedPattern(symbols.graph, std::move(*rows), second, std::max<int64_t>(offset, 0), sizes[second]);
      });
}

bool selectBackward(Symbols& symbols, const Node& node) { return scatterSelected(symbols, node, node.tensor(0), 2); }
bool sliceBackward(Symbols& symbols, const Node& node) { return scatterSliced(symbols, node, node.tensor(0), 2); }
bool diagonalBackward(Symbols& symbols, const Node& node) { return scatterDiagonal(symbols, node, node.tensor(0), 2); }
bool diagEmbed(Symbols& symbols, const Node& node) { return scatterDiagonal(symbols, node, node.tensor(0), 1); }
bool selectScatter(Symbols& symbols, const Node& node) {
  return symbols.isZero(node.tensor(0)) && scatterSelected(symbols, node, node.tensor(1), 2);
}
bool sliceScatter(Symbols& symbols, const Node& node) {
  return symbols.isZero(node.tensor(0)) && scatterSliced(symbols, node, node.tensor(1), 2);
}
bool diagonalScatter(Symbols& symbols, const Node& node) {
  return symbols.isZero(node.tensor(0)) && scatterDiagonal(symbols, node, node.tensor(1), 2);
}

// stack and cat: pieces that have nothing but zeros beside them.
template <bool isStack>
bool join(Symbols& symbols, const Node& node) {
  Graph& graph = symbols.graph;
  const bool anyKnown = std::any_of(node.tensors.begin(), node.tensors.end(),
                                    [&](const TensorArgument& given) { return symbols.isKnown(given.value); });
  if (!anyKnown) return false;
  const Sizes sizes = graph.type(node.results[0]).sizes;
  const auto count = static_cast<int64_t>(node.tensors.size());
  const int64_t dimension = dimensionOf(node.arguments[1], sizes.size());
  std::vector<Terms> pieces;
  size_t total = 0;
  for (const TensorArgument& given : node.tensors) {
    if (graph.type(given.value).sizes.size() + (isStack ? 1 : 0) != sizes.size()) return false;
    pieces.push_back(symbols.of(given.value));
    total += pieces.back().size();
  }
  if (isStack && std::all_of(pieces.begin(), pieces.end(), [&](const Terms& piece) {
        return piece.size() == 1 && isSamePlace(piece[0], pieces[0][0]);
      })) {
    const TensorType type = graph.type(node.results[0]);
    Pattern pattern = pieces[0][0];
    std::vector<ValueId> payloads;
    for (const Terms& piece : pieces) {
      payloads.push_back(expanded(graph, payloadOf(graph, piece[0], type), pattern.classes));
    }
    const auto added = static_cast<int32_t>(pattern.classes.size());
    pattern.payload = graph.call("aten::stack", "", {payloads, c10::IValue(static_cast<int64_t>(added))});
    pattern.classes.push_back(count);
    pattern.dimensions.insert(pattern.dimensions.begin() + dimension, Factors(1, Factor{added, count}));
    normalizePattern(graph, pattern);
    return symbols.set(node.results[0], {std::move(pattern)});
  }
  if (total > 16) return false;
  Terms terms;
  int64_t start = 0;
  for (int64_t i = 0; i < count; ++i) {
    for (Pattern& term : pieces[i]) {
      if (isStack) term = unsqueezedPattern(std::move(term), dimension);
      auto placed = paddedPattern(graph, std::move(term), dimension, start, sizes[dimension]);
      if (!placed) return false;
      terms.push_back(std::move(*placed));
    }
    start += isStack ? 1 : graph.type(node.tensors[i].value).sizes[dimension];
  }
  return setScattered(symbols, node, std::move(terms), total == 0 ? 1 : count / static_cast<int64_t>(total));
}

const std::unordered_map<std::string, Rule>& rules() {
  static const std::unordered_map<std::string, Rule> table = {
      {"aten::zeros", constant<0>},
      {"aten::new_zeros", constant<0>},
      {"aten::zeros_like", constant<0>},
      {"aten::_efficientzerotensor", constant<0>},
      {"aten::ones", constant<1>},
      {"aten::new_ones", constant<1>},
      {"aten::ones_like", constant<1>},
      {"aten::full", numberArgument<1>},
      {"aten::full_like", numberArgument<1>},
      {"aten::new_full", numberArgument<2>},
      {"aten::eye", eye},
      {"aten::eye.m", eye},
      {"aten::select_backward", selectBackward},
      {"aten::slice_backward", sliceBackward},
      {"aten::diagonal_backward", diagonalBackward},
      {"aten::diag_embed", diagEmbed},
      {"aten::select_scatter", selectScatter},
      {"aten::slice_scatter", sliceScatter},
      {"aten::diagonal_scatter", diagonalScatter},
      {"aten::stack", join<true>},
      {"aten::cat", join<false>},
  };
  return table;
}

}  // namespace

bool makeStructure(Symbols& symbols, const Node& node) {
  const auto rule = rules().find(node.name());
  if (rule == rules().end() || node.results.size() != 1 || node.results[0] == kNoValue) return false;
  return rule->second(symbols, node);
}

}  // namespace torch_func::compile
