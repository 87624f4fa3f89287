// Elementwise operators on tensors of known structure. See Note [Structure].

#include <ATen/ExpandUtils.h>
#include <ATen/Functions.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "compile/passes/emit.h"
#include "compile/passes/structure/symbols.h"

namespace torch_func::compile {

namespace {

// The arguments that make the result zero where they are zero, as bits; the other operands are used where it is not.
const std::unordered_map<std::string, unsigned>& annihilators() {
  static const std::unordered_map<std::string, unsigned> table = [] {
    std::unordered_map<std::string, unsigned> result = {{"aten::mul.Tensor", 3}};
    for (const char* name : {"abs",
                             "asin",
                             "asinh",
                             "atan",
                             "atanh",
                             "ceil",
                             "div.Scalar",
                             "div.Tensor",
                             "erf",
                             "erfinv",
                             "expm1",
                             "floor",
                             "log1p",
                             "mul.Scalar",
                             "neg",
                             "positive",
                             "relu",
                             "round",
                             "sgn",
                             "sign",
                             "silu",
                             "sin",
                             "sinh",
                             "sqrt",
                             "square",
                             "tan",
                             "tanh",
                             "trunc",
                             "_to_copy",
                             "elu_backward",
                             "gelu",
                             "gelu_backward",
                             "hardswish_backward",
                             "hardsigmoid_backward",
                             "hardtanh_backward",
                             "leaky_relu",
                             "leaky_relu_backward",
                             "log_sigmoid_backward",
                             "logit_backward",
                             "mish_backward",
                             "sigmoid_backward",
                             "silu_backward",
                             "softplus_backward",
                             "softshrink_backward",
                             "tanh_backward",
                             "threshold_backward"}) {
      result.emplace(std::string("aten::") + name, 1);
    }
    return result;
  }();
  return table;
}

unsigned annihilatorsOf(Symbols& symbols, const Node& node, const std::string& name) {
  if (name == "aten::where.self") {
    return symbols.isZero(node.tensor(2)) ? 2 : symbols.isZero(node.tensor(1)) ? 4 : 0;
  }
  if (name == "aten::masked_fill.Scalar") return node.arguments[2].toScalar().toDouble() == 0 ? 1 : 0;
  if (name == "aten::pow.Tensor_Scalar") return node.arguments[1].toScalar().toDouble() > 0 ? 1 : 0;
  const auto found = annihilators().find(name);
  return found == annihilators().end() ? 0 : found->second;
}

// The result for operands of one number each.
std::optional<c10::Scalar> evaluated(Symbols& symbols, const Node& node, c10::ArrayRef<c10::Scalar> numbers,
                                     c10::ScalarType dtype) {
  std::vector<at::Tensor> tensors;
  std::vector<TensorArgument> places = node.tensors;
  for (size_t i = 0; i < places.size(); ++i) {
    const Value& value = symbols.graph.values[places[i].value];
    const std::vector<int64_t> sizes(value.type.sizes.size(), 1);
    tensors.push_back(value.kind == Value::Kind::Constant ? value.tensor
                                                          : at::full(sizes, numbers[i], at::dtype(value.type.dtype)));
    places[i].value = static_cast<ValueId>(i);
  }
  torch::jit::Stack stack;
  pushArguments(node.op, node.arguments, places, tensors, stack);
  node.op.callBoxed(stack);
  if (stack.size() != 1 || !stack[0].isTensor() || stack[0].toTensor().scalar_type() != dtype) return std::nullopt;
  return stack[0].toTensor().item();
}

bool evaluate(Symbols& symbols, const Node& node) {
  if (!node.op.hasTag(at::Tag::pointwise) || node.results.size() != 1) return false;
  const TensorType type = symbols.graph.type(node.results[0]);
  std::vector<c10::Scalar> numbers;
  for (const TensorArgument& given : node.tensors) {
    const auto number = given.element < 0 ? symbols.numberOf(given.value) : std::nullopt;
    if (!number || number->isComplex()) return false;
    numbers.push_back(*number);
  }
  const auto number = evaluated(symbols, node, numbers, type.dtype);
  if (!number || number->isComplex()) return false;
  if (number->toDouble() == 0 && !std::signbit(number->toDouble())) return symbols.set(node.results[0], {});
  Pattern pattern = fullPattern(symbols.graph, type.sizes, kNoValue);
  pattern.number = *number;
  return symbols.set(node.results[0], {std::move(pattern)});
}

std::vector<int32_t> broadcastPositions(size_t rank, size_t resultRank) {
  std::vector<int32_t> positions(rank);
  for (size_t d = 0; d < rank; ++d) positions[d] = static_cast<int32_t>(d + resultRank - rank);
  return positions;
}

// For an operator of oneDNN, which wants operands of one shape.
void broadcast(Graph& graph, std::vector<ValueId>& values) {
  std::vector<int64_t> sizes;
  for (ValueId value : values) sizes = at::infer_size(sizes, graph.type(value).sizes);
  for (ValueId& value : values) value = expanded(graph, value, sizes);
}

// One term of the result, of one term of each operand. The outer optional: no rule.
Found<Pattern> combine(Symbols& symbols, const Node& node, std::vector<Pattern> operands, const TensorType& type) {
  Graph& graph = symbols.graph;
  std::vector<std::vector<int32_t>> positions;
  for (const Pattern& operand : operands) {
    positions.push_back(broadcastPositions(operand.dimensions.size(), type.sizes.size()));
  }
  auto found = joined(graph, operands, positions, type.sizes.size());
  if (!found) return std::nullopt;
  if (!*found) return std::optional<Pattern>();
  const Joint& joint = **found;
  Pattern result;
  result.dimensions.assign(joint.dimensions.begin(), joint.dimensions.end());
  result.classes = joint.classes;
  const bool isProduct = node.is("aten::mul.Tensor");
  const auto isOne = [&](size_t i) { return operands[i].payload == kNoValue && operands[i].number.toDouble() == 1; };
  if (std::all_of(operands.begin(), operands.end(), [](const Pattern& p) { return p.payload == kNoValue; })) {
    std::vector<c10::Scalar> numbers;
    for (const Pattern& operand : operands) numbers.push_back(operand.number);
    const auto number = evaluated(symbols, node, numbers, type.dtype);
    if (!number) return std::nullopt;
    result.number = *number;
    normalizePattern(graph, result);
    return std::optional(std::move(result));
  }
  for (size_t i = 0; isProduct && i < 2; ++i) {
    if (!isOne(i) || graph.type(operands[1 - i].payload).dtype != type.dtype) continue;
    // A number is not a factor of a product of payloads.
    if (graph.type(operands[1 - i].payload).isWrappedNumber) continue;
    result.payload = gathered(graph, operands[1 - i], joint.places[1 - i], joint.classes);
  }
  if (result.payload == kNoValue) {
    std::vector<ValueId> payloads;
    for (size_t i = 0; i < operands.size(); ++i) {
      const TensorType operandType = graph.type(node.tensors[i].value);
      payloads.push_back(operands[i].payload != kNoValue
                             ? gathered(graph, operands[i], joint.places[i], joint.classes)
                             : filled(graph, Sizes(joint.classes.size(), 1), operands[i].number, operandType));
    }
    if (node.is("aten::gelu_backward")) broadcast(graph, payloads);
    result.payload = callAgain(graph, node, payloads);
  }
  if (graph.type(result.payload).sizes.size() != joint.classes.size()) {
    result.payload = reshaped(graph, result.payload, Sizes(joint.classes.size(), 1));
  }
  normalizePattern(graph, result);
  return std::optional(std::move(result));
}

bool mapProducts(Symbols& symbols, const Node& node, unsigned zeros) {
  Graph& graph = symbols.graph;
  const TensorType type = graph.type(node.results[0]);
  std::vector<Terms> operands;
  bool anyKnown = false;
  for (const TensorArgument& given : node.tensors) {
    if (given.element >= 0) return false;
    const bool counts = (zeros >> given.argument & 1) != 0;
    if (counts && symbols.isZero(given.value)) return symbols.set(node.results[0], {});
    anyKnown |= counts && symbols.isKnown(given.value);
  }
  if (!anyKnown) return false;
  for (const TensorArgument& given : node.tensors) {
    const bool counts = (zeros >> given.argument & 1) != 0;
    if (!counts && node.is("aten::where.self") && given.argument != 0) {
      // The branch that is zero.
      operands.push_back({fullPattern(graph, {}, kNoValue)});
      operands.back()[0].number = 0;
    } else if (counts) {
      operands.push_back(symbols.of(given.value));
    } else {
      operands.push_back({fullPattern(graph, Sizes(graph.type(given.value).sizes), symbols.tensor(given.value))});
    }
  }
  size_t count = 1;
  for (const Terms& terms : operands) count *= terms.size();
  if (count > 16) return false;
  Terms result;
  for (size_t index = 0; index < count; ++index) {
    std::vector<Pattern> chosen;
    size_t rest = index;
    for (const Terms& terms : operands) {
      chosen.push_back(terms[rest % terms.size()]);
      rest /= terms.size();
    }
    auto term = combine(symbols, node, std::move(chosen), type);
    if (!term) return false;
    if (*term) result.push_back(std::move(**term));
  }
  return symbols.set(node.results[0], std::move(result));
}

// add and sub of Tensor, with alpha.
bool add(Symbols& symbols, const Node& node, bool isSubtraction) {
  Graph& graph = symbols.graph;
  const ValueId left = node.tensor(0), right = node.tensor(1);
  const TensorType type = graph.type(node.results[0]);
  if (left == kNoValue || right == kNoValue) return false;
  const bool isPlain = node.arguments[2].toScalar().toDouble() == 1;
  const auto expandedTo = [&](ValueId tensor) { return expanded(graph, tensor, type.sizes); };
  const auto passes = [&](ValueId value) {
    const TensorType& operand = graph.type(value);
    return operand.dtype == type.dtype && !operand.isWrappedNumber;
  };
  for (const bool zeroIsLeft : {false, true}) {
    const ValueId zero = zeroIsLeft ? left : right, other = zeroIsLeft ? right : left;
    if (!symbols.isZero(zero) || !passes(other) || (zeroIsLeft && (!isPlain || isSubtraction))) continue;
    if (!symbols.isKnown(other)) {
      symbols.rewriter.replace(node.results[0], expandedTo(symbols.tensor(other)));
      return true;
    }
    Terms terms;
    for (const Pattern& term : symbols.of(other)) terms.push_back(expandedPattern(graph, term, type.sizes));
    return symbols.set(node.results[0], std::move(terms));
  }
  if (!symbols.isKnown(left) || !symbols.isKnown(right) || !isPlain || isSubtraction) return false;
  if (graph.type(left).dtype != type.dtype || graph.type(right).dtype != type.dtype) return false;
  Terms terms;
  for (ValueId operand : {left, right}) {
    for (const Pattern& term : symbols.of(operand)) terms.push_back(expandedPattern(graph, term, type.sizes));
  }
  auto sum = combined(graph, std::move(terms));
  return sum && symbols.set(node.results[0], std::move(*sum));
}

}  // namespace

bool mapStructure(Symbols& symbols, const Node& node) {
  if (node.results.size() != 1 || node.results[0] == kNoValue) return false;
  const std::string name = node.name();
  if (name == "aten::add.Tensor" || name == "aten::sub.Tensor") {
    if (add(symbols, node, name == "aten::sub.Tensor")) return true;
  }
  const unsigned zeros = annihilatorsOf(symbols, node, name);
  if (zeros != 0 && mapProducts(symbols, node, zeros)) return true;
  return evaluate(symbols, node);
}

}  // namespace torch_func::compile
