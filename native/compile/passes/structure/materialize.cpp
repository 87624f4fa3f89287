// From a pattern back to a tensor. See Note [Structure].

#include <ATen/Functions.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "compile/passes/emit.h"
#include "compile/passes/structure/pattern.h"

namespace torch_func::compile {

namespace {

// The largest mask that is kept as a constant, in elements: it is read at each call.
constexpr int64_t kMaskElements = 1 << 16;

// The factors of all dimensions in order, and which of them a class's payload runs along.
struct Layout {
  Factors factors;
  std::vector<int32_t> leader;  // of each class
};

Layout layoutOf(const Pattern& pattern) {
  Layout layout;
  layout.leader.assign(pattern.classes.size(), -1);
  for (const Factors& factors : pattern.dimensions) {
    for (const Factor& factor : factors) {
      int32_t& leader = layout.leader[factor.index];
      const auto position = static_cast<int32_t>(layout.factors.size());
      layout.factors.push_back(factor);
      // A factor that the class fills needs no zeros around the payload.
      const int64_t size = pattern.classes[factor.index];
      if (leader < 0 || (layout.factors[leader].size != size && factor.size == size)) leader = position;
    }
  }
  return layout;
}

bool isConstrained(const Pattern& pattern, const Layout& layout, int32_t position) {
  const Factor& factor = layout.factors[position];
  return layout.leader[factor.index] != position || factor.size != pattern.classes[factor.index];
}

// Which elements may not be zero, over the factors that decide it; the others have size 1.
at::Tensor maskOf(const Pattern& pattern, const Layout& layout) {
  const auto rank = static_cast<int64_t>(layout.factors.size());
  const auto indexOf = [&](int32_t position) {
    const Factor& factor = layout.factors[position];
    std::vector<int64_t> sizes(rank, 1);
    sizes[position] = factor.size;
    return at::arange(-factor.offset, factor.size - factor.offset, at::kLong).view(sizes);
  };
  at::Tensor mask = at::ones(std::vector<int64_t>(rank, 1), at::kBool);
  for (int32_t position = 0; position < rank; ++position) {
    if (!isConstrained(pattern, layout, position)) continue;
    const Factor& factor = layout.factors[position];
    const int32_t leader = layout.leader[factor.index];
    const at::Tensor index = indexOf(position);
    mask = leader != position ? mask & (index == indexOf(leader))
                              : mask & (index >= 0) & (index < pattern.classes[factor.index]);
  }
  return mask.contiguous();
}

int64_t maskElements(const Pattern& pattern, const Layout& layout) {
  int64_t count = 1;
  for (size_t i = 0; i < layout.factors.size(); ++i) {
    const auto position = static_cast<int32_t>(i);
    const int32_t leader = layout.leader[layout.factors[i].index];
    if (isConstrained(pattern, layout, position) ||
        std::count_if(layout.factors.begin(), layout.factors.end(),
                      [&](const Factor& other) { return other.index == layout.factors[i].index; }) > 1) {
      count *= layout.factors[leader == position ? leader : position].size;
    }
  }
  return count;
}

// The payload along the leading factors of its classes, with zeros where a factor is longer than the class.
ValueId placed(Graph& graph, const Pattern& pattern, const Layout& layout, ValueId payload) {
  std::vector<int64_t> order(pattern.classes.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return layout.leader[a] < layout.leader[b]; });
  payload = permuted(graph, payload, order);
  std::vector<int64_t> pads(order.size() * 2);
  bool isPadded = false;
  Sizes sizes(layout.factors.size(), 1);
  for (size_t i = 0; i < order.size(); ++i) {
    const int32_t leader = layout.leader[order[i]];
    const Factor& factor = layout.factors[leader];
    sizes[leader] = graph.type(payload).sizes[i];
    if (sizes[leader] == 1 || sizes[leader] == factor.size) continue;
    isPadded = true;
    pads[2 * (order.size() - 1 - i)] = factor.offset;
    pads[2 * (order.size() - 1 - i) + 1] = factor.size - factor.offset - sizes[leader];
    sizes[leader] = factor.size;
  }
  if (isPadded) payload = graph.call("aten::constant_pad_nd", "", {payload, c10::IValue(pads), c10::IValue(0)});
  return reshaped(graph, payload, sizes);
}

// Without a mask: operators that put a vector on a diagonal.
ValueId embedded(Graph& graph, const Pattern& pattern, const Layout& layout, ValueId payload) {
  std::vector<int64_t> padded;  // the classes' sizes in the payload after padding: those of the leading factors
  ValueId value = expanded(graph, payload, pattern.classes);
  std::vector<int32_t> labels;  // the factor of each dimension
  for (size_t c = 0; c < pattern.classes.size(); ++c) labels.push_back(-1 - static_cast<int32_t>(c));
  for (size_t c = 0; c < pattern.classes.size(); ++c) {
    std::vector<int32_t> positions;
    for (size_t i = 0; i < layout.factors.size(); ++i) {
      if (layout.factors[i].index == static_cast<int32_t>(c)) positions.push_back(static_cast<int32_t>(i));
    }
    const int64_t size = pattern.classes[c];
    for (size_t k = 0; k < positions.size(); ++k) {
      // The dimension of the class, last.
      const auto at = std::find(labels.begin(), labels.end(), -1 - static_cast<int32_t>(c)) - labels.begin();
      std::vector<int64_t> order(labels.size());
      std::iota(order.begin(), order.end(), 0);
      order.erase(order.begin() + at);
      order.push_back(at);
      value = permuted(graph, value, order);
      labels.erase(labels.begin() + at);
      const bool isLast = k + 1 == positions.size();
      if (!isLast) value = graph.call("aten::diag_embed", "", {value});
      labels.push_back(positions[k]);
      if (!isLast) labels.push_back(-1 - static_cast<int32_t>(c));
      const Factor& factor = layout.factors[positions[k]];
      if (factor.size == size) continue;
      const int64_t after = factor.size - factor.offset - size;
      std::vector<int64_t> pads = {factor.offset, after};
      if (!isLast) pads.insert(pads.begin(), {0, 0});
      value = graph.call("aten::constant_pad_nd", "", {value, c10::IValue(pads), c10::IValue(0)});
    }
  }
  std::vector<int64_t> order(labels.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return labels[a] < labels[b]; });
  return permuted(graph, value, order);
}

ValueId materializedTerm(Graph& graph, const Pattern& pattern, const TensorType& type) {
  const Sizes sizes = pattern.sizes();
  if (pattern.isFull() && pattern.payload == kNoValue) return filled(graph, sizes, pattern.number, type);
  const Layout layout = layoutOf(pattern);
  Sizes all;
  for (const Factor& factor : layout.factors) all.push_back(factor.size);
  ValueId value;
  if (pattern.isFull()) {
    value = placed(graph, pattern, layout, pattern.payload);
  } else if (maskElements(pattern, layout) > kMaskElements) {
    value = embedded(graph, pattern, layout, payloadOf(graph, pattern, type));
  } else if (pattern.payload == kNoValue) {
    at::Tensor constant = at::zeros({}, type.dtype);
    constant = at::where(maskOf(pattern, layout), at::full({}, pattern.number, type.dtype), constant);
    value = graph.addConstant(constant.to(type.device));
  } else {
    const ValueId mask = graph.addConstant(maskOf(pattern, layout).to(type.device));
    value = graph.call("aten::where", "ScalarOther",
                       {mask, placed(graph, pattern, layout, pattern.payload), c10::IValue(0)});
  }
  return reshaped(graph, expanded(graph, value, all), sizes);
}

// The dimension in which the terms differ by nothing but the place of one element, or -1.
int64_t stackedDimension(c10::ArrayRef<Pattern> terms) {
  const Pattern& first = terms[0];
  for (size_t d = 0; d < first.dimensions.size(); ++d) {
    if (first.dimensions[d].size() != 1) continue;
    const int64_t size = first.dimensions[d][0].size;
    if (static_cast<size_t>(size) != terms.size()) continue;
    const bool fits = std::all_of(terms.begin(), terms.end(), [&](const Pattern& term) {
      if (term.payload == kNoValue || term.dimensions[d].size() != 1) return false;
      const Factor& factor = term.dimensions[d][0];
      if (factor.size != size || term.classes[factor.index] != 1) return false;
      Pattern slice = term;
      slice.dimensions.erase(slice.dimensions.begin() + static_cast<int64_t>(d));
      slice.classes.erase(slice.classes.begin() + factor.index);
      for (Factors& factors : slice.dimensions) {
        for (Factor& other : factors) {
          if (other.index == factor.index) return false;
          if (other.index > factor.index) --other.index;
        }
      }
      return slice.isFull();
    });
    if (fits) return static_cast<int64_t>(d);
  }
  return -1;
}

}  // namespace

ValueId payloadOf(Graph& graph, const Pattern& pattern, const TensorType& like) {
  if (pattern.payload != kNoValue) return pattern.payload;
  return filled(graph, Sizes(pattern.classes.size(), 1), pattern.number, like);
}

ValueId materialized(Graph& graph, c10::ArrayRef<Pattern> terms, const TensorType& type) {
  if (terms.empty()) return filled(graph, type.sizes, 0, type);
  const int64_t dimension = terms.size() > 1 ? stackedDimension(terms) : -1;
  if (dimension >= 0) {
    std::vector<ValueId> pieces(terms.size());
    for (const Pattern& term : terms) {
      const int64_t index = term.dimensions[dimension][0].offset;
      Pattern slice = *selectedPattern(graph, term, dimension, index).value();
      pieces[index] = materializedTerm(graph, slice, type);
    }
    return graph.call("aten::stack", "", {pieces, c10::IValue(dimension)});
  }
  ValueId sum = materializedTerm(graph, terms[0], type);
  for (const Pattern& term : terms.slice(1)) {
    sum = graph.call("aten::add", "Tensor", {sum, materializedTerm(graph, term, type)});
  }
  return sum;
}

}  // namespace torch_func::compile
