// Sums and products of matrices of known structure. See Note [Structure].

#include <algorithm>
#include <numeric>
#include <utility>

#include "compile/passes/emit.h"
#include "compile/passes/structure/symbols.h"

namespace torch_func::compile {

namespace {

// The payload summed over classes, whose dimensions become 1.
ValueId summed(Graph& graph, ValueId payload, const std::vector<int64_t>& dimensions) {
  if (dimensions.empty()) return payload;
  return graph.call("aten::sum", "dim_IntList", {payload, c10::IValue(dimensions), c10::IValue(true)});
}

bool sum(Symbols& symbols, const Node& node, bool isMean, bool hasDimensions) {
  Graph& graph = symbols.graph;
  const TensorType operand = graph.type(node.tensor(0));
  const TensorType type = graph.type(node.results[0]);
  if (operand.dtype != type.dtype) return false;
  std::vector<bool> isReduced(operand.sizes.size(), true);
  const bool isOfOne = isReduced.empty();  // operators take 0 and -1 as its dimension
  if (hasDimensions && !isOfOne && !node.arguments[1].isNone() && node.arguments[1].toIntList().size() > 0) {
    std::fill(isReduced.begin(), isReduced.end(), false);
    for (int64_t d : node.arguments[1].toIntVector()) isReduced[dimensionOf(d, operand.sizes.size())] = true;
  }
  const bool keeps = hasDimensions && node.arguments[2].toBool();
  int64_t count = 1;
  for (size_t d = 0; d < isReduced.size(); ++d) count *= isReduced[d] ? operand.sizes[d] : 1;
  Terms terms;
  for (Pattern term : symbols.of(node.tensor(0))) {
    std::vector<bool> isKept(term.classes.size());
    for (size_t d = 0; d < isReduced.size(); ++d) {
      for (const Factor& factor : term.dimensions[d]) isKept[factor.index] = isKept[factor.index] || !isReduced[d];
    }
    std::vector<int64_t> dimensions;
    double equal = 1;  // how many equal elements are added
    for (size_t c = 0; c < isKept.size(); ++c) {
      if (isKept[c]) continue;
      const bool isEqual = term.payload == kNoValue || graph.type(term.payload).sizes[c] == 1;
      if (isEqual) equal *= static_cast<double>(term.classes[c]);
      if (!isEqual) dimensions.push_back(static_cast<int64_t>(c));
      term.classes[c] = 1;
    }
    if (term.payload == kNoValue) {
      term.number = term.number.toDouble() * equal / (isMean ? static_cast<double>(count) : 1);
    } else {
      term.payload = summed(graph, term.payload, dimensions);
      if (equal != 1) {
        term.payload = graph.call("aten::mul", "Tensor", {term.payload, numberConstant(graph, equal)});
      }
      if (isMean) {
        const ValueId divisor = numberConstant(graph, static_cast<double>(count));
        term.payload = graph.call("aten::div", "Tensor", {term.payload, divisor});
      }
    }
    for (size_t d = isReduced.size(); d-- > 0;) {
      if (!isReduced[d]) continue;
      term.dimensions[d].clear();
      if (!keeps) term.dimensions.erase(term.dimensions.begin() + static_cast<int64_t>(d));
    }
    normalizePattern(graph, term);
    terms.push_back(std::move(term));
  }
  auto total = combined(graph, std::move(terms));
  return total && symbols.set(node.results[0], std::move(*total));
}

// The product of two payloads over the same classes, summed over those that are contracted.
ValueId contracted(Graph& graph, ValueId left, ValueId right, const Sizes& classes, const std::vector<bool>& isSummed) {
  const auto has = [&](ValueId value, size_t c) { return graph.type(value).sizes[c] != 1; };
  std::vector<int64_t> leftOnly, rightOnly, shared;
  double equal = 1;
  for (size_t c = 0; c < classes.size(); ++c) {
    if (!isSummed[c] || classes[c] == 1) continue;
    const bool inLeft = has(left, c), inRight = has(right, c);
    if (inLeft && inRight) shared.push_back(static_cast<int64_t>(c));
    if (inLeft && !inRight) leftOnly.push_back(static_cast<int64_t>(c));
    if (!inLeft && inRight) rightOnly.push_back(static_cast<int64_t>(c));
    if (!inLeft && !inRight) equal *= static_cast<double>(classes[c]);
  }
  left = summed(graph, left, leftOnly);
  right = summed(graph, right, rightOnly);
  ValueId result;
  if (shared.empty()) {
    result = graph.call("aten::mul", "Tensor", {left, right});
  } else {
    // [batch, rows, shared] x [batch, shared, columns]
    std::vector<int64_t> batch, rows, columns, ones;
    for (size_t i = 0; i < classes.size(); ++i) {
      const auto c = static_cast<int64_t>(i);
      if (std::find(shared.begin(), shared.end(), c) != shared.end()) continue;
      const bool inLeft = has(left, i), inRight = has(right, i);
      (inLeft && inRight ? batch : inLeft ? rows : inRight ? columns : ones).push_back(c);
    }
    const auto sizeOf = [&](const std::vector<int64_t>& list) {
      return std::accumulate(list.begin(), list.end(), int64_t{1},
                             [&](int64_t n, int64_t c) { return n * classes[c]; });
    };
    const auto matrix = [&](ValueId value, const std::vector<int64_t>& first, const std::vector<int64_t>& second,
                            const std::vector<int64_t>& rest) {
      std::vector<int64_t> order = batch;
      for (const std::vector<int64_t>* list : {&first, &second, &rest, &std::as_const(ones)})
        order.insert(order.end(), list->begin(), list->end());
      Sizes sizes = {sizeOf(first), sizeOf(second)};
      if (!batch.empty()) sizes.insert(sizes.begin(), sizeOf(batch));
      return reshaped(graph, permuted(graph, value, order), sizes);
    };
    const ValueId a = matrix(left, rows, shared, columns), b = matrix(right, shared, columns, rows);
    result = graph.call(batch.empty() ? "aten::mm" : "aten::bmm", "", {a, b});
    std::vector<int64_t> order = batch;
    for (const auto* list : {&rows, &columns, &shared, &ones}) order.insert(order.end(), list->begin(), list->end());
    Sizes sizes;
    for (int64_t c : order) {
      const bool isOne = std::find(shared.begin(), shared.end(), c) != shared.end() ||
                         std::find(ones.begin(), ones.end(), c) != ones.end();
      sizes.push_back(isOne ? 1 : classes[c]);
    }
    std::vector<int64_t> inverse(order.size());
    for (size_t i = 0; i < order.size(); ++i) inverse[order[i]] = static_cast<int64_t>(i);
    result = permuted(graph, reshaped(graph, result, sizes), inverse);
  }
  return equal == 1 ? result : graph.call("aten::mul", "Tensor", {result, numberConstant(graph, equal)});
}

// Dimensions of a product: those of the result, then the one that is summed over.
struct Product {
  std::vector<int32_t> left, right;
  size_t resultRank;
};

Found<Pattern> multiplied(Graph& graph, const Pattern& left, const Pattern& right, const Product& product,
                          const TensorType& type) {
  std::vector<Pattern> operands = {left, right};
  auto found = joined(graph, operands, {product.left, product.right}, product.resultRank + 1);
  if (!found) return std::nullopt;
  if (!*found) return std::optional<Pattern>();
  Joint& joint = **found;
  Pattern result;
  result.dimensions.assign(joint.dimensions.begin(), joint.dimensions.end() - 1);
  result.classes = joint.classes;
  std::vector<bool> isSummed(joint.classes.size(), true);
  for (const Factors& factors : result.dimensions) {
    for (const Factor& factor : factors) isSummed[factor.index] = false;
  }
  double scale = 1;
  std::vector<ValueId> payloads;
  for (size_t i = 0; i < 2; ++i) {
    if (operands[i].payload == kNoValue) {
      scale *= operands[i].number.toDouble();
    } else {
      const ValueId payload = gathered(graph, operands[i], joint.places[i], joint.classes);
      payloads.push_back(reshaped(
          graph, payload,
          graph.type(payload).sizes.empty() ? Sizes(joint.classes.size(), 1) : Sizes(graph.type(payload).sizes)));
    }
  }
  for (size_t c = 0; c < joint.classes.size(); ++c) {
    if (!isSummed[c]) continue;
    const bool isEqual = std::all_of(payloads.begin(), payloads.end(),
                                     [&](ValueId payload) { return graph.type(payload).sizes[c] == 1; });
    if (isEqual && payloads.size() < 2) scale *= static_cast<double>(joint.classes[c]);
    if (payloads.size() < 2) result.classes[c] = 1;
  }
  if (payloads.empty()) {
    result.number = scale;
  } else if (payloads.size() == 1) {
    std::vector<int64_t> dimensions;
    for (size_t c = 0; c < isSummed.size(); ++c) {
      if (isSummed[c] && graph.type(payloads[0]).sizes[c] != 1) dimensions.push_back(static_cast<int64_t>(c));
    }
    result.payload = summed(graph, payloads[0], dimensions);
    if (scale != 1) {
      result.payload = graph.call("aten::mul", "Tensor", {result.payload, numberConstant(graph, scale)});
    }
  } else {
    result.payload = contracted(graph, payloads[0], payloads[1], joint.classes, isSummed);
    for (size_t c = 0; c < isSummed.size(); ++c) {
      if (isSummed[c]) result.classes[c] = 1;
    }
  }
  normalizePattern(graph, result);
  return std::optional(std::move(result));
}

std::optional<Terms> multiplied(Symbols& symbols, ValueId left, ValueId right, const Product& product,
                                const TensorType& type) {
  Graph& graph = symbols.graph;
  const Terms a = symbols.of(left), b = symbols.of(right);
  if (a.size() * b.size() > 16) return std::nullopt;
  Terms terms;
  for (const Pattern& x : a) {
    for (const Pattern& y : b) {
      auto term = multiplied(graph, x, y, product, type);
      if (!term) return std::nullopt;
      if (*term) terms.push_back(std::move(**term));
    }
  }
  return combined(graph, std::move(terms));
}

}  // namespace

bool reduceStructure(Symbols& symbols, const Node& node) {
  if (node.results.size() != 1) return false;
  const std::string name = node.name();
  if (name == "aten::sum") return sum(symbols, node, false, false);
  if (name == "aten::sum.dim_IntList") return sum(symbols, node, false, true);
  if (name == "aten::mean") return sum(symbols, node, true, false);
  if (name == "aten::mean.dim") return sum(symbols, node, true, true);
  static const std::vector<std::pair<std::string, Product>> products = {
      {"aten::mm", {{0, 2}, {2, 1}, 2}},    {"aten::bmm", {{0, 1, 3}, {0, 3, 2}, 3}},
      {"aten::mv", {{0, 1}, {1}, 1}},       {"aten::dot", {{0}, {0}, 0}},
      {"aten::addmm", {{0, 2}, {2, 1}, 2}}, {"aten::baddbmm", {{0, 1, 3}, {0, 3, 2}, 3}},
      {"aten::addmv", {{0, 1}, {1}, 1}},
  };
  const auto product =
      std::find_if(products.begin(), products.end(), [&](const auto& entry) { return entry.first == name; });
  if (product == products.end()) return false;
  Graph& graph = symbols.graph;
  const bool isAdded = name.starts_with("aten::add") || name == "aten::baddbmm";
  const size_t first = isAdded ? 1 : 0;
  const ValueId left = node.tensor(first), right = node.tensor(first + 1);
  const TensorType type = graph.type(node.results[0]);
  if (isAdded && (node.arguments[3].toScalar().toDouble() != 1 || node.arguments[4].toScalar().toDouble() != 1)) {
    return false;
  }
  const bool isStructured = symbols.isKnown(left) || symbols.isKnown(right);
  std::optional<Terms> terms;
  if (isStructured) terms = multiplied(symbols, left, right, product->second, type);
  if (!isAdded) return terms && symbols.set(node.results[0], std::move(*terms));
  if (symbols.isZero(node.tensor(0)) && !isStructured) {
    const std::string plain = name.substr(name.find("add") + 3);
    const char* op = plain == "mm" ? "aten::mm" : plain == "mv" ? "aten::mv" : "aten::bmm";
    symbols.rewriter.replace(node.results[0], graph.call(op, "", {symbols.tensor(left), symbols.tensor(right)}));
    return true;
  }
  if (!terms) return false;
  if (symbols.isZero(node.tensor(0))) return symbols.set(node.results[0], std::move(*terms));
  const ValueId bias = expanded(graph, symbols.tensor(node.tensor(0)), type.sizes);
  ValueId result = bias;
  if (!terms->empty()) {
    result = graph.call("aten::add", "Tensor", {bias, materialized(graph, *terms, type)});
  }
  symbols.rewriter.replace(node.results[0], result);
  return true;
}

}  // namespace torch_func::compile
