// Loops of the operators that move elements: stacking, scattering, padding, and the gradients of views.

#include <algorithm>

#include "compile/lowering/loops.h"

namespace torch_func::compile {

namespace {

// Every index of a list that is known when the function is compiled becomes a copy of its own.
constexpr int64_t kMostCopies = 4096;

bool hasDtypeOf(LoopWriter& writer, ValueId value) {
  return writer.graph.type(value).dtype == writer.graph.type(writer.current->results[0]).dtype;
}

bool stack(LoopWriter& writer, const Node& node) {
  const Region to = writer.result();
  const int64_t dimension = dimensionOf(writer.argument(1).toInt(), to.rank());
  for (const TensorArgument& given : node.tensors) {
    if (!c10::isFloatingType(writer.graph.type(node.results[0]).dtype) && !hasDtypeOf(writer, given.value))
      return false;
    writer.copy(to.select(dimension, given.element), writer.region(given.value));
  }
  return true;
}

bool cat(LoopWriter& writer, const Node& node) {
  const Region to = writer.result();
  const int64_t dimension = dimensionOf(writer.argument(1).toInt(), to.rank());
  int64_t start = 0;
  for (const TensorArgument& given : node.tensors) {
    const Region from = writer.region(given.value);
    if (from.rank() == 1 && from.sizes[0] == 0) continue;  // may have another rank than the others
    if (!c10::isFloatingType(writer.graph.type(node.results[0]).dtype) && !hasDtypeOf(writer, given.value))
      return false;
    writer.copy(to.slice(dimension, start, from.sizes[dimension]), from);
    start += from.sizes[dimension];
  }
  return true;
}

// Writes what a slice(start, end, step) of `of` selects into `part`.
Region sliceOf(const Region& of, int64_t dimension, const c10::IValue& start, const c10::IValue& end, int64_t step) {
  const int64_t size = of.sizes[dimensionOf(dimension, of.rank())];
  const auto bound = [&](const c10::IValue& given, int64_t other) {
    if (given.isNone()) return other;
    const int64_t value = given.toInt();
    return std::clamp<int64_t>(value < 0 ? value + size : value, 0, size);
  };
  const int64_t from = bound(start, 0), to = std::max(from, bound(end, size));
  return of.slice(dimension, from, (to - from + step - 1) / step, step);
}

void scatter(LoopWriter& writer, const Region& part, const Region& from) { writer.copy(part, from.expand(part.sizes)); }

// Gradients of views: zeros besides the part that the view showed.
bool selectBackward(LoopWriter& writer, const Node&) {
  const Region to = writer.result();
  writer.fill(to, 0);
  scatter(writer, to.select(writer.argument(2).toInt(), writer.argument(3).toInt()), writer.operand(0));
  return true;
}

bool sliceBackward(LoopWriter& writer, const Node&) {
  const Region to = writer.result();
  writer.fill(to, 0);
  const Region part =
      sliceOf(to, writer.argument(2).toInt(), writer.argument(3), writer.argument(4), writer.argument(5).toInt());
  scatter(writer, part, writer.operand(0));
  return true;
}

bool diagonalBackward(LoopWriter& writer, const Node&) {
  const Region to = writer.result();
  writer.fill(to, 0);
  const Region part = to.diagonal(writer.argument(2).toInt(), writer.argument(3).toInt(), writer.argument(4).toInt());
  scatter(writer, part, writer.operand(0));
  return true;
}

bool diagEmbed(LoopWriter& writer, const Node&) {
  const Region to = writer.result();
  writer.fill(to, 0);
  const Region part = to.diagonal(writer.argument(1).toInt(), writer.argument(2).toInt(), writer.argument(3).toInt());
  scatter(writer, part, writer.operand(0));
  return true;
}

// Copies of a tensor with one part replaced.
bool copySelf(LoopWriter& writer) {
  const Region to = writer.result(), self = writer.operand(0);
  if (self.sizes != to.sizes) return false;
  writer.copy(to, self);
  return true;
}

bool selectScatter(LoopWriter& writer, const Node&) {
  if (!copySelf(writer)) return false;
  const Region to = writer.result();
  scatter(writer, to.select(writer.argument(2).toInt(), writer.argument(3).toInt()), writer.operand(1));
  return true;
}

bool sliceScatter(LoopWriter& writer, const Node&) {
  if (!copySelf(writer)) return false;
  const Region part = sliceOf(writer.result(), writer.argument(2).toInt(), writer.argument(3), writer.argument(4),
                              writer.argument(5).toInt());
  scatter(writer, part, writer.operand(1));
  return true;
}

bool diagonalScatter(LoopWriter& writer, const Node&) {
  if (!copySelf(writer)) return false;
  const Region part =
      writer.result().diagonal(writer.argument(2).toInt(), writer.argument(3).toInt(), writer.argument(4).toInt());
  scatter(writer, part, writer.operand(1));
  return true;
}

// Whether the node makes zeros.
bool isMemory(const Node& node) {
  if (node.is("aten::new_zeros") || node.is("aten::zeros")) return true;
  return node.is("aten::full") && node.arguments[1].isScalar() && node.arguments[1].toScalar().toDouble() == 0;
}

bool asStridedScatter(LoopWriter& writer, const Node&) {
  const Region to = writer.result(), self = writer.operand(0);
  // The result has the strides of self, and those of the part and its offset are in the storage.
  const auto& base = writer.graph.values[self.base];
  if (to.strides != self.strides || self.offset != 0 || base.kind != Value::Kind::Result) return false;
  // Memory for other strides begins as zeros, whose rest nothing reads: the end of it belongs to no sample.
  if (!isMemory(writer.graph.nodes[base.producer]) && !copySelf(writer)) return false;
  Region part{to.base, writer.argument(4).isNone() ? 0 : writer.argument(4).toInt(), {}, {}};
  for (int64_t size : writer.argument(2).toDimVector()) part.sizes.push_back(size);
  for (int64_t stride : writer.argument(3).toDimVector()) part.strides.push_back(stride);
  scatter(writer, part, writer.operand(1));
  return true;
}

bool constantPad(LoopWriter& writer, const Node&) {
  const auto padding = writer.argument(1).toDimVector();
  Region to = writer.result(), from = writer.operand(0);
  writer.fill(to, writer.argument(2).toScalar().toDouble());
  for (size_t i = 0; 2 * i < padding.size(); ++i) {
    const auto d = static_cast<int64_t>(to.rank() - 1 - i);
    const int64_t before = padding[2 * i], after = padding[2 * i + 1];
    to = to.slice(d, std::max<int64_t>(before, 0),
                  to.sizes[d] - std::max<int64_t>(before, 0) - std::max<int64_t>(after, 0));
    from = from.slice(d, std::max<int64_t>(-before, 0),
                      from.sizes[d] + std::min<int64_t>(before, 0) + std::min<int64_t>(after, 0));
  }
  writer.copy(to, from);
  return true;
}

bool flip(LoopWriter& writer, const Node&) {
  Region from = writer.operand(0);
  for (int64_t d : writer.argument(1).toDimVector()) {
    if (from.rank() == 0) break;
    const int64_t size = from.sizes[dimensionOf(d, from.rank())];
    if (size > 0) from = from.slice(d, size - 1, size, -1);
  }
  writer.copy(writer.result(), from);
  return true;
}

bool roll(LoopWriter& writer, const Node&) {
  const auto shifts = writer.argument(1).toDimVector(), dimensions = writer.argument(2).toDimVector();
  if (dimensions.size() != shifts.size()) return false;  // without dimensions it rolls the flattened tensor
  if (writer.result().rank() == 0) return false;
  std::vector<std::pair<Region, Region>> pieces{{writer.result(), writer.operand(0)}};
  for (size_t i = 0; i < shifts.size(); ++i) {
    const int64_t d = dimensions[i], size = pieces[0].second.sizes[dimensionOf(d, pieces[0].second.rank())];
    if (size == 0) return true;
    const int64_t shift = ((shifts[i] % size) + size) % size;
    if (shift == 0) continue;
    std::vector<std::pair<Region, Region>> next;
    for (const auto& [to, from] : pieces) {
      next.emplace_back(to.slice(d, shift, size - shift), from.slice(d, 0, size - shift));
      next.emplace_back(to.slice(d, 0, shift), from.slice(d, size - shift, shift));
    }
    pieces = std::move(next);
  }
  for (const auto& [to, from] : pieces) writer.copy(to, from);
  return true;
}

// The elements on one side of a diagonal, row by row.
bool triangle(LoopWriter& writer, bool isLower) {
  const Region to = writer.result(), from = writer.operand(0);
  const int64_t shift = writer.argument(1).toInt();
  const auto rows = static_cast<int64_t>(to.rank()) - 2;
  const int64_t columns = to.sizes[rows + 1];
  writer.fill(to, 0);
  for (int64_t i = 0; i < to.sizes[rows]; ++i) {
    const int64_t edge = std::clamp<int64_t>(i + shift + (isLower ? 1 : 0), 0, columns);
    const int64_t start = isLower ? 0 : edge, count = isLower ? edge : columns - edge;
    if (count == 0) continue;
    writer.copy(to.select(rows, i).slice(-1, start, count), from.select(rows, i).slice(-1, start, count));
  }
  return true;
}

bool tril(LoopWriter& writer, const Node&) { return triangle(writer, true); }
bool triu(LoopWriter& writer, const Node&) { return triangle(writer, false); }

bool repeat(LoopWriter& writer, const Node&) {
  const Region from = writer.operand(0);
  const auto repeats = writer.argument(1).toDimVector();
  const size_t added = repeats.size() - from.rank();
  Region source{from.base, from.offset, {}, {}};
  for (size_t d = 0; d < repeats.size(); ++d) {
    source.sizes.push_back(repeats[d]);
    source.strides.push_back(0);
    source.sizes.push_back(d < added ? 1 : from.sizes[d - added]);
    source.strides.push_back(d < added ? 0 : from.strides[d - added]);
  }
  Region to;
  if (source.rank() > 16 || !writer.result().reshape(source.sizes, to)) return false;
  writer.copy(to, source);
  return true;
}

// The elements of an index tensor that is known when the function is compiled.
bool constantIndices(const Graph& graph, ValueId id, std::vector<int64_t>& indices) {
  const Value& value = graph.values[id];
  if (value.kind != Value::Kind::Constant || !value.tensor.device().is_cpu()) return false;
  if (value.type.numel() > kMostCopies) return false;
  if (value.type.dtype != c10::kLong && value.type.dtype != c10::kInt) return false;
  const at::Tensor all = value.tensor.to(c10::kLong).contiguous();
  indices.assign(all.const_data_ptr<int64_t>(), all.const_data_ptr<int64_t>() + all.numel());
  return true;
}

bool indexSelect(LoopWriter& writer, const Node& node) {
  std::vector<int64_t> indices;
  if (!constantIndices(writer.graph, node.tensor(2), indices)) return false;
  const Region to = writer.result(), from = writer.operand(0);
  if (from.rank() == 0) return false;
  const int64_t dimension = writer.argument(1).toInt();
  for (size_t i = 0; i < indices.size(); ++i) {
    writer.copy(to.select(dimension, static_cast<int64_t>(i)), from.select(dimension, indices[i]));
  }
  return true;
}

// index(self, [index or none, ...]) with one tensor of indices.
bool index(LoopWriter& writer, const Node& node) {
  if (node.tensors.size() != 2) return false;
  const int64_t dimension = node.tensors[1].element;
  std::vector<int64_t> indices;
  if (!constantIndices(writer.graph, node.tensors[1].value, indices)) return false;
  const Sizes& sizes = writer.graph.type(node.tensors[1].value).sizes;
  const Region to = writer.result(), from = writer.operand(0);
  const int64_t size = from.sizes[dimension];
  for (size_t i = 0; i < indices.size(); ++i) {
    Region part = to;
    int64_t inner = static_cast<int64_t>(indices.size()), rest = static_cast<int64_t>(i);
    for (int64_t length : sizes) {
      inner /= length;
      part = part.select(dimension, rest / inner);
      rest %= inner;
    }
    if (indices[i] < -size || indices[i] >= size) return false;
    writer.copy(part, from.select(dimension, indices[i]));
  }
  return true;
}

}  // namespace

c10::ArrayRef<NamedLoopRule> movementRules() {
  static const NamedLoopRule table[] = {
      {"aten::stack", stack},
      {"aten::cat", cat},
      {"aten::select_backward", selectBackward},
      {"aten::slice_backward", sliceBackward},
      {"aten::diagonal_backward", diagonalBackward},
      {"aten::diag_embed", diagEmbed},
      {"aten::select_scatter", selectScatter},
      {"aten::slice_scatter", sliceScatter},
      {"aten::diagonal_scatter", diagonalScatter},
      {"aten::as_strided_scatter", asStridedScatter},
      {"aten::constant_pad_nd", constantPad},
      {"aten::flip", flip},
      {"aten::roll", roll},
      {"aten::tril", tril},
      {"aten::triu", triu},
      {"aten::repeat", repeat},
      {"aten::index_select", indexSelect},
      {"aten::index.Tensor", index},
  };
  return table;
}

}  // namespace torch_func::compile
