#pragma once
// Graphs of few numbers per sample as one program of the vector machine.
//
// Note [Scalarizing]
// Each lane computes one sample, and each element of a sample is a value of the program: the loops over the small
// dimensions are unrolled, and views, stacks, expansions, identities and one-hot vectors leave nothing behind. What is
// the same for all samples is computed once, by a program of its own with a single lane.

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "compile/graph/graph.h"
#include "compile/machine/program.h"

namespace torch_func::compile {

struct ScalarizeOptions {
  bool finiteMath = true;  // see Builder::Options
  // Longer programs are refused: of many lanes, and of a single one.
  size_t mostInstructions = 50'000;
  size_t mostInstructionsOfOne = 4'000;
  // Nanoseconds of one thread: programs that would certainly take longer are given up while they are unrolled.
  double mostCost = std::numeric_limits<double>::infinity();
};

// Nanoseconds of one thread that an instruction takes, roughly.
double instructionCost(int64_t points);
// The same of columns that are loaded or stored together.
double columnsCost(size_t columns, int64_t points);

// Operand::buffer is the ValueId of a base.
struct Scalarized {
  int64_t lanes = 1;
  // Runs before `program`. Without points if there is nothing to do; with one lane, everything is in here.
  Program uniform;
  Program program;
  std::vector<ValueId> stored;       // bases of outputs
  std::vector<ValueId> temporaries;  // other bases that `uniform` stores and `program` loads
  // Whether the programs hold for any number of lanes: then only Program::points depends on it.
  bool isForAnyLanes = true;
  size_t instructions = 0;
};

// The program of these nodes, in the order of the graph, that stores the bases of `outputs`. What the nodes do not
// compute is loaded. Nothing, and the reason, if a node has no rule, no dimension fits or the program is too long.
std::optional<Scalarized> scalarize(const Graph& graph, c10::ArrayRef<int32_t> nodes, c10::ArrayRef<ValueId> outputs,
                                    std::string& reason, const ScalarizeOptions& options = {});

// The program of a whole graph: its outputs and what is written back to the inputs.
std::optional<Scalarized> scalarize(const Graph& graph, std::string& reason, const ScalarizeOptions& options = {});

}  // namespace torch_func::compile
