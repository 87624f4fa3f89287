// Elementwise operators of one iteration space as a program.

#include "compile/lowering/elementwise.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "compile/execute/program_step.h"
#include "compile/lowering/pointwise.h"

namespace torch_func::compile {

BufferId ValueBuffers::of(ValueId value) {
  const ValueId base = graph_.values[value].base;
  if (const auto known = own_.find(base); known != own_.end()) return known->second;
  const auto* layout = groups_.layoutOf(base);
  const bool isOwn = layout != nullptr && layout->isOwn;
  const bool isLocal = static_cast<size_t>(base) < isLocal_.size() && isLocal_[base];
  if (!isOwn && !isLocal) return builder_.bufferOf(base);
  const TensorType& type = graph_.type(base);
  return own_[base] = addBuffer(type.dtype, isOwn ? layout->elements : extentOf(type));
}

// In a part of the graph, what has a place of its own is inside as well: nothing outside could read it.
BufferId ValueBuffers::addBuffer(c10::ScalarType dtype, int64_t elements) {
  const auto place = isLocal_.empty() ? Buffer::Place::Scratch : Buffer::Place::Chunk;
  const BufferId id = builder_.addBuffer(place, dtype, elements);
  if (place == Buffer::Place::Chunk) locals_.push_back(id);
  return id;
}

void ValueBuffers::stack(c10::ArrayRef<ValueId> bases) {
  int64_t elements = 0;
  for (ValueId base : bases) {
    offsets_[base] = elements;
    elements += extentOf(graph_.type(base));
  }
  const BufferId id = addBuffer(graph_.type(bases.front()).dtype, elements);
  for (ValueId base : bases) own_[base] = id;
}

int64_t ValueBuffers::offsetOf(ValueId value) const {
  const auto found = offsets_.find(graph_.values[value].base);
  return found == offsets_.end() ? 0 : found->second;
}

namespace {

class GroupEmitter {
 public:
  GroupEmitter(const Graph& graph, const Groups& groups, const Group& group, ValueBuffers& buffers)
      : graph_(graph), groups_(groups), group_(group), buffers_(buffers) {}

  std::unique_ptr<Step> emit() {
    for (int32_t index : group_.nodes) emitNode(graph_.nodes[index]);
    Program program = builder_.finish(group_.space, stores_);
    std::string what = "fused group of " + std::to_string(group_.nodes.size()) + " operators";
    auto step =
        programStep(std::move(program), std::move(reads_), std::move(writes_), std::move(what), buffers_.kernels());
    step->operators = namesOf(graph_, group_.nodes);
    return step;
  }

 private:
  void emitNode(const Node& node) {
    const Groups::Layout& layout = *groups_.layoutOf(node.results.front());
    const size_t rank = graph_.type(node.results.front()).sizes.size();
    c10::SmallVector<Id, 4> operands;
    for (const TensorArgument& given : node.tensors) operands.push_back(read(given.value, layout, rank));
    Points points;
    points.dimensions.resize(rank);
    for (size_t i = 0; i < layout.order.size(); ++i) {
      points.dimensions[layout.order[i]].space = static_cast<int32_t>(i);
    }
    points.spaceDimensions = static_cast<int32_t>(layout.order.size());
    const auto results = emitPointwise(builder_, graph_, node, operands, points);
    if (!results) throw std::logic_error(node.name() + " has no instructions");
    for (size_t i = 0; i < results->size(); ++i) {
      registers_[node.results[i]] = (*results)[i];
      if (groups_.isStored(node.results[i])) store(node.results[i], (*results)[i]);
    }
  }

  Id read(ValueId operand, const Groups::Layout& layout, size_t rank) {
    const ValueId base = graph_.values[operand].base;
    const auto known = registers_.find(base);
    if (known != registers_.end()) return known->second;
    if (groups_.isRepeated(base)) return repeat(base);
    const Value& value = graph_.values[operand];
    const auto number = constantOf(operand);
    if (number) return builder_.constant(laneOf(value.type.dtype), *number);
    Operand load;
    load.buffer = buffers_.of(operand);
    load.dtype = value.type.dtype;
    load.offset = value.offset + buffers_.offsetOf(operand);
    load.lane = laneOf(load.dtype);
    for (int64_t stride : groups_.stridesOf(operand, layout, rank)) load.strides.push_back(stride);
    if (std::find(reads_.begin(), reads_.end(), load.buffer) == reads_.end()) reads_.push_back(load.buffer);
    return builder_.load(load);
  }

  Id repeat(ValueId base) {
    Points points;
    points.dimensions.resize(graph_.type(base).sizes.size());
    points.spaceDimensions = static_cast<int32_t>(group_.space.size());
    const auto results = emitPointwise(builder_, graph_, graph_.nodes[graph_.values[base].producer], {}, points);
    if (!results) throw std::logic_error("a filled tensor has no instructions");
    return results->front();
  }

  // The number in a constant of one element, if a register holds it exactly.
  std::optional<double> constantOf(ValueId operand) const {
    const Value& base = graph_.values[graph_.values[operand].base];
    if (base.kind != Value::Kind::Constant || base.type.numel() != 1 || c10::isComplexType(base.type.dtype)) return {};
    const double number = base.tensor.item<double>();
    if (base.type.dtype == c10::kLong && std::abs(number) > 9007199254740992.0) return {};
    return number;
  }

  void store(ValueId result, Id id) {
    const Groups::Layout& layout = *groups_.layoutOf(result);
    Operand operand;
    operand.buffer = buffers_.of(result);
    operand.offset = buffers_.offsetOf(result);
    operand.dtype = graph_.type(result).dtype;
    operand.lane = builder_.lane(id);
    for (int32_t d : layout.order) operand.strides.push_back(layout.strides[d]);
    writes_.push_back(operand.buffer);
    stores_.push_back({id, operand});
  }

  const Graph& graph_;
  const Groups& groups_;
  const Group& group_;
  ValueBuffers& buffers_;
  Builder builder_;
  std::unordered_map<ValueId, Id> registers_;
  std::vector<Builder::Store> stores_;
  std::vector<BufferId> reads_, writes_;
};

}  // namespace

std::unique_ptr<Step> elementwiseStep(const Graph& graph, const Groups& groups, const Group& group,
                                      ValueBuffers& buffers) {
  return GroupEmitter(graph, groups, group, buffers).emit();
}

std::unique_ptr<Step> productStep(const Graph& graph, const NodeProduct& product, ValueBuffers& buffers) {
  const auto placeOf = [&](ValueId id) {
    return Place{buffers.of(id), graph.values[id].offset + buffers.offsetOf(id)};
  };
  auto step = productStep(product.batch, graph.type(product.c).dtype, placeOf(product.a), placeOf(product.b),
                          placeOf(product.c));
  step->operators = {product.name};
  return step;
}

std::unique_ptr<Step> copyStep(const TensorType& from, Place source, const TensorType& to, Place target) {
  const auto operandOf = [](const TensorType& type, const Place& place) {
    Operand operand;
    operand.buffer = place.buffer;
    operand.dtype = type.dtype;
    operand.offset = place.offset;
    operand.strides.assign(type.strides.begin(), type.strides.end());
    operand.lane = laneOf(type.dtype);
    return operand;
  };
  Builder builder;
  const Builder::Store store{builder.load(operandOf(from, source)), operandOf(to, target)};
  return programStep(builder.finish(from.sizes, store), {source.buffer}, {target.buffer}, "copy");
}

}  // namespace torch_func::compile
