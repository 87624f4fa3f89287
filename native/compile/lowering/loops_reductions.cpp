// Loops of reductions, scans and products of matrices.

#include <cmath>

#include "compile/lowering/loops.h"

namespace torch_func::compile {

namespace {

using Kind = Loop::Kind;

bool isFloating(LoopWriter& writer, size_t result = 0) {
  return c10::isFloatingType(writer.graph.type(writer.current->results[result]).dtype);
}

// The dimensions of an argument: None or an empty list means all. A single number has none, though it takes 0 and -1.
Sizes dimensionsOf(const c10::IValue& given, size_t rank) {
  Sizes dimensions;
  if (rank == 0) return dimensions;
  if (given.isInt()) {
    dimensions.push_back(dimensionOf(given.toInt(), rank));
  } else if (!given.isNone()) {
    for (int64_t d : given.toDimVector()) dimensions.push_back(dimensionOf(d, rank));
  }
  if (dimensions.empty()) {
    for (size_t d = 0; d < rank; ++d) dimensions.push_back(static_cast<int64_t>(d));
  }
  return dimensions;
}

// A loop over the kept dimensions, then over the reduced ones.
Loop& reduce(LoopWriter& writer, Kind kind, const Sizes& dimensions, bool keepsDimensions, size_t result = 0) {
  const Region from = writer.operand(0);
  uint32_t reduced = 0;
  for (int64_t d : dimensions) reduced |= 1U << d;
  Region to = writer.result(result), target{to.base, to.offset, {}, {}};
  Sizes order;
  for (size_t d = 0, next = 0; d < from.rank(); ++d) {
    const bool isReduced = (reduced >> d & 1U) != 0;
    if (!isReduced) {
      order.push_back(static_cast<int64_t>(d));
      target.sizes.push_back(to.sizes[next]);
      target.strides.push_back(to.strides[next]);
    }
    if (!isReduced || keepsDimensions) ++next;
  }
  const size_t kept = order.size();
  for (int64_t d = 0; d < static_cast<int64_t>(from.rank()); ++d) {
    if ((reduced >> d & 1U) == 0) continue;
    order.push_back(d);
    target.sizes.push_back(from.sizes[d]);
    target.strides.push_back(0);
  }
  Loop& loop = writer.add(kind, {target}, from.permute(order));
  loop.reduced = static_cast<uint8_t>(from.rank() - kept);
  loop.ordered = ((1U << from.rank()) - 1U) & ~((1U << kept) - 1U);
  return loop;
}

int64_t countOf(const Region& region, const Sizes& dimensions) {
  int64_t count = 1;
  for (int64_t d : dimensions) count *= region.sizes[d];
  return count;
}

// Reductions of (self, dimensions, keepdim), or of self over everything.
template <Kind kind>
bool reduceDimensions(LoopWriter& writer, const Node& node) {
  if (!isFloating(writer)) return false;
  const size_t rank = writer.operand(0).rank();
  reduce(writer, kind, dimensionsOf(writer.argument(1), rank), writer.argument(2).toBool());
  return true;
}

template <Kind kind>
bool reduceAll(LoopWriter& writer, const Node&) {
  if (!isFloating(writer)) return false;
  reduce(writer, kind, dimensionsOf({}, writer.operand(0).rank()), false);
  return true;
}

bool mean(LoopWriter& writer, const Node& node) {
  if (!isFloating(writer)) return false;
  const Region from = writer.operand(0);
  const bool isOfAll = node.is("aten::mean");
  const Sizes dimensions = dimensionsOf(isOfAll ? c10::IValue() : writer.argument(1), from.rank());
  const auto count = static_cast<double>(countOf(from, dimensions));
  reduce(writer, Kind::Sum, dimensions, !isOfAll && writer.argument(2).toBool()).value = count;
  return true;
}

bool norm(LoopWriter& writer, const Node&) {
  if (!isFloating(writer) || !writer.argument(1).isScalar()) return false;
  const double order = writer.argument(1).toScalar().toDouble();
  if (order != 2 && order != 1 && !std::isinf(order)) return false;
  const Sizes dimensions = dimensionsOf(writer.argument(2), writer.operand(0).rank());
  reduce(writer, Kind::Norm, dimensions, writer.argument(3).toBool()).value = order;
  return true;
}

// (self, dimensions, correction, keepdim) -> variance or deviation, and the mean.
bool variance(LoopWriter& writer, const Node& node) {
  if (!isFloating(writer)) return false;
  const Region from = writer.operand(0);
  const Sizes dimensions = dimensionsOf(writer.argument(1), from.rank());
  const double correction = writer.argument(2).isNone() ? 1 : writer.argument(2).toScalar().toDouble();
  const bool keeps = writer.argument(3).toBool();
  const auto count = static_cast<double>(countOf(from, dimensions));
  if (count == 0 || count <= correction) return false;
  Loop& loop = reduce(writer, Kind::Variance, dimensions, keeps);
  loop.value = correction;
  loop.other = node.op.operator_name().name.find("std") != std::string::npos ? 1 : 0;
  if (node.results.size() > 1) reduce(writer, Kind::Sum, dimensions, keeps, 1).value = count;
  return true;
}

// The dimension becomes the last one; elements along it depend on each other.
Loop& along(LoopWriter& writer, Kind kind, int64_t dimension, c10::ArrayRef<Region> operands) {
  const Region to = writer.result();
  const int64_t last = dimensionOf(dimension, to.rank());
  Sizes order;
  for (int64_t d = 0; d < static_cast<int64_t>(to.rank()); ++d) {
    if (d != last) order.push_back(d);
  }
  order.push_back(last);
  c10::SmallVector<Region, 2> permuted;
  for (const Region& operand : operands) permuted.push_back(operand.permute(order));
  Loop& loop = writer.add(kind, {to.permute(order)}, permuted);
  loop.reduced = 1;
  loop.ordered = 1U << (to.rank() - 1);
  return loop;
}

template <Kind kind>
bool scan(LoopWriter& writer, const Node&) {
  if (!isFloating(writer) || writer.result().rank() == 0) return false;
  along(writer, kind, writer.argument(1).toInt(), writer.operand(0));
  return true;
}

template <Kind kind>
bool softmaxBackward(LoopWriter& writer, const Node&) {
  if (!isFloating(writer) || writer.result().rank() == 0) return false;
  along(writer, kind, writer.argument(2).toInt(), {writer.operand(0), writer.operand(1)});
  return true;
}

bool cross(LoopWriter& writer, const Node&) {
  if (!isFloating(writer)) return false;
  const Sizes sizes = writer.result().sizes;
  along(writer, Kind::Cross, writer.argument(2).toInt(),
        {writer.operand(0).expand(sizes), writer.operand(1).expand(sizes)});
  return true;
}

// scale * a @ b + added, with batch dimensions before the rows and columns.
bool contract(LoopWriter& writer, Region a, Region b, const Region* added, double scale, double addedScale) {
  Region to = writer.result();
  const auto rank = static_cast<int64_t>(to.rank());
  const Sizes sizes = to.sizes;
  const int64_t inner = a.sizes.back();
  if (!isFloating(writer)) return false;
  // [batch, rows, columns, inner]
  Region target = to.unsqueeze(rank);
  target.sizes[rank] = inner;
  Region left = a.unsqueeze(rank - 1), right = b.permute([&] {
    Sizes order;
    for (int64_t d = 0; d < rank - 2; ++d) order.push_back(d);
    order.push_back(rank - 1);
    order.push_back(rank - 2);
    return order;
  }());
  right = right.unsqueeze(rank - 2);
  c10::SmallVector<Region, 3> operands{left.expand(target.sizes), right.expand(target.sizes)};
  if (added != nullptr) {
    operands.push_back(added->expand(sizes).unsqueeze(rank));
    operands.back().sizes[rank] = inner;
  }
  Loop& loop = writer.add(Kind::Contract, {target}, operands);
  loop.reduced = 1;
  loop.ordered = 1U << rank;
  loop.value = scale;
  loop.other = addedScale;
  return true;
}

bool product(LoopWriter& writer, const Node&) {
  return contract(writer, writer.operand(0), writer.operand(1), nullptr, 1, 0);
}

// (self, a, b, beta, alpha)
bool addedProduct(LoopWriter& writer, const Node&) {
  if (!writer.argument(3).isScalar() || !writer.argument(4).isScalar()) return false;
  const double beta = writer.argument(3).toScalar().toDouble(), alpha = writer.argument(4).toScalar().toDouble();
  const Region self = writer.operand(0);
  return contract(writer, writer.operand(1), writer.operand(2), beta == 0 ? nullptr : &self, alpha, beta);
}

// A vector at the right: one loop over [rows, inner].
bool vectorProduct(LoopWriter& writer, const Node& node) {
  if (!isFloating(writer)) return false;
  const bool isAdded = node.is("aten::addmv");
  const Region to = writer.result(), a = writer.operand(isAdded ? 1 : 0), b = writer.operand(isAdded ? 2 : 1);
  Region target = to.unsqueeze(static_cast<int64_t>(to.rank()));
  target.sizes.back() = a.sizes.back();
  c10::SmallVector<Region, 3> operands{a, b.expand(a.sizes)};
  double alpha = 1, beta = 0;
  if (isAdded) {
    beta = writer.argument(3).toScalar().toDouble();
    alpha = writer.argument(4).toScalar().toDouble();
    if (beta != 0) {
      operands.push_back(writer.operand(0).expand(to.sizes).unsqueeze(1));
      operands.back().sizes.back() = a.sizes.back();
    }
  }
  Loop& loop = writer.add(Kind::Contract, {target}, operands);
  loop.reduced = 1;
  loop.ordered = 1U << to.rank();
  loop.value = alpha;
  loop.other = beta;
  return true;
}

bool trace(LoopWriter& writer, const Node&) {
  if (!isFloating(writer)) return false;
  const Region from = writer.operand(0).diagonal(0, 0, 1);
  Region target = writer.result().unsqueeze(0);
  target.sizes = from.sizes;
  Loop& loop = writer.add(Kind::Sum, {target}, from);
  loop.reduced = 1;
  loop.ordered = 1;
  return true;
}

}  // namespace

c10::ArrayRef<NamedLoopRule> reductionRules() {
  static const NamedLoopRule table[] = {
      {"aten::sum", reduceAll<Kind::Sum>},
      {"aten::sum.dim_IntList", reduceDimensions<Kind::Sum>},
      {"aten::mean", mean},
      {"aten::mean.dim", mean},
      {"aten::prod", reduceAll<Kind::Product>},
      {"aten::prod.dim_int", reduceDimensions<Kind::Product>},
      {"aten::amax", reduceDimensions<Kind::Maximum>},
      {"aten::amin", reduceDimensions<Kind::Minimum>},
      {"aten::max", reduceAll<Kind::Maximum>},
      {"aten::min", reduceAll<Kind::Minimum>},
      {"aten::linalg_vector_norm", norm},
      {"aten::norm.ScalarOpt_dim", norm},
      {"aten::var.correction", variance},
      {"aten::std.correction", variance},
      {"aten::var_mean.correction", variance},
      {"aten::std_mean.correction", variance},
      {"aten::cumsum", scan<Kind::RunningSum>},
      {"aten::cumprod", scan<Kind::RunningProduct>},
      {"aten::_softmax", scan<Kind::Softmax>},
      {"aten::_log_softmax", scan<Kind::LogSoftmax>},
      {"aten::_softmax_backward_data", softmaxBackward<Kind::SoftmaxBackward>},
      {"aten::_log_softmax_backward_data", softmaxBackward<Kind::LogSoftmaxBackward>},
      {"aten::linalg_cross", cross},
      {"aten::mm", product},
      {"aten::bmm", product},
      {"aten::addmm", addedProduct},
      {"aten::baddbmm", addedProduct},
      {"aten::mv", vectorProduct},
      {"aten::dot", vectorProduct},
      {"aten::addmv", vectorProduct},
      {"aten::trace", trace},
  };
  return table;
}

}  // namespace torch_func::compile
