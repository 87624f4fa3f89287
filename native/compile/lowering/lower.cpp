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
#include "compile/lowering/matmul.h"
#include "compile/lowering/scalarize.h"

namespace torch_func::compile {

namespace {

// What plans do not know: other devices, writes, and tensors that are more than a dtype, sizes and strides.
std::string refusal(const Graph& graph) {
  for (const Value& value : graph.values) {
    if (value.type.device != c10::Device(c10::kCPU)) return "a tensor lies on another device than the CPU";
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


// Steps for all nodes, in an order of their groups.
void addSteps(const Graph& graph, PlanBuilder& builder) {
  const Groups groups(graph);
  ValueBuffers buffers(graph, groups, builder);
  for (const Group& group : groups.all()) {
    const Node& node = graph.nodes[group.nodes.front()];
    if (group.isElementwise) {
      builder.add(elementwiseStep(graph, groups, group, buffers));
    } else if (const auto product = productOf(graph, node)) {
      builder.add(productStep(graph, *product, buffers));
    } else {
      const bool isProduct = node.op.operator_name().name.ends_with("mm");
      builder.add(libraryStep(graph, node, builder, isProduct ? "BLAS does not take its operands" : "it is not fused"));
    }
  }
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

void addStepsWithChain(const Graph& graph, PlanBuilder& builder) {
  const auto chain = findChain(graph);
  const auto isAfter = chain ? nodesAfter(graph, *chain) : std::nullopt;
  if (!isAfter) return addSteps(graph, builder);
  auto step = chainStep(graph, *chain, builder);
  if (!step) return addSteps(graph, builder);
  std::vector<bool> isBefore(graph.nodes.size());
  for (size_t i = 0; i < isBefore.size(); ++i) isBefore[i] = !chain->contains[i] && !(*isAfter)[i];
  addSteps(partOf(graph, isBefore), builder);
  builder.add(std::move(step));
  addStepsWithChain(partOf(graph, *isAfter), builder);
}

std::unique_ptr<Step> scalarStep(Program program, PlanBuilder& builder, std::string what) {
  std::vector<BufferId> reads, writes;
  std::vector<bool> isStored(program.transfers.size());
  for (const Instruction& instruction : program.instructions) {
    if (instruction.opcode == Opcode::Store) isStored[static_cast<size_t>(instruction.immediate)] = true;
  }
  for (size_t i = 0; i < program.transfers.size(); ++i) {
    int32_t& buffer = program.transfers[i].operand.buffer;
    buffer = builder.bufferOf(buffer);
    auto& uses = isStored[i] ? writes : reads;
    if (std::find(uses.begin(), uses.end(), buffer) == uses.end()) uses.push_back(buffer);
  }
  for (Program::Direct& direct : program.directs) direct.buffer = builder.bufferOf(direct.buffer);
  return programStep(std::move(program), std::move(reads), std::move(writes), std::move(what));
}

std::unique_ptr<Plan> scalarPlan(const Graph& graph, Scalarized scalarized) {
  PlanBuilder builder(graph);
  if (scalarized.uniform.points > 0) {
    builder.add(scalarStep(std::move(scalarized.uniform), builder, "what all samples share, number by number"));
  }
  if (scalarized.program.points > 0) {
    builder.add(scalarStep(std::move(scalarized.program), builder, "samples, number by number"));
  }
  return builder.finish(nullptr);
}

std::unique_ptr<Plan> groupPlan(Graph graph) {
  expandProducts(graph);
  PlanBuilder builder(graph);
  addStepsWithChain(graph, builder);
  return builder.finish(std::make_unique<Replay>(graph));
}

// Nanoseconds of one thread, roughly: to choose between two ways.
double costOf(const Scalarized& scalarized) {
  const auto costOfProgram = [](const Program& program) {
    const double blocks = std::ceil(static_cast<double>(program.points) / static_cast<double>(kLanes));
    const auto instructions = static_cast<double>(program.instructions.size());
    return instructions * (1.5 * blocks + 0.03 * static_cast<double>(program.points));
  };
  return 100 + costOfProgram(scalarized.uniform) + costOfProgram(scalarized.program);
}

bool hasProducts(const Graph& graph) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(), [&](const Node& node) {
    const auto& name = node.op.operator_name().name;
    return name.ends_with("mm") || name.ends_with("mv");
  });
}

std::unique_ptr<Plan> plan(const Graph& graph, Reasons& reasons) {
  std::string reason;
  auto scalarized = scalarize(graph, reason);
  if (!scalarized) {
    reasons.push_back("not number by number: " + reason);
    return groupPlan(graph);
  }
  // Unrolled matrix products are right for small matrices only.
  if (hasProducts(graph)) {
    auto grouped = groupPlan(graph);
    if (grouped->cost() < costOf(*scalarized)) return grouped;
  }
  return scalarPlan(graph, std::move(*scalarized));
}

}  // namespace

std::unique_ptr<Executable> lower(const Graph& functional, Reasons& reasons) {
  if (std::string reason = refusal(functional); !reason.empty()) {
    reasons.push_back(std::move(reason));
    return nullptr;
  }
  try {
    return plan(functional, reasons);
  } catch (const std::exception& error) {
    reasons.emplace_back(error.what());
    return nullptr;
  }
}

}  // namespace torch_func::compile
