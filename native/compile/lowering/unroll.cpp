// Unrolls loops into the instructions of a program.

#include "compile/lowering/unroll.h"

#include <algorithm>

#include "compile/lowering/pointwise.h"
#include "compile/lowering/reduce.h"

namespace torch_func::compile {

namespace {

constexpr int64_t kMostElements = 8'000'000;
constexpr int64_t kMostBakedElements = 4096;

double elementOf(const at::Tensor& tensor, int64_t address) {
  const auto* data = static_cast<const char*>(tensor.const_data_ptr()) + address * tensor.element_size();
  switch (tensor.scalar_type()) {
    case c10::kFloat: return *reinterpret_cast<const float*>(data);
    case c10::kDouble: return *reinterpret_cast<const double*>(data);
    case c10::kLong: return static_cast<double>(*reinterpret_cast<const int64_t*>(data));
    case c10::kInt: return *reinterpret_cast<const int32_t*>(data);
    default: return *data != 0 ? 1 : 0;
  }
}

}  // namespace

Unroller::Unroller(const Graph& graph, const Loops& loops, const LaneAssignment& lanes, const ScalarizeOptions& options)
    : graph_(graph),
      loops_(loops),
      lanes_(lanes),
      options_(options),
      builders_{Builder({options.finiteMath}), Builder({options.finiteMath})},
      first_(graph.values.size(), -1),
      isComputed_(graph.values.size()),
      handsOver_(graph.values.size()) {
  int64_t total = 0;
  for (const Loop& loop : loops.loops) {
    for (size_t i = 0; i < loop.accesses; ++i) {
      const ValueId base = loops.access(loop, i).base;
      if (i < loop.results) isComputed_[base] = true;
      if (first_[base] >= 0) continue;
      first_[base] = total;
      total += lanes.layouts[base].count;
      if (lanes.layouts[base].count > lanes.layouts[base].stride) isForAnyLanes_ &= !lanes.layouts[base].hasLanes();
    }
  }
  if (total > kMostElements) return;
  for (auto& ids : ids_) ids.assign(total, kNoId);
  isHandedOver_.resize(total);
}

bool Unroller::unroll(std::string& reason) {
  if (ids_[0].empty() && !loops_.loops.empty() && loops_.all.size() > 0) {
    bool isEmpty = true;
    for (const Loop& loop : loops_.loops) isEmpty &= loops_.points(loop) == 0;
    if (!isEmpty) {
      reason = "too many elements in a sample";
      return false;
    }
  }
  Walk walk;
  for (const Loop& loop : loops_.loops) {
    const bool isDone = prepare(loop, walk) && run(loop, walk);
    if (isTooLong()) {
      reason = "the program is too long: more than " + std::to_string(mostInstructions()) + " instructions";
      return false;
    }
    if (!isDone) {
      reason = "cannot scalarize " + graph_.nodes[loop.node].name();
      return false;
    }
  }
  return true;
}

// The axes of one sample: the dimension of the lanes falls away, or becomes two if it holds more than the lanes.
bool Unroller::prepare(const Loop& loop, Walk& walk) {
  if (loop.accesses > kMostAccesses) return false;
  walk.place = lanes_.place(loops_, loop);
  const ValueId target = loops_.access(loop, 0).base;
  walk.stage = lanes_.layouts[target].hasLanes() ? kLanes : kUniform;
  walk.lane = laneOf(graph_.type(target).dtype);
  walk.count = walk.kept = 0;
  const int64_t* sizes = loops_.sizesOf(loop);
  const auto add = [&](size_t dimension, int64_t size, int64_t scale) {
    const bool isKept = dimension + loop.reduced < loop.rank;
    if (size == 1) return true;
    if (walk.count == kMostAxes) return false;
    Axis& axis = walk.axes[walk.count++];
    axis.size = size;
    axis.dimension = static_cast<uint8_t>(dimension);
    axis.scale = scale;
    for (size_t i = 0; i < loop.accesses; ++i) {
      const Access& access = loops_.access(loop, i);
      axis.strides[i] = lanes_.layouts[access.base].index(loops_.stridesOf(access)[dimension] * scale);
    }
    if (isKept) walk.kept = walk.count;
    return true;
  };
  for (size_t d = 0; d < loop.rank; ++d) {
    if (static_cast<int32_t>(d) != walk.place.dimension) {
      if (!add(d, sizes[d], 1)) return false;
      continue;
    }
    const int64_t inner = walk.place.inner;
    if (!add(d, sizes[d] / (lanes_.lanes * inner), lanes_.lanes * inner) || !add(d, inner, 1)) return false;
  }
  for (size_t i = 0; i < loop.accesses; ++i) {
    const Access& access = loops_.access(loop, i);
    const LaneLayout& layout = lanes_.layouts[access.base];
    walk.bases[i] = access.base;
    int64_t low = layout.index(access.offset), high = low;
    walk.start[i] = first_[access.base] + low;
    bool isEmpty = false;
    for (size_t a = 0; a < walk.count; ++a) {
      const int64_t extent = walk.axes[a].strides[i] * (walk.axes[a].size - 1);
      isEmpty |= walk.axes[a].size == 0;
      (extent < 0 ? low : high) += extent;
    }
    // Of views beyond the base.
    if (!isEmpty && (low < 0 || high >= layout.count)) return false;
  }
  return true;
}

bool Unroller::run(const Loop& loop, const Walk& walk) {
  std::array<int64_t, kMostAxes> counters{};
  std::array<int64_t, kMostAccesses> at = walk.start;
  for (size_t a = 0; a < walk.kept; ++a) {
    if (walk.axes[a].size == 0) return true;
  }
  while (true) {
    if (!runPoint(loop, walk, at.data(), counters.data()) || isTooLong()) return false;
    size_t a = walk.kept;
    for (; a-- > 0;) {
      const Axis& axis = walk.axes[a];
      const int64_t steps = ++counters[a] < axis.size ? 1 : 1 - axis.size;
      for (size_t i = 0; i < loop.accesses; ++i) at[i] += steps * axis.strides[i];
      if (steps == 1) break;
      counters[a] = 0;
    }
    if (a == static_cast<size_t>(-1)) return true;
  }
}

bool Unroller::runPoint(const Loop& loop, const Walk& walk, const int64_t* at, const int64_t* counters) {
  Builder& builder = builders_[walk.stage];
  switch (loop.kind) {
    case Loop::Kind::Fill: write(walk.stage, at[0], builder.constant(walk.lane, loop.value)); return true;
    case Loop::Kind::Copy:
      write(walk.stage, at[0], builder.convert(read(walk.stage, walk.bases[1], at[1]), walk.lane));
      return true;
    case Loop::Kind::Pointwise: return pointwise(loop, walk, at, counters);
    default: reduce(loop, walk, at); return true;
  }
}

bool Unroller::pointwise(const Loop& loop, const Walk& walk, const int64_t* at, const int64_t* counters) {
  c10::SmallVector<Id, kMostAccesses> operands;
  for (size_t i = loop.results; i < loop.accesses; ++i) operands.push_back(read(walk.stage, walk.bases[i], at[i]));
  Points points;
  points.spaceDimensions = 1;
  points.dimensions.resize(loop.rank);
  for (size_t a = 0; a < walk.kept; ++a) {
    points.dimensions[walk.axes[a].dimension].index += walk.axes[a].scale * counters[a];
  }
  if (walk.place.dimension >= 0) {
    points.dimensions[walk.place.dimension].space = 0;
    points.dimensions[walk.place.dimension].stride = walk.place.inner;
  }
  const auto results = emitPointwise(builders_[walk.stage], graph_, graph_.nodes[loop.node], operands, points);
  if (!results) return false;
  write(walk.stage, at[0], (*results)[0]);
  return true;
}

template <typename Each>
void Unroller::alongReduced(const Walk& walk, size_t access, int64_t at, Each&& each) {
  std::array<int64_t, kMostAxes> counters{};
  for (size_t a = walk.kept; a < walk.count; ++a) {
    if (walk.axes[a].size == 0) return;
  }
  while (true) {
    each(at);
    size_t a = walk.count;
    while (a-- > walk.kept) {
      const Axis& axis = walk.axes[a];
      if (++counters[a] < axis.size) {
        at += axis.strides[access];
        break;
      }
      counters[a] = 0;
      at += (1 - axis.size) * axis.strides[access];
    }
    if (a == walk.kept - 1) return;
  }
}

void Unroller::gather(const Walk& walk, size_t access, int64_t at, std::vector<Id>& into) {
  into.clear();
  alongReduced(walk, access, at, [&](int64_t index) { into.push_back(read(walk.stage, walk.bases[access], index)); });
}

void Unroller::reduce(const Loop& loop, const Walk& walk, const int64_t* at) {
  Builder& builder = builders_[walk.stage];
  for (size_t i = 1; i < loop.accesses; ++i) {
    gather(walk, i, at[i], scratch_[i - 1]);
    for (Id& id : scratch_[i - 1]) id = builder.convert(id, walk.lane);
  }
  Reduction reduction{builder, loop, walk.lane, options_.finiteMath};
  if (isElementwiseReduction(loop.kind)) {
    reduction.along(scratch_[0], scratch_[1]);
    size_t next = 0;
    alongReduced(walk, 0, at[0], [&](int64_t index) { write(walk.stage, index, scratch_[0][next++]); });
    return;
  }
  Id added = kNoId;
  if (loop.accesses > 3) added = builder.convert(read(walk.stage, walk.bases[3], at[3]), walk.lane);
  write(walk.stage, at[0], reduction.combine(scratch_[0], scratch_[1], added));
}

Id Unroller::read(Stage stage, ValueId base, int64_t index) {
  Id& id = ids_[stage][index];
  if (id == kNoId) id = load(stage, base, index);
  return id;
}

// Numbers that never change are part of the program.
bool Unroller::bake(Stage stage, ValueId base, int64_t index, Id& id) {
  const Value& value = graph_.values[base];
  if (value.kind != Value::Kind::Constant || lanes_.layouts[base].hasLanes()) return false;
  if (!value.tensor.device().is_cpu() || value.type.numel() > kMostBakedElements) return false;
  id = builders_[stage].constant(laneOf(value.type.dtype), elementOf(value.tensor, index - first_[base]));
  return true;
}

Id Unroller::load(Stage stage, ValueId base, int64_t index) {
  const LaneLayout& layout = lanes_.layouts[base];
  const TensorType& type = graph_.type(base);
  Id id = kNoId;
  if (isComputed_[base]) {
    if (layout.hasLanes() || stage == kUniform || ids_[kUniform][index] == kNoId) {
      // An element that nothing has written: memory of an empty tensor.
      return builders_[stage].constant(laneOf(type.dtype), 0);
    }
    const Id uniform = ids_[kUniform][index];
    const Builder& builder = builders_[kUniform];
    if (builder.isConstant(uniform))
      return builders_[stage].constant(builder.lane(uniform), builder.constantOf(uniform));
    isHandedOver_[index] = true;
    if (!handsOver_[base]) handedOver_.push_back(base);
    handsOver_[base] = true;
  } else if (bake(stage, base, index, id)) {
    return id;
  }
  Operand operand;
  operand.buffer = base;
  operand.dtype = type.dtype;
  operand.offset = layout.address(index - first_[base]);
  operand.strides = {layout.hasLanes() ? layout.stride : 0};
  operand.lane = laneOf(type.dtype);
  return builders_[stage].load(operand);
}

bool Unroller::finish(c10::ArrayRef<ValueId> outputs, Scalarized& result, std::string& reason) {
  std::array<std::vector<Builder::Store>, 2> stores;
  const auto store = [&](Stage stage, ValueId base, int64_t index) {
    const LaneLayout& layout = lanes_.layouts[base];
    Operand operand;
    operand.buffer = base;
    operand.dtype = graph_.type(base).dtype;
    operand.lane = laneOf(operand.dtype);
    operand.offset = layout.address(index);
    operand.strides = {layout.hasLanes() ? layout.stride : 0};
    stores[stage].push_back({ids_[stage][first_[base] + index], operand});
  };
  for (ValueId output : outputs) {
    if (output == kNoValue) continue;
    const ValueId base = graph_.values[output].base;
    if (graph_.values[base].kind != Value::Kind::Result) continue;
    if (std::find(result.stored.begin(), result.stored.end(), base) != result.stored.end()) continue;
    if (first_[base] < 0 || !isComputed_[base]) {
      reason = "an output is not computed by the nodes";
      return false;
    }
    result.stored.push_back(base);
    const Stage stage = lanes_.layouts[base].hasLanes() ? kLanes : kUniform;
    for (int64_t i = 0; i < lanes_.layouts[base].count; ++i) {
      if (ids_[stage][first_[base] + i] == kNoId) continue;
      store(stage, base, i);
      if (stage == kUniform) isHandedOver_[first_[base] + i] = false;
    }
  }
  for (ValueId base : handedOver_) {
    const bool isStored = std::find(result.stored.begin(), result.stored.end(), base) != result.stored.end();
    if (isStored) continue;
    result.temporaries.push_back(base);
    for (int64_t i = 0; i < lanes_.layouts[base].count; ++i) {
      if (isHandedOver_[first_[base] + i]) store(kUniform, base, i);
    }
  }
  const int64_t one = 1;
  if (!stores[kUniform].empty()) result.uniform = builders_[kUniform].finish(one, stores[kUniform]);
  if (!stores[kLanes].empty()) result.program = builders_[kLanes].finish(lanes_.lanes, stores[kLanes]);
  result.lanes = lanes_.lanes;
  result.isForAnyLanes = isForAnyLanes_ && lanes_.lanes > 1 && result.program.loops.empty();
  result.instructions = result.uniform.instructions.size() + result.program.instructions.size();
  return true;
}

}  // namespace torch_func::compile
