#pragma once
// A program of the vector machine as a step.

#include <memory>

#include "compile/cuda/kernel_device.h"
#include "compile/execute/plan.h"
#include "compile/machine/program.h"

namespace torch_func::compile {

// Nanoseconds of the program as a kernel, roughly; 0 without points.
double kernelCost(const Program& program);

// The buffers of the program are those of the plan. With a device, a kernel computes the program there: it is compiled
// when the step becomes part of a plan.
std::unique_ptr<Step> programStep(Program program, std::vector<BufferId> reads, std::vector<BufferId> writes,
                                  std::string what, KernelDevice* device = nullptr);

}  // namespace torch_func::compile
