// Places buffers in the arena, and builds the tables of a plan.

#include "compile/execute/plan_builder.h"

#include <algorithm>
#include <utility>

#include "compile/execute/plan_capture.h"

namespace torch_func::compile {

// Of a cache line, and of the widest vector register.
static constexpr int64_t kAlignment = 64;

int64_t Arena::place(int64_t bytes, size_t first, size_t last) {
  bytes = (std::max<int64_t>(bytes, 1) + kAlignment - 1) / kAlignment * kAlignment;
  std::erase_if(blocks_, [&](const Block& block) { return block.last < first; });
  int64_t offset = 0;
  auto position = blocks_.begin();
  while (position != blocks_.end() && position->offset - offset < bytes) {
    offset = position->offset + position->bytes;
    ++position;
  }
  blocks_.insert(position, {offset, bytes, last});
  bytes_ = std::max(bytes_, offset + bytes);
  return offset;
}

PlanBuilder::PlanBuilder(const Graph& graph, KernelDevice* kernels)
    : graph_(graph),
      kernels_(kernels),
      plan_(std::make_unique<Plan>()),
      bufferOfBase_(graph.values.size(), -1),
      isOutput_(graph.values.size()) {
  if (kernels != nullptr) plan_->device_ = kernels->device();
  plan_->operandCount_ = graph.values.size();
  for (ValueId output : graph.outputs) {
    if (output != kNoValue) isOutput_[graph.values[output].base] = true;
  }
}

BufferId PlanBuilder::addBuffer(Buffer buffer) {
  const auto id = static_cast<BufferId>(plan_->buffers_.size());
  plan_->buffers_.push_back(std::move(buffer));
  return id;
}

BufferId PlanBuilder::addBuffer(Buffer::Place place, c10::ScalarType dtype, int64_t elements) {
  Buffer buffer;
  buffer.place = place;
  buffer.type.dtype = dtype;
  buffer.type.sizes = {elements};
  buffer.type.strides = {1};
  buffer.bytes = elements * static_cast<int64_t>(c10::elementSize(dtype));
  return addBuffer(std::move(buffer));
}

BufferId PlanBuilder::bufferOf(ValueId id) {
  const ValueId base = graph_.values[id].base;
  BufferId& known = bufferOfBase_[base];
  if (known >= 0) return known;
  const Value& value = graph_.values[base];
  Buffer buffer;
  buffer.type = value.type;
  buffer.bytes = extentOf(value.type) * static_cast<int64_t>(c10::elementSize(value.type.dtype));
  switch (value.kind) {
    case Value::Kind::Input:
      buffer.place = Buffer::Place::Input;
      buffer.input =
          static_cast<int32_t>(std::find(graph_.inputs.begin(), graph_.inputs.end(), base) - graph_.inputs.begin());
      break;
    case Value::Kind::Closure:
      buffer.place = Buffer::Place::Closure;
      buffer.tensor = value.tensor;
      break;
    case Value::Kind::Constant:
      buffer.place = Buffer::Place::Constant;
      buffer.tensor = value.tensor;
      break;
    case Value::Kind::Result: buffer.place = isOutput_[base] ? Buffer::Place::Output : Buffer::Place::Scratch; break;
  }
  known = addBuffer(std::move(buffer));
  return known;
}

void PlanBuilder::setLibraryResult(ValueId base) { plan_->buffers_[bufferOf(base)].place = Buffer::Place::Library; }

Plan::View PlanBuilder::viewOf(ValueId id) {
  const Value& value = graph_.values[id];
  Plan::View view;
  view.buffer = bufferOf(id);
  view.type = value.type;
  view.offset = value.offset;
  view.isWhole = value.base == id;
  return view;
}

void PlanBuilder::add(std::unique_ptr<Step> step) {
  step->join(*this);
  plan_->steps_.push_back(std::move(step));
}

Plan::View PlanBuilder::outputOf(ValueId id) {
  Plan::View view = viewOf(id);
  const ValueId base = graph_.values[id].base;
  if (graph_.values[base].kind != Value::Kind::Constant) return view;
  // Each call returns a copy of its own, for the caller may write to it.
  const auto [copy, isNew] = copies_.try_emplace(base, -1);
  if (isNew) {
    Buffer buffer = plan_->buffers_[view.buffer];
    buffer.place = Buffer::Place::Output;
    copy->second = addBuffer(std::move(buffer));
  }
  view.buffer = copy->second;
  return view;
}

void PlanBuilder::planOutputs() {
  for (size_t i = 0; i < graph_.outputs.size(); ++i) {
    const ValueId id = graph_.outputs[i];
    if (id == kNoValue) {
      plan_->outputs_.emplace_back();
      continue;
    }
    plan_->outputs_.push_back(outputOf(id));
    const auto earlier = std::find(graph_.outputs.begin(), graph_.outputs.begin() + static_cast<int64_t>(i), id);
    const auto position = static_cast<size_t>(earlier - graph_.outputs.begin());
    if (position < i) plan_->outputs_.back().sameAs = static_cast<int32_t>(position);
  }
  for (const Graph::WriteBack& write : graph_.writeBacks) {
    Plan::WriteBack planned{viewOf(write.target), viewOf(write.value), false};
    planned.throughCopy = plan_->buffers_[planned.value.buffer].place == Buffer::Place::Input ||
                          plan_->buffers_[planned.value.buffer].place == Buffer::Place::Closure;
    plan_->writeBacks_.push_back(std::move(planned));
  }
}

void PlanBuilder::planArena() {
  const size_t end = plan_->steps_.size();
  std::vector<size_t> first(plan_->buffers_.size(), end), last(plan_->buffers_.size(), 0);
  const auto use = [&](BufferId id, size_t step) {
    first[id] = std::min(first[id], step);
    last[id] = std::max(last[id], step);
  };
  for (size_t i = 0; i < end; ++i) {
    for (BufferId id : plan_->steps_[i]->writes) use(id, i);
    for (BufferId id : plan_->steps_[i]->reads) use(id, i);
  }
  for (const Plan::WriteBack& write : plan_->writeBacks_) use(write.value.buffer, end);
  for (const Plan::View& output : plan_->outputs_) {
    if (output.buffer >= 0) use(output.buffer, end);
  }
  std::vector<BufferId> scratch;
  for (size_t id = 0; id < plan_->buffers_.size(); ++id) {
    if (plan_->buffers_[id].place == Buffer::Place::Scratch) scratch.push_back(static_cast<BufferId>(id));
  }
  std::stable_sort(scratch.begin(), scratch.end(), [&](BufferId a, BufferId b) { return first[a] < first[b]; });
  Arena arena;
  for (BufferId id : scratch) {
    Buffer& buffer = plan_->buffers_[id];
    buffer.offset = arena.place(buffer.bytes, first[id], last[id]);
  }
  plan_->arenaBytes_ = arena.bytes();
  plan_->scratchBuffers_ = std::move(scratch);

  plan_->lastUses_.resize(end);
  for (size_t id = 0; id < plan_->buffers_.size(); ++id) {
    if (plan_->buffers_[id].place == Buffer::Place::Library && last[id] < end) {
      plan_->lastUses_[last[id]].push_back(static_cast<BufferId>(id));
    }
  }
}

std::unique_ptr<Plan> PlanBuilder::finish(std::unique_ptr<Executable> fallback) {
  planOutputs();
  planArena();
  plan_->isRepeatable_ = isRepeatable(graph_);
  for (size_t i = 0; i < plan_->buffers_.size(); ++i) {
    const auto id = static_cast<BufferId>(i);
    switch (plan_->buffers_[i].place) {
      case Buffer::Place::Input: plan_->inputBuffers_.push_back(id); break;
      case Buffer::Place::Closure: plan_->closureBuffers_.push_back(id); break;
      case Buffer::Place::Constant: plan_->constantBuffers_.push_back(id); break;
      case Buffer::Place::Output: plan_->outputBuffers_.push_back(id); break;
      case Buffer::Place::Scratch:
      case Buffer::Place::Library:
      case Buffer::Place::Chunk: break;
    }
  }
  for (BufferId id : plan_->closureBuffers_) plan_->closures_.push_back(plan_->buffers_[id].tensor);
  if (fallback != nullptr) {
    plan_->closures_.insert(plan_->closures_.end(), fallback->closures().begin(), fallback->closures().end());
  }
  if (kernels_ != nullptr) plan_->capture_ = std::make_unique<PlanCapture>(*plan_, *kernels_);
  plan_->fallback_ = std::move(fallback);
  return std::move(plan_);
}

}  // namespace torch_func::compile
