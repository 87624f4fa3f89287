#pragma once
// A program of the vector machine as a step.

#include <memory>

#include "compile/execute/plan.h"
#include "compile/machine/program.h"

namespace torch_func::compile {

// The buffers of the program are those of the plan.
std::unique_ptr<Step> programStep(Program program, std::vector<BufferId> reads, std::vector<BufferId> writes,
                                  std::string what);

}  // namespace torch_func::compile
