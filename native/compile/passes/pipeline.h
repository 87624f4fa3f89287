#pragma once
// The passes in their order.

#include <string>
#include <vector>

#include "compile/graph/graph.h"

namespace torch_func::compile {

struct PassOptions {
  // Whether 0 * x is NaN where x is infinite or NaN, as in eager execution, even for the zeros of a structure: those of
  // an identity, or of a tensor of zeros. By default they are zero, and what they multiply is not computed.
  bool strictZeros = false;
  // Whether composite operators, such as softmax, become elementwise operators and sums.
  bool decompose = true;
};

struct Pass {
  const char* name;
  // Throws Refusal for a graph that it cannot do; the graph is then of no use any more.
  void (*run)(Graph& graph, const PassOptions& options);
};

const std::vector<Pass>& passes();

struct PassReport {
  const char* name;
  size_t before;  // nodes
  size_t after;
  double milliseconds;
};

// Turns a recorded graph into one without writes, ready for lowering. Returns why it cannot be done, if so; the graph
// is then of no use any more.
std::string runPasses(Graph& graph, const PassOptions& options = {}, std::vector<PassReport>* reports = nullptr);

// Only removes writes, and nodes that nobody needs. Returns why it cannot be done, as runPasses does.
std::string makeFunctional(Graph& graph);

}  // namespace torch_func::compile
