// Keeps zeros, equal numbers and diagonals symbolic through a graph.

#include "compile/passes/structure/structure.h"

#include <algorithm>
#include <utility>

#include "compile/passes/emit.h"
#include "compile/passes/structure/symbols.h"

namespace torch_func::compile {

std::optional<c10::Scalar> Symbols::numberOf(ValueId old) const {
  if (isKnown(old)) {
    const Terms& terms = *terms_[old];
    if (terms.empty()) return c10::Scalar(0);
    if (terms.size() == 1 && terms[0].payload == kNoValue && terms[0].isFull()) return terms[0].number;
    return std::nullopt;
  }
  const Value& value = graph.values[old];
  if (value.kind != Value::Kind::Constant || value.type.numel() != 1) return std::nullopt;
  return value.tensor.item();
}

Terms Symbols::of(ValueId old) {
  if (isKnown(old)) return *terms_[old];
  return {fullPattern(graph, Sizes(graph.type(old).sizes), rewriter[old])};
}

bool Symbols::set(ValueId old, Terms terms) {
  const TensorType type = graph.type(old);
  if (type.dtype == at::kBool || type.numel() == 0 || type.layout != c10::kStrided) return false;
  for (const Pattern& term : terms) {
    if (term.sizes() != type.sizes) return false;
    if (term.payload != kNoValue && graph.type(term.payload).dtype != type.dtype) return false;
  }
  // A tensor that is broadcast stays known as one: what follows is computed once for all its equal elements.
  if (terms.size() == 1 && terms[0].isFull() && terms[0].payload != kNoValue &&
      graph.type(terms[0].payload).sizes == terms[0].classes) {
    rewriter.replace(old, materialized(graph, terms, type));
  } else {
    terms_[old] = std::move(terms);
  }
  return true;
}

ValueId Symbols::tensor(ValueId old) {
  if (isKnown(old) && rewriter[old] == old)
    rewriter.replace(old, materialized(graph, *terms_[old], TensorType(graph.type(old))));
  return rewriter[old];
}

std::optional<Terms> combined(Graph& graph, Terms terms) {
  Terms result;
  for (Pattern& term : terms) {
    const auto same =
        std::find_if(result.begin(), result.end(), [&](const Pattern& other) { return isSamePlace(other, term); });
    if (same == result.end()) {
      if (!std::all_of(result.begin(), result.end(), [&](const Pattern& other) { return areDisjoint(other, term); })) {
        return std::nullopt;
      }
      result.push_back(std::move(term));
    } else if (same->payload == kNoValue && term.payload == kNoValue) {
      same->number = same->number.toDouble() + term.number.toDouble();
    } else {
      const TensorType type = graph.type(same->payload == kNoValue ? term.payload : same->payload);
      same->payload = graph.call("aten::add", "Tensor", {payloadOf(graph, *same, type), payloadOf(graph, term, type)});
    }
  }
  // Each needs an operator of its own where the tensor is made.
  if (result.size() > 16) return std::nullopt;
  return result;
}

ValueId callAgain(Graph& graph, const Node& node, c10::ArrayRef<ValueId> operands) {
  Node again = node;
  for (size_t i = 0; i < operands.size(); ++i) again.tensors[i].value = operands[i];
  return graph.append(std::move(again));
}

static bool isKnownToRules(Symbols& symbols, const Node& node) {
  const bool anyKnown = std::any_of(node.tensors.begin(), node.tensors.end(),
                                    [&](const TensorArgument& given) { return symbols.isKnown(given.value); });
  try {
    if (makeStructure(symbols, node)) return true;
    return anyKnown && (viewStructure(symbols, node) || mapStructure(symbols, node) || reduceStructure(symbols, node));
  } catch (const c10::Error&) {
    return false;
  }
}

void simplifyStructure(Graph& graph) {
  Symbols symbols(graph);
  std::vector<ValueId> needed;
  for (ValueId output : graph.outputs) {
    if (output == kNoValue) continue;
    needed.push_back(output);
    needed.push_back(graph.values[output].base);
  }
  for (const Graph::WriteBack& write : graph.writeBacks) needed.push_back(write.value);
  for (Node& node : symbols.rewriter.nodes) {
    if (!isRandom(node.op) && !node.results.empty() && isKnownToRules(symbols, node)) continue;
    for (const TensorArgument& given : node.tensors) symbols.tensor(given.value);
    symbols.rewriter.keep(std::move(node));
  }
  for (ValueId value : needed) symbols.tensor(value);
  symbols.rewriter.finish();
}

}  // namespace torch_func::compile
