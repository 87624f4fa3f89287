// See Note [Scalarizing].

#include "compile/lowering/scalarize.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "compile/lowering/lanes.h"
#include "compile/lowering/loops.h"
#include "compile/lowering/unroll.h"

namespace torch_func::compile {

// Fills, copies and folded operations are elements of loops too, but leave no instructions.
constexpr int64_t kElementsPerInstruction = 16;

// Unrolled instructions that may fall away, for each that is left.
constexpr double kUnrolledPerInstruction = 8;
constexpr size_t kFewInstructions = 1000;

double instructionCost(int64_t points) {
  const double blocks = std::ceil(static_cast<double>(points) / static_cast<double>(kLanes));
  return 3 * blocks + 0.03 * static_cast<double>(points);
}

double columnsCost(size_t columns, int64_t points) {
  return 0.3 * static_cast<double>(columns) * static_cast<double>(points);
}

// Of storing the outputs, which no program can leave out.
static double outputsCost(const Graph& graph, c10::ArrayRef<ValueId> outputs, const LaneAssignment& lanes) {
  std::set<ValueId> bases;
  for (ValueId output : outputs) {
    if (output != kNoValue) bases.insert(graph.values[output].base);
  }
  double cost = 0;
  for (ValueId base : bases) {
    const LaneLayout& layout = lanes.layouts[base];
    const bool isStored = graph.values[base].kind == Value::Kind::Result && layout.hasLanes();
    if (isStored) cost += columnsCost(static_cast<size_t>(layout.count), lanes.lanes);
  }
  return cost;
}

// Loops whose results neither a later loop nor an output reads.
static void removeUnread(const Graph& graph, c10::ArrayRef<ValueId> outputs, Loops& loops) {
  std::vector<bool> isRead(graph.values.size());
  for (ValueId output : outputs) {
    if (output != kNoValue) isRead[graph.values[output].base] = true;
  }
  std::vector<Loop> kept;
  for (auto loop = loops.loops.rbegin(); loop != loops.loops.rend(); ++loop) {
    bool isNeeded = false;
    for (size_t i = 0; i < loop->results; ++i) isNeeded |= isRead[loops.access(*loop, i).base];
    if (!isNeeded) continue;
    for (size_t i = loop->results; i < loop->accesses; ++i) isRead[loops.access(*loop, i).base] = true;
    kept.push_back(*loop);
  }
  loops.loops.assign(kept.rbegin(), kept.rend());
}

std::optional<Scalarized> scalarize(const Graph& graph, c10::ArrayRef<int32_t> nodes, c10::ArrayRef<ValueId> outputs,
                                    std::string& reason, const ScalarizeOptions& options) {
  Loops loops;
  LoopWriter writer(graph, loops);
  for (int32_t node : nodes) {
    if (!writer.write(node, reason)) return std::nullopt;
  }
  removeUnread(graph, outputs, loops);
  const LaneAssignment lanes = assignLanes(graph, loops, outputs);
  ScalarizeOptions bounded = options;
  const double affordable = kUnrolledPerInstruction * options.mostCost / instructionCost(lanes.lanes);
  if (affordable < static_cast<double>(options.mostInstructions)) {
    bounded.mostInstructions = std::max(kFewInstructions, static_cast<size_t>(affordable));
  }
  const size_t most = lanes.lanes == 1 ? options.mostInstructionsOfOne : options.mostInstructions;
  if (lanes.elements > kElementsPerInstruction * static_cast<int64_t>(most)) {
    reason = "too many elements in a sample: " + std::to_string(lanes.elements) + " in " + std::to_string(lanes.lanes) +
             " lanes";
    return std::nullopt;
  }
  if (outputsCost(graph, outputs, lanes) > options.mostCost) {
    reason = "storing the outputs alone would take longer than groups";
    return std::nullopt;
  }
  Unroller unroller(graph, loops, lanes, bounded);
  Scalarized result;
  if (!unroller.unroll(reason) || !unroller.finish(outputs, result, reason)) return std::nullopt;
  return result;
}

std::optional<Scalarized> scalarize(const Graph& graph, std::string& reason, const ScalarizeOptions& options) {
  std::vector<int32_t> nodes(graph.nodes.size());
  std::iota(nodes.begin(), nodes.end(), 0);
  std::vector<ValueId> outputs = graph.outputs;
  for (const Graph::WriteBack& write : graph.writeBacks) outputs.push_back(write.value);
  return scalarize(graph, nodes, outputs, reason, options);
}

}  // namespace torch_func::compile
