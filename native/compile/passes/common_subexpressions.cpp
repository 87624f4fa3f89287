// Computes equal calls of an operator once.

#include "compile/passes/common_subexpressions.h"

#include <c10/util/hash.h>

#include <bit>
#include <unordered_map>

#include "compile/passes/rewriter.h"

namespace torch_func::compile {

namespace {

size_t hashOf(const c10::IValue& value) {
  if (value.isInt()) return std::hash<int64_t>()(value.toInt());
  if (value.isBool()) return value.toBool() ? 1 : 2;
  if (value.isDouble()) return std::hash<uint64_t>()(std::bit_cast<uint64_t>(value.toDouble()));
  if (value.isIntList()) {
    size_t hash = 0;
    for (int64_t number : value.toIntList()) hash = c10::hash_combine(hash, static_cast<size_t>(number));
    return hash;
  }
  return 3;
}

// Numbers are equal bit by bit: -0.0 is not 0.0, and 1 is not 1.0, which is of another dtype.
bool isSame(const c10::IValue& a, const c10::IValue& b) {
  if (a.tagKind() != b.tagKind()) return false;
  if (a.isDouble()) return std::bit_cast<uint64_t>(a.toDouble()) == std::bit_cast<uint64_t>(b.toDouble());
  if (a.isIntList()) return a.toIntVector() == b.toIntVector();
  if (a.isBoolList()) return a.toBoolList() == b.toBoolList();
  // Places of tensors, which are compared elsewhere.
  if (a.isOptionalTensorList()) return a.toListRef().size() == b.toListRef().size();
  if (a.isNone() || a.isInt() || a.isBool() || a.isDevice() || a.isString()) return a == b;
  return false;
}

bool isSameCall(const Node& a, const Node& b) {
  if (!(a.op == b.op) || a.tensors.size() != b.tensors.size()) return false;
  for (size_t i = 0; i < a.tensors.size(); ++i) {
    const TensorArgument &x = a.tensors[i], &y = b.tensors[i];
    if (x.value != y.value || x.argument != y.argument || x.element != y.element) return false;
  }
  for (size_t i = 0; i < a.arguments.size(); ++i) {
    if (!isSame(a.arguments[i], b.arguments[i])) return false;
  }
  return true;
}

// Two constants with the same bits are one: numbers in the function's code.
void shareNumbers(Rewriter& rewriter, size_t count) {
  std::unordered_map<uint64_t, std::vector<ValueId>> known;
  for (size_t i = 0; i < count; ++i) {
    const auto id = static_cast<ValueId>(i);
    const Value& value = rewriter.graph.values[id];
    if (value.kind != Value::Kind::Constant || value.type.numel() != 1 || value.tensor.is_conj()) continue;
    if (value.type.dtype != at::kDouble && value.type.dtype != at::kLong && value.type.dtype != at::kFloat) continue;
    uint64_t bits = 0;
    std::memcpy(&bits, value.tensor.const_data_ptr(), value.tensor.element_size());
    auto& same = known[bits];
    bool isKnown = false;
    for (ValueId other : same) {
      const TensorType& type = rewriter.graph.type(other);
      if (type.dtype != value.type.dtype || type.isWrappedNumber != value.type.isWrappedNumber ||
          type.sizes != value.type.sizes || type.strides != value.type.strides || type.device != value.type.device) {
        continue;
      }
      rewriter.replace(id, other);
      isKnown = true;
      break;
    }
    if (!isKnown) same.push_back(id);
  }
}

}  // namespace

void shareCommonSubexpressions(Graph& graph) {
  Rewriter rewriter(graph);
  shareNumbers(rewriter, graph.values.size());
  std::unordered_multimap<size_t, size_t> calls;  // of nodes of the new graph
  for (Node& node : rewriter.nodes) {
    if (isRandom(node.op) || writesInPlace(node.op)) {
      rewriter.keep(std::move(node));
      continue;
    }
    Node call = node;
    size_t hash = std::hash<c10::OperatorHandle>()(node.op);
    for (TensorArgument& given : call.tensors) {
      given.value = rewriter[given.value];
      hash = c10::hash_combine(hash, static_cast<size_t>(given.value));
    }
    for (const c10::IValue& argument : node.arguments) hash = c10::hash_combine(hash, hashOf(argument));
    const auto [begin, end] = calls.equal_range(hash);
    const auto known =
        std::find_if(begin, end, [&](const auto& entry) { return isSameCall(graph.nodes[entry.second], call); });
    if (known == end) {
      rewriter.keep(std::move(node));
      calls.emplace(hash, graph.nodes.size() - 1);
      continue;
    }
    const std::vector<ValueId>& results = graph.nodes[known->second].results;
    for (size_t i = 0; i < results.size(); ++i) {
      if (node.results[i] != kNoValue) rewriter.replace(node.results[i], results[i]);
    }
  }
  rewriter.finish();
}

}  // namespace torch_func::compile
