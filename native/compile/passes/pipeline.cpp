// The list of passes, and its run.

#include "compile/passes/pipeline.h"

#include <chrono>
#include <utility>

#include "compile/passes/algebra.h"
#include "compile/passes/common_subexpressions.h"
#include "compile/passes/constant_folding.h"
#include "compile/passes/dead_code.h"
#include "compile/passes/decompositions.h"
#include "compile/passes/functionalize.h"
#include "compile/passes/structure/structure.h"

namespace torch_func::compile {

template <void (*pass)(Graph&)>
static void run(Graph& graph, const PassOptions&) {
  pass(graph);
}

static void structure(Graph& graph, const PassOptions& options) {
  if (!options.strictZeros) simplifyStructure(graph);
}

static void decompositions(Graph& graph, const PassOptions& options) {
  if (options.decompose) decompose(graph);
}

const std::vector<Pass>& passes() {
  static const std::vector<Pass> list = {
      {"functionalize", run<functionalize>},
      {"dead code", run<removeDeadCode>},
      {"decompositions", decompositions},
      {"algebra", run<simplifyAlgebra>},
      {"common subexpressions", run<shareCommonSubexpressions>},
      {"structure", structure},
      {"constant folding", run<foldConstants>},
      {"algebra", run<simplifyAlgebra>},
      {"common subexpressions", run<shareCommonSubexpressions>},
      {"dead code", run<removeDeadCode>},
  };
  return list;
}

// What the caller sees of the outputs.
static std::vector<std::pair<Sizes, c10::ScalarType>> outputTypes(const Graph& graph) {
  std::vector<std::pair<Sizes, c10::ScalarType>> types;
  for (ValueId output : graph.outputs) types.emplace_back(graph.type(output).sizes, graph.type(output).dtype);
  return types;
}

// The reason of a refusal is its first line.
static std::string reasonOf(const std::exception& error) {
  const std::string text = error.what();
  return text.substr(0, text.find('\n'));
}

std::string makeFunctional(Graph& graph) {
  try {
    functionalize(graph);
    removeDeadCode(graph);
    graph.check();
  } catch (const std::exception& error) {
    return reasonOf(error);
  }
  return "";
}

std::string runPasses(Graph& graph, const PassOptions& options, std::vector<PassReport>* reports) {
  using Clock = std::chrono::steady_clock;
  const auto types = outputTypes(graph);
  for (const Pass& pass : passes()) {
    const size_t before = graph.nodes.size();
    const auto start = Clock::now();
    try {
      pass.run(graph, options);
      graph.check();
      if (outputTypes(graph) != types) return std::string(pass.name) + " changed the type of an output";
    } catch (const std::exception& error) {
      return reasonOf(error);
    }
    if (reports == nullptr) continue;
    const double milliseconds = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    reports->push_back({pass.name, before, graph.nodes.size(), milliseconds});
  }
  return "";
}

}  // namespace torch_func::compile
