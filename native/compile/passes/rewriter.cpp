// See Note [Rewriting].

#include "compile/passes/rewriter.h"

#include <ATen/TensorUtils.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "compile/passes/emit.h"

namespace torch_func::compile {

Sizes contiguousStrides(c10::IntArrayRef sizes) {
  Sizes strides(sizes.size());
  int64_t stride = 1;
  for (size_t d = sizes.size(); d-- > 0;) {
    strides[d] = stride;
    stride *= std::max<int64_t>(sizes[d], 1);
  }
  return strides;
}

bool sameLayout(const TensorType& a, const TensorType& b) {
  if (a.sizes != b.sizes || a.layout != b.layout) return false;
  for (size_t d = 0; d < a.strides.size(); ++d) {
    if (a.sizes[d] != 1 && a.strides[d] != b.strides[d]) return false;
  }
  return true;
}

static bool sameType(const TensorType& a, const TensorType& b) {
  return a.dtype == b.dtype && a.device == b.device && a.layout == b.layout && a.sizes == b.sizes &&
         a.strides == b.strides && a.isWrappedNumber == b.isWrappedNumber;
}

Rewriter::Rewriter(Graph& graph)
    : graph(graph),
      nodes(std::move(graph.nodes)),
      replacements_(graph.values.size()),
      outputsOf_(graph.values.size()),
      storage_(graph.values.size(), kNoValue) {
  graph.nodes.clear();
  std::iota(replacements_.begin(), replacements_.end(), 0);
  places_.reserve(graph.values.size());
  for (const Value& value : graph.values) places_.push_back({value.base, value.offset});
}

bool Rewriter::keepsTypes(const Node& node) const {
  return std::all_of(node.tensors.begin(), node.tensors.end(), [&](const TensorArgument& given) {
    const ValueId now = (*this)[given.value];
    return now == given.value || sameType(graph.type(now), graph.type(given.value));
  });
}

// Takes over the types of the results that the node has had.
void Rewriter::append(Node node) {
  const auto index = static_cast<int32_t>(graph.nodes.size());
  for (ValueId result : node.results) {
    if (result == kNoValue) continue;
    Value& value = graph.values[result];
    value.producer = index;
    if (places_[result].base == result) continue;
    for (const TensorArgument& given : node.tensors) {
      if (places_[given.value].base != places_[result].base) continue;
      const Value& operand = graph.values[(*this)[given.value]];
      value.base = operand.base;
      value.offset = operand.offset + places_[result].offset - places_[given.value].offset;
      break;
    }
  }
  for (TensorArgument& given : node.tensors) given.value = (*this)[given.value];
  graph.nodes.push_back(std::move(node));
}

bool Rewriter::appendInferred(const Node& node) {
  Node again = node;
  for (TensorArgument& given : again.tensors) given.value = (*this)[given.value];
  if (node.is("aten::view") || node.is("aten::_unsafe_view")) {
    const TensorType& type = graph.type(again.tensors.front().value);
    const auto& result = graph.type(node.results.front()).sizes;
    if (!at::detail::computeStride(type.sizes, type.strides, result)) return false;
  }
  const size_t values = graph.values.size();
  try {
    graph.append(std::move(again));
  } catch (const c10::Error&) {
    // An operator without a kernel for meta tensors.
    graph.values.resize(values);
    return false;
  }
  const auto& results = graph.nodes.back().results;
  for (size_t i = 0; i < node.results.size(); ++i) {
    if (node.results[i] != kNoValue) replace(node.results[i], results[i]);
  }
  return true;
}

// Whether as_strided, which reads the memory of its operand, would read something else.
bool Rewriter::isMoved(ValueId old) const {
  const ValueId now = (*this)[old];
  const Value& value = graph.values[now];
  if (value.base == places_[old].base) return false;
  return value.base != now || value.kind != Value::Kind::Result || value.type.strides != graph.type(old).strides;
}

void Rewriter::keep(Node node) {
  const bool isAsStrided = node.is("aten::as_strided");
  const bool moves = isAsStrided && isMoved(node.tensors.front().value);
  if (!moves && keepsTypes(node)) return append(std::move(node));
  if (!isAsStrided && appendInferred(node)) return;
  for (const TensorArgument& given : node.tensors) {
    const ValueId now = (*this)[given.value];
    if (!moves && (now == given.value || sameType(graph.type(now), graph.type(given.value)))) continue;
    replace(given.value, copyWithStrides(now, Sizes(graph.type(given.value).strides)));
  }
  append(std::move(node));
}

ValueId Rewriter::copyWithStrides(ValueId value, Sizes strides) {
  const Sizes sizes = graph.type(value).sizes;
  const auto rank = static_cast<int64_t>(sizes.size());
  Sizes copied = sizes;
  for (int64_t d = 0; d < rank; ++d) {
    if (strides[d] != 0 || sizes[d] <= 1) continue;
    value = graph.call("aten::slice", "Tensor", {value, c10::IValue(d), c10::IValue(0), c10::IValue(1)});
    copied[d] = 1;
  }
  // The dimensions from the outermost to the innermost.
  std::vector<int64_t> order(rank);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return strides[a] > strides[b]; });
  Sizes ordered;
  for (int64_t d : order) ordered.push_back(copied[d]);
  const Sizes dense = contiguousStrides(ordered);
  bool isDense = true;
  for (int64_t i = 0; i < rank; ++i) isDense &= ordered[i] == 1 || strides[order[i]] == dense[i];
  if (isDense) {
    if (!std::is_sorted(order.begin(), order.end()))
      value = graph.call("aten::permute", "", {value, c10::IValue(order)});
    value = graph.call("aten::clone", "", {value, c10::IValue(static_cast<int64_t>(c10::MemoryFormat::Contiguous))});
    if (graph.type(value).sizes == sizes && graph.type(value).strides == strides) return value;
  } else {
    // The elements between those of the tensor are zeros.
    int64_t extent = 1;
    for (int64_t d = 0; d < rank; ++d) extent += copied[d] == 0 ? 0 : (copied[d] - 1) * strides[d];
    const ValueId memory = graph.call("aten::new_zeros", "", {value, listOf({extent})});
    value =
        graph.call("aten::as_strided_scatter", "", {memory, value, listOf(copied), listOf(strides), c10::IValue(0)});
  }
  return graph.call("aten::as_strided", "", {value, listOf(sizes), listOf(strides), c10::IValue(0)});
}

// Whether nothing outside of the graph refers to the memory of the value.
bool Rewriter::isFresh(ValueId value) const {
  const Value& base = graph.values[graph.values[value].base];
  const auto id = static_cast<size_t>(graph.values[value].base);
  return base.kind == Value::Kind::Result && !(id < isTaken_.size() && isTaken_[id]);
}

// What an old output becomes. Outputs share memory with each other and with inputs exactly where they did before.
ValueId Rewriter::outputFor(ValueId old) {
  const Place place = places_[old];
  const TensorType before = graph.type(old);
  const auto take = [&](ValueId value) {
    isTaken_.resize(graph.values.size());
    isTaken_[graph.values[value].base] = true;
    return value;
  };
  const auto canTake = [&](ValueId value, const TensorType& type) {
    const bool isWhole = graph.type(graph.values[value].base).numel() == graph.type(value).numel();
    return isFresh(value) && (isWhole || place.base != old) && graph.type(value).strides == type.strides &&
           graph.type(value).isWrappedNumber == type.isWrappedNumber;
  };
  const auto viewOf = [&](ValueId whole, c10::IValue offset) {
    if (graph.type(whole).dtype != before.dtype) {
      throw Refusal("a result has another dtype than the tensor whose memory it shares");
    }
    return graph.call("aten::as_strided", "", {whole, listOf(before.sizes), listOf(before.strides), std::move(offset)});
  };
  const ValueId now = (*this)[old];
  const bool isSame = graph.values[now].offset == place.offset && graph.type(now).strides == before.strides;
  if (graph.values[place.base].kind != Value::Kind::Result) {
    if (graph.values[now].base == place.base && isSame) return now;
    return viewOf(place.base, place.offset == 0 ? c10::IValue() : c10::IValue(place.offset));
  }
  if (outputsOf_[place.base] == 1) {
    return take(canTake(now, before) ? now : copyWithStrides(now, before.strides));
  }
  if (storage_[place.base] == kNoValue) {
    const TensorType type = graph.type(place.base);
    ValueId whole = (*this)[place.base];
    if (!canTake(whole, type)) whole = copyWithStrides(whole, type.strides);
    replace(place.base, take(whole));
    storage_[place.base] = graph.values[whole].base;
  }
  if (old == place.base) return (*this)[old];
  return graph.values[now].base == storage_[place.base] && isSame ? now : viewOf((*this)[place.base], place.offset);
}

void Rewriter::finish() {
  for (ValueId output : graph.outputs) {
    if (output != kNoValue) ++outputsOf_[places_[output].base];
  }
  for (ValueId& output : graph.outputs) {
    if (output != kNoValue) output = outputFor(output);
  }
  for (Graph::WriteBack& write : graph.writeBacks) {
    write.value = (*this)[write.value];
    // A value that shares memory with an input may change while the inputs are written.
    if (graph.values[graph.values[write.value].base].kind != Value::Kind::Result) {
      write.value = copyWithStrides(write.value, contiguousStrides(graph.type(write.value).sizes));
    }
  }
}

}  // namespace torch_func::compile
