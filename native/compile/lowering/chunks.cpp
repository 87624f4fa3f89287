// Finds the batch dimension of a chain of steps, and splits the steps along it.

#include "compile/lowering/chunks.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "compile/execute/chunked_step.h"
#include "compile/lowering/elementwise.h"
#include "compile/lowering/groups.h"
#include "compile/lowering/joined_products.h"
#include "compile/lowering/matmul.h"

namespace torch_func::compile {

namespace {

// What the buffers of a chunk may take, of the L2 cache of a core.
constexpr int64_t kChunkBytes = int64_t{1} << 20;
constexpr int64_t kMaxSamples = 128;
constexpr int64_t kSampleStep = 8;

class ChunkBuilder {
 public:
  ChunkBuilder(const Graph& graph, const Chain& chain, PlanBuilder& builder)
      : graph_(graph),
        chain_(chain),
        builder_(builder),
        part_(partOf(graph, chain.contains)),
        isLocal_(graph.values.size()) {
    findPlaces();
  }

  // The steps for this number of samples; none if that is not possible.
  bool build(int64_t samples, ChunkBody& body);
  std::vector<std::pair<BufferId, int64_t>> sliced();

 private:
  void findPlaces();
  void shrink(Graph& chunk, ValueId value, int64_t samples) const;
  void addCopies(const Graph& chunk, ValueBuffers& buffers, ChunkBody& body, int64_t samples);

  const Graph& graph_;
  const Chain& chain_;
  PlanBuilder& builder_;
  Graph part_;
  std::vector<bool> isLocal_;    // whether the base lies in the memory of a chunk
  std::vector<ValueId> copied_;  // bases that lie there and are copied to the storage with all samples
};

// Results that others need are written where they belong, if all readings of them in the chain allow it.
void ChunkBuilder::findPlaces() {
  for (const Node& node : part_.nodes) isLocal_[node.results.front()] = true;
  std::vector<bool> isMerged(graph_.values.size());
  const auto look = [&](ValueId view) {
    const ValueId base = graph_.values[view].base;
    if (chain_.strides[base] == 0) return;
    const auto samples = chain_.samplesOf(graph_, view);
    if (!samples || samples->before != 1) isMerged[base] = true;
  };
  for (const Node& node : part_.nodes) {
    look(node.results.front());
    for (const TensorArgument& given : node.tensors) look(given.value);
  }
  for (ValueId id : part_.outputs) {
    const ValueId base = graph_.values[id].base;
    if (!isLocal_[base]) continue;
    if (isMerged[base]) {
      if (std::find(copied_.begin(), copied_.end(), base) == copied_.end()) copied_.push_back(base);
    } else {
      isLocal_[base] = false;
    }
  }
}

void ChunkBuilder::shrink(Graph& chunk, ValueId id, int64_t samples) const {
  const ValueId base = graph_.values[id].base;
  if (chain_.strides[base] == 0) return;
  for (ValueId value : {base, id}) {
    const Value small = chain_.shrink(graph_, value, samples, isLocal_[base]);
    chunk.values[value].type = small.type;
    chunk.values[value].offset = small.offset;
  }
}

bool ChunkBuilder::build(int64_t samples, ChunkBody& body) {
  Graph chunk = part_;
  for (const Node& node : part_.nodes) {
    for (const TensorArgument& given : node.tensors) shrink(chunk, given.value, samples);
    shrink(chunk, node.results.front(), samples);
  }
  const Groups groups(chunk);
  ValueBuffers buffers(chunk, groups, builder_);
  buffers.setLocal(isLocal_);
  const JoinedProducts products(chunk, groups);
  products.place(buffers);
  body.samples = samples;
  for (size_t g = 0; g < groups.all().size(); ++g) {
    const Group& group = groups.all()[g];
    if (group.isElementwise) {
      body.steps.push_back(elementwiseStep(chunk, groups, group, buffers));
    } else if (!products.of(g)) {
      return false;
    } else if (!products.isJoined(g)) {
      body.steps.push_back(productStep(chunk, *products.of(g), buffers));
    }
  }
  addCopies(chunk, buffers, body, samples);
  std::vector<int64_t> bytes;
  for (BufferId id : buffers.locals()) {
    body.locals.emplace_back(id, 0);
    bytes.push_back(builder_.buffer(id).bytes);
  }
  placeLocals(body, bytes);
  return true;
}

// The dimension of the samples is split, since it is not one dimension where all samples lie.
void ChunkBuilder::addCopies(const Graph& chunk, ValueBuffers& buffers, ChunkBody& body, int64_t samples) {
  for (ValueId base : copied_) {
    const TensorType& all = graph_.type(base);
    const TensorType& few = chunk.type(base);
    const SampleDimension place = *chain_.samplesOf(graph_, base);
    TensorType from = few, to = all;
    from.sizes.clear();
    from.strides.clear();
    to.strides.clear();
    for (size_t d = 0; d < all.sizes.size(); ++d) {
      if (static_cast<int32_t>(d) != place.dimension) {
        from.sizes.push_back(all.sizes[d]);
        from.strides.push_back(few.strides[d]);
        to.strides.push_back(all.strides[d]);
        continue;
      }
      const int64_t step = all.strides[d];
      for (const auto& [size, fewStride, allStride] :
           {std::tuple(place.before, samples * place.after * step, chain_.batch * place.after * step),
            std::tuple(samples * place.after, step, step)}) {
        from.sizes.push_back(size);
        from.strides.push_back(fewStride);
        to.strides.push_back(allStride);
      }
    }
    to.sizes = from.sizes;
    body.steps.push_back(copyStep(from, {buffers.of(base), 0}, to, {builder_.bufferOf(base), 0}));
  }
}

std::vector<std::pair<BufferId, int64_t>> ChunkBuilder::sliced() {
  std::vector<std::pair<BufferId, int64_t>> result;
  const auto add = [&](ValueId view) {
    const ValueId base = graph_.values[view].base;
    const bool isCopied = std::find(copied_.begin(), copied_.end(), base) != copied_.end();
    if (chain_.strides[base] == 0 || (isLocal_[base] && !isCopied)) return;
    const BufferId id = builder_.bufferOf(base);
    if (std::any_of(result.begin(), result.end(), [&](const auto& known) { return known.first == id; })) return;
    const auto size = static_cast<int64_t>(c10::elementSize(graph_.type(base).dtype));
    result.emplace_back(id, chain_.strides[base] * size);
  };
  for (const Node& node : part_.nodes) {
    for (const TensorArgument& given : node.tensors) add(given.value);
    add(node.results.front());
  }
  return result;
}

int64_t roundUp(int64_t value, int64_t step) { return (value + step - 1) / step * step; }

// So many that the buffers stay in the cache and all threads have the same number of chunks.
int64_t chunkSamples(int64_t batch, int64_t bytesPerSample) {
  const int64_t most = std::clamp<int64_t>(kChunkBytes / std::max<int64_t>(bytesPerSample, 1), 1, kMaxSamples);
  const int64_t threads = at::get_num_threads();
  const int64_t chunks = roundUp((batch + most - 1) / most, threads);
  return std::min(batch, roundUp((batch + chunks - 1) / chunks, kSampleStep));
}

}  // namespace

Graph partOf(const Graph& graph, const std::vector<bool>& keep) {
  Graph part = graph;
  part.nodes.clear();
  part.writeBacks.clear();
  for (Value& value : part.values) value.producer = -1;
  std::vector<bool> isMade(graph.values.size()), isNeeded(graph.values.size());
  for (ValueId id : graph.outputs) {
    if (id != kNoValue) isNeeded[graph.values[id].base] = true;
  }
  for (const Graph::WriteBack& write : graph.writeBacks) isNeeded[graph.values[write.value].base] = true;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!keep[i]) {
      if (isViewOnly(graph, graph.nodes[i])) continue;
      for (const TensorArgument& given : graph.nodes[i].tensors) isNeeded[graph.values[given.value].base] = true;
      continue;
    }
    for (ValueId id : graph.nodes[i].results) {
      if (id == kNoValue) continue;
      part.values[id].producer = static_cast<int32_t>(part.nodes.size());
      isMade[id] = !graph.isView(id);
    }
    part.nodes.push_back(graph.nodes[i]);
  }
  part.outputs.clear();
  for (size_t id = 0; id < isMade.size(); ++id) {
    if (isMade[id] && isNeeded[id]) part.outputs.push_back(static_cast<ValueId>(id));
  }
  return part;
}

std::unique_ptr<Step> chainStep(const Graph& graph, const Chain& chain, PlanBuilder& builder) {
  ChunkBuilder chunks(graph, chain, builder);
  constexpr int64_t kTrial = 64;
  ChunkedWork work;
  work.samples = chain.batch;
  ChunkBody trial;
  if (!chunks.build(std::min(kTrial, chain.batch), trial)) return nullptr;
  const int64_t samples = chunkSamples(chain.batch, trial.localBytes / trial.samples);
  if (samples == trial.samples) {
    work.body = std::move(trial);
  } else if (!chunks.build(samples, work.body)) {
    return nullptr;
  }
  if (const int64_t rest = chain.batch % samples; rest > 0 && !chunks.build(rest, work.rest)) return nullptr;
  work.sliced = chunks.sliced();
  return chunkedStep(std::move(work));
}

}  // namespace torch_func::compile
