// Passes and lowering, and the replay of what they refuse.

#include "compile/call/compilation.h"

#include <exception>
#include <utility>

#include "compile/graph/replay.h"
#include "compile/lowering/lower.h"

namespace torch_func::compile {

static std::unique_ptr<Executable> optimize(const Graph& recorded, const CompilationOptions& options,
                                            Compilation& result) {
  Graph graph = recorded;
  std::string refusal = runPasses(graph, options.passes, &result.passes);
  if (!refusal.empty()) {
    result.reasons.push_back(std::move(refusal));
    return nullptr;
  }
  if (options.keepsText) result.optimizedText = graph.print();
  std::unique_ptr<Executable> executable;
  result.planning =
      millisecondsOf([&] { executable = lower(graph, result.reasons, {.finiteMath = !options.passes.strictZeros}); });
  if (options.keepsGraphs && executable != nullptr) result.optimizedGraph = std::make_unique<Graph>(std::move(graph));
  return executable;
}

Compilation compileGraph(Graph recorded, const CompilationOptions& options) {
  Compilation result;
  result.recorded = recorded.nodes.size();
  if (options.keepsText) result.recordedText = recorded.print();
  if (options.keepsGraphs) result.recordedGraph = std::make_unique<Graph>(recorded);
  if (options.backend == Backend::Native) {
    try {
      result.executable = optimize(recorded, options, result);
    } catch (const std::exception& error) {
      result.reasons.push_back(std::string("internal error: ") + error.what());
    }
  }
  if (result.executable == nullptr) result.executable = std::make_shared<Replay>(std::move(recorded));
  return result;
}

}  // namespace torch_func::compile
