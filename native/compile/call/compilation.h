#pragma once
// From a recorded graph to what runs it.

#include <memory>
#include <string>
#include <vector>

#include "compile/execute/executable.h"
#include "compile/graph/graph.h"
#include "compile/passes/pipeline.h"

namespace torch_func::compile {

enum class Backend : uint8_t {
  Native,  // passes, lowering
  Replay,  // the recorded operators, one by one
};

struct Compilation {
  std::shared_ptr<Executable> executable;
  // Where they are kept: the recorded graph, and that after the passes; null if the recorded operators are replayed.
  std::unique_ptr<Graph> recordedGraph, optimizedGraph;
  // For explain().
  size_t recorded = 0;  // nodes
  std::vector<PassReport> passes;
  std::vector<std::string> reasons;  // why the recorded operators are replayed, or not all are fused
  double recording = 0;              // milliseconds of the recorded call, and of what follows the passes
  double planning = 0;
  std::string recordedText;
  std::string optimizedText;
};

struct CompilationOptions {
  Backend backend = Backend::Native;
  PassOptions passes;
  bool keepsText = false;  // of the graphs
  bool keepsGraphs = false;
};

// A graph that the passes or the lowering refuse, or fail at, is replayed: a wrong result is never the price of speed.
Compilation compileGraph(Graph recorded, const CompilationOptions& options);

}  // namespace torch_func::compile
