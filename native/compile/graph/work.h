#pragma once
// What a step computes and moves, for explain().
//
// Note [Work]
// Flops are counted by a convention; what has none is unknown. A product of m x k by k x n numbers has 2mkn, and a
// convolution as many as its sums of products. The sum of n numbers has n - 1. A program of the vector machine has one
// for each instruction and point; a multiply-add has two, transfers and conversions have none.
// Bytes count each operand of a step once, without the repetitions of broadcasting, and each result once. How many of
// them come from a cache is not known.

#include <optional>

#include "compile/graph/graph.h"

namespace torch_func::compile {

struct Workload {
  std::optional<double> flops;
  double bytesRead = 0, bytesWritten = 0;
};

// Of a call of the operator.
Workload workOf(const Graph& graph, const Node& node);

// The names of these operators, each once.
std::vector<std::string> namesOf(const Graph& graph, c10::ArrayRef<int32_t> nodes);
std::vector<std::string> namesOf(const Graph& graph);

}  // namespace torch_func::compile
