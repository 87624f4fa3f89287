// See Note [Lowering].

#include "compile/lowering/lower.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include "compile/execute/library_step.h"
#include "compile/execute/plan_builder.h"
#include "compile/execute/program_step.h"
#include "compile/graph/replay.h"
#include "compile/lowering/chain.h"
#include "compile/lowering/chunks.h"
#include "compile/lowering/elementwise.h"
#include "compile/lowering/groups.h"
#include "compile/lowering/joined_products.h"
#include "compile/lowering/loops.h"
#include "compile/lowering/matmul.h"
#include "compile/lowering/pointwise.h"
#include "compile/machine/walk.h"

namespace torch_func::compile {

namespace {

// Whether the value is a number that becomes part of programs, and that library calls on any device take.
bool isNumber(const Value& value) {
  if (value.kind != Value::Kind::Constant || !value.type.sizes.empty() || !value.type.device.is_cpu()) return false;
  return isMachineType(value.type.dtype) &&
         (value.type.dtype != c10::kLong || std::abs(value.tensor.item<double>()) <= 0x1p53);
}

// What plans do not know: several devices, writes, and tensors that are more than a dtype, sizes and strides.
// Sets the device.
std::string refusal(const Graph& graph, c10::Device& device) {
  std::vector<bool> isUsed(graph.values.size());
  const auto use = [&](ValueId id) {
    if (id != kNoValue) isUsed[id] = isUsed[graph.values[id].base] = true;
  };
  for (const Node& node : graph.nodes) {
    for (const TensorArgument& given : node.tensors) use(given.value);
    for (ValueId id : node.results) use(id);
  }
  for (ValueId id : graph.outputs) use(id);
  for (const Graph::WriteBack& write : graph.writeBacks) use(write.value), use(write.target);
  bool known = false;
  for (size_t id = 0; id < graph.values.size(); ++id) {
    if (!isUsed[id]) continue;
    const Value& value = graph.values[id];
    if (!isNumber(value)) {
      if (!isMachineDevice(value.type.device)) return "a tensor lies on a device for which nothing is compiled";
      if (known && value.type.device != device) return "tensors lie on several devices";
      device = value.type.device;
      known = true;
    }
    if (value.type.layout != c10::kStrided) return "a tensor is not strided";
    if (c10::isQIntType(value.type.dtype)) return "a tensor is quantized";
    if (value.type.dtype != graph.values[value.base].type.dtype) {
      return "a view has another dtype than the tensor whose memory it shares";
    }
    if (value.tensor.defined() && (value.tensor.is_conj() || value.tensor.is_neg())) {
      return "a tensor from outside the function is a conjugate or negative view";
    }
  }
  for (const Node& node : graph.nodes) {
    if (writesInPlace(node.op)) return node.name() + " writes to a tensor";
    if (node.is("aten::_conj") || node.is("aten::_neg_view")) return node.name() + " returns a lazy view";
  }
  return {};
}

using Steps = std::vector<std::unique_ptr<Step>>;

double costOf(const Steps& steps) {
  double sum = 0;
  for (const auto& step : steps) sum += step->cost;
  return sum;
}

// Why a node is a call of the library.
std::string whyLibrary(const Graph& graph, const Node& node, bool hasProducts) {
  const std::string& name = node.op.operator_name().name;
  if (hasProducts && (name.ends_with("mm") || name.ends_with("mv"))) return "BLAS does not take its operands";
  const std::string reason = whyNotPointwise(graph, node);
  return reason.empty() ? "its result has no elements, or some that share memory" : reason;
}

// Steps for all nodes, group by group.
Steps groupSteps(const Graph& graph, PlanBuilder& builder) {
  Steps steps;
  const Groups groups(graph);
  ValueBuffers buffers(graph, groups, builder);
  std::optional<JoinedProducts> products;
  if (builder.kernels() == nullptr) {
    products.emplace(graph, groups);
    products->place(buffers);
  }
  for (size_t g = 0; g < groups.all().size(); ++g) {
    const Group& group = groups.all()[g];
    const Node& node = graph.nodes[group.nodes.front()];
    if (products && products->isJoined(g)) continue;
    if (group.isElementwise) {
      steps.push_back(elementwiseStep(graph, groups, group, buffers));
    } else if (products && products->of(g)) {
      steps.push_back(productStep(graph, *products->of(g), buffers));
    } else {
      steps.push_back(libraryStep(graph, node, builder, whyLibrary(graph, node, products.has_value())));
    }
  }
  return steps;
}

// The nodes outside of the chain that depend on it. Nothing if random numbers would then be drawn in another order.
std::optional<std::vector<bool>> nodesAfter(const Graph& graph, const Chain& chain) {
  std::vector<bool> isAfter(graph.nodes.size());
  bool drawsAfter = false;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    isAfter[i] = !chain.contains[i] &&
                 std::any_of(graph.nodes[i].tensors.begin(), graph.nodes[i].tensors.end(), [&](const auto& given) {
                   const int32_t producer = graph.values[graph.values[given.value].base].producer;
                   return producer >= 0 && (chain.contains[producer] || isAfter[producer]);
                 });
    drawsAfter |= isAfter[i] && isRandom(graph.nodes[i].op);
  }
  if (drawsAfter) return std::nullopt;
  return isAfter;
}

// `stored`: the bases that the program may store to.
std::unique_ptr<Step> scalarStep(Program program, c10::ArrayRef<ValueId> stored, PlanBuilder& builder,
                                 std::string what) {
  std::vector<BufferId> reads, writes;
  const auto use = [&](int32_t& buffer) {
    auto& uses = std::find(stored.begin(), stored.end(), buffer) != stored.end() ? writes : reads;
    buffer = builder.bufferOf(buffer);
    if (std::find(uses.begin(), uses.end(), buffer) == uses.end()) uses.push_back(buffer);
  };
  for (Transfer& transfer : program.transfers) use(transfer.operand.buffer);
  for (Program::Direct& direct : program.directs) use(direct.buffer);
  return programStep(std::move(program), std::move(reads), std::move(writes), std::move(what), builder.kernels());
}

// `part`: what the programs compute.
Steps scalarSteps(const Graph& part, Scalarized scalarized, PlanBuilder& builder) {
  Steps steps;
  std::vector<ValueId> stored = scalarized.stored;
  stored.insert(stored.end(), scalarized.temporaries.begin(), scalarized.temporaries.end());
  if (scalarized.uniform.points > 0) {
    steps.push_back(
        scalarStep(std::move(scalarized.uniform), stored, builder, "number by number, the same for all samples"));
  }
  if (scalarized.program.points > 0) {
    steps.push_back(scalarStep(std::move(scalarized.program), scalarized.stored, builder, "number by number"));
  }
  if (!steps.empty()) steps.back()->operators = namesOf(part);
  return steps;
}

// Nanoseconds of one thread, roughly.
double costOf(const Program& program) {
  double cost = static_cast<double>(program.instructions.size()) * instructionCost(program.points);
  for (const Transfer& transfer : program.transfers) cost += columnsCost(transfer.columns.size(), program.points);
  return cost;
}

double costOf(const Scalarized& scalarized, const PlanBuilder& builder) {
  if (builder.kernels() != nullptr) return kernelCost(scalarized.uniform) + kernelCost(scalarized.program);
  return 100 + costOf(scalarized.uniform) + costOf(scalarized.program);
}

// Above, groups are not worth the time to build them for a comparison: most operators would be on their own.
constexpr size_t kMaxCompared = 500;

// Longer kernels take seconds to compile, and their registers lie in memory. A single thread is slow.
constexpr size_t kMostInKernel = 1'500, kMostInOneThread = 500;

// The graph number by number, if that is possible and faster than group by group.
std::optional<Scalarized> scalarizeIfFaster(const Graph& graph, PlanBuilder& builder, const ScalarizeOptions& options,
                                            std::string& reason) {
  ScalarizeOptions bounded = options;
  if (builder.kernels() != nullptr) {
    bounded.mostInstructions = kMostInKernel;
    bounded.mostInstructionsOfOne = kMostInOneThread;
  }
  if (graph.nodes.size() > kMaxCompared) return scalarize(graph, reason, bounded);
  const double most = costOf(groupSteps(graph, builder));
  if (builder.kernels() == nullptr) bounded.mostCost = most;
  auto scalarized = scalarize(graph, reason, bounded);
  if (!scalarized || most >= costOf(*scalarized, builder)) return scalarized;
  reason = "the program would be longer than that of groups";
  return std::nullopt;
}

// The nodes that run before, between and after the calls of the library, which have no loops.
struct Stages {
  std::vector<int32_t> ofNode;  // -1: nothing to compute
  std::vector<bool> isLibrary;  // runs at the end of its stage
  int32_t count = 1;
};

Stages stagesOf(const Graph& graph) {
  Stages stages;
  stages.ofNode.resize(graph.nodes.size(), -1);
  stages.isLibrary.resize(graph.nodes.size());
  std::vector<int32_t> known(graph.values.size());
  // Memory with gaps has no dimension of samples.
  std::vector<bool> isFlat(graph.nodes.size());
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!graph.nodes[i].is("aten::as_strided_scatter")) continue;
    isFlat[i] = true;
    const int32_t producer = graph.values[graph.values[graph.nodes[i].tensor(0)].base].producer;
    if (producer >= 0 && isFill(graph.nodes[producer])) isFlat[producer] = true;
  }
  int32_t random = 0;
  Loops loops;
  LoopWriter writer(graph, loops);
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    if (isViewOnly(graph, node)) continue;
    std::string reason;
    const bool hasLoops = !node.results.empty() && !isFlat[i];
    stages.isLibrary[i] = !hasLoops || !writer.write(static_cast<int32_t>(i), reason);
    int32_t& stage = stages.ofNode[i];
    // Random numbers are drawn in the order of the calls.
    stage = isRandom(node.op) ? random : 0;
    for (const TensorArgument& given : node.tensors) stage = std::max(stage, known[graph.values[given.value].base]);
    if (isRandom(node.op)) random = stage;
    for (ValueId id : node.results) {
      if (id != kNoValue) known[graph.values[id].base] = stages.isLibrary[i] ? stage + 1 : stage;
    }
    stages.count = std::max(stages.count, stage + 1);
  }
  return stages;
}

class Lowering {
 public:
  Lowering(const Graph& graph, Reasons& reasons, const ScalarizeOptions& options, KernelDevice* kernels)
      : graph_(graph), reasons_(reasons), options_(options), builder_(graph, kernels) {}

  std::unique_ptr<Plan> plan() {
    builder_.kernels() == nullptr ? addWithChain(graph_) : addStages(graph_);
    return builder_.finish(std::make_unique<Replay>(graph_));
  }

 private:
  void add(Steps steps) {
    for (auto& step : steps) builder_.add(std::move(step));
  }

  void addWithChain(const Graph& graph) {
    const auto chain = findChain(graph);
    const auto isAfter = chain ? nodesAfter(graph, *chain) : std::nullopt;
    auto step = isAfter ? chainStep(graph, *chain, builder_) : nullptr;
    if (!step) return addStages(graph);
    if (isScalarBetter(graph, *chain, *step)) return addStages(graph);
    std::vector<bool> isBefore(graph.nodes.size());
    for (size_t i = 0; i < isBefore.size(); ++i) isBefore[i] = !chain->contains[i] && !(*isAfter)[i];
    addStages(partOf(graph, isBefore));
    builder_.add(std::move(step));
    addWithChain(partOf(graph, *isAfter));
  }

  // Small products of many samples: number by number, they take less time than the chain alone.
  bool isScalarBetter(const Graph& graph, const Chain& chain, const Step& step) const {
    const double multiplyAdds = chain.flops / 2 / static_cast<double>(chain.batch);
    const bool isTooLong = multiplyAdds > static_cast<double>(options_.mostInstructions);
    if (isTooLong || multiplyAdds * instructionCost(chain.batch) > step.cost) return false;
    const Stages stages = stagesOf(graph);
    std::vector<bool> keep(graph.nodes.size());
    for (size_t i = 0; i < keep.size(); ++i) {
      keep[i] = stages.ofNode[i] == 0 && !stages.isLibrary[i];
      if (chain.contains[i] && !keep[i]) return false;
    }
    std::string reason;
    ScalarizeOptions bounded = options_;
    bounded.mostCost = step.cost;
    const auto scalarized = scalarize(partOf(graph, keep), reason, bounded);
    return scalarized && costOf(*scalarized, builder_) < step.cost;
  }

  void addStages(const Graph& graph) {
    const Stages stages = stagesOf(graph);
    const auto partOfStage = [&](int32_t stage, bool isLibrary) {
      std::vector<bool> keep(graph.nodes.size());
      for (size_t i = 0; i < keep.size(); ++i) keep[i] = stages.ofNode[i] == stage && stages.isLibrary[i] == isLibrary;
      return partOf(graph, keep);
    };
    std::vector<std::optional<Scalarized>> scalarized(stages.count);
    bool isAny = false;
    for (int32_t stage = 0; stage < stages.count; ++stage) {
      const Graph part = partOfStage(stage, false);
      std::string reason;
      if (!part.nodes.empty()) scalarized[stage] = scalarizeIfFaster(part, builder_, options_, reason);
      isAny |= scalarized[stage].has_value();
      if (!reason.empty()) reasons_.push_back("not number by number: " + reason);
    }
    if (!isAny) return add(groupSteps(graph, builder_));
    for (int32_t stage = 0; stage < stages.count; ++stage) {
      const Graph part = partOfStage(stage, false);
      add(scalarized[stage] ? scalarSteps(part, std::move(*scalarized[stage]), builder_) : groupSteps(part, builder_));
      add(groupSteps(partOfStage(stage, true), builder_));
    }
  }

  const Graph& graph_;
  Reasons& reasons_;
  ScalarizeOptions options_;
  PlanBuilder builder_;
};

}  // namespace

std::unique_ptr<Executable> lower(const Graph& functional, Reasons& reasons, const ScalarizeOptions& options,
                                  KernelDevice* kernels) {
  c10::Device device = c10::kCPU;
  if (std::string reason = refusal(functional, device); !reason.empty()) {
    reasons.push_back(std::move(reason));
    return nullptr;
  }
  try {
    if (device.is_cuda() && kernels == nullptr) kernels = &cudaDevice(device.index());
    Graph graph = functional;
    expandProducts(graph);
    gatherProducts(graph);
    return Lowering(graph, reasons, options, device.is_cuda() ? kernels : nullptr).plan();
  } catch (const std::exception& error) {
    reasons.emplace_back(error.what());
    return nullptr;
  }
}

}  // namespace torch_func::compile
