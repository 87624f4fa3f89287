// A program as a step: in the vector machine, or as a generated kernel.

#include "compile/execute/program_step.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>
#include <vector>

#include "compile/cuda/kernel_source.h"
#include "compile/execute/plan_builder.h"
#include "compile/machine/machine.h"

namespace torch_func::compile {

namespace {

// Points between two looks at whether the call is to stop: a fraction of a millisecond for most programs.
constexpr int64_t kPiece = 64 * kLanes;

int flopsOf(Opcode opcode) {
  switch (opcode) {
    case Opcode::Load:
    case Opcode::Store:
    case Opcode::Convert:
    case Opcode::ToInt64:
    case Opcode::ToInt32:
    case Opcode::IsVectorLoop: return 0;
    case Opcode::MulAdd:
    case Opcode::NegMulAdd:
    case Opcode::MulSub:
    case Opcode::MulAddImmediate: return 2;
    default: return 1;
  }
}

// See Note [Work].
Workload workOf(const Program& program) {
  Workload work;
  const auto points = static_cast<double>(program.points);
  std::vector<bool> isStore(program.transfers.size()), isTarget(program.offsets.size());
  double flops = 0;
  for (const Instruction& instruction : program.instructions) {
    flops += flopsOf(instruction.opcode) * points;
    if (instruction.opcode == Opcode::Store) isStore[static_cast<size_t>(instruction.immediate)] = true;
    if (instruction.opcode != Opcode::Load && instruction.opcode != Opcode::Store) isTarget[instruction.target] = true;
  }
  work.flops = flops;
  for (size_t t = 0; t < program.transfers.size(); ++t) {
    const Transfer& transfer = program.transfers[t];
    auto bytes = static_cast<double>(transfer.columns.size() * c10::elementSize(transfer.operand.dtype));
    for (size_t d = 0; d < transfer.sizes.size(); ++d) {
      if (transfer.operand.strides[d] != 0) bytes *= static_cast<double>(transfer.sizes[d]);
    }
    (isStore[t] ? work.bytesWritten : work.bytesRead) += bytes;
  }
  for (const Program::Direct& direct : program.directs) {
    (isTarget[direct.slot] ? work.bytesWritten : work.bytesRead) += points * direct.size;
  }
  return work;
}

class ProgramStep final : public Step {
 public:
  ProgramStep(Program program, std::string what) : program_(std::move(program)), what_(std::move(what)) {
    work = workOf(program_);
    cost = 100 + static_cast<double>(program_.instructions.size()) * (5 + 0.05 * static_cast<double>(program_.points));
  }

  void run(Frame& frame) const override {
    void* const* addresses = frame.addresses.data();
    if (frame.isOneThread) {
      compile::run(program_, addresses, 0, program_.points);
    } else if (frame.options->stop != nullptr) {
      // A call that may be stopped runs on one thread.
      for (int64_t begin = 0; begin < program_.points; begin += kPiece) {
        frame.options->throwIfStopped();
        compile::run(program_, addresses, begin, std::min(program_.points, begin + kPiece));
      }
    } else {
      runParallel(program_, addresses);
    }
  }

  StepReport report() const override {
    std::string text = what_ + ": " + std::to_string(program_.points) + " points, " +
                       std::to_string(program_.instructions.size()) + " instructions";
    return {"program", std::move(text), "", operators, work, {}};
  }

 private:
  Program program_;
  std::string what_;
};

class KernelStep final : public Step {
 public:
  KernelStep(Program program, std::string what, KernelDevice& device)
      : program_(std::move(program)), what_(std::move(what)), device_(device) {
    work = workOf(program_);
    cost = kernelCost(program_);
  }

  void join(PlanBuilder& builder) override {
    source_ = kernelSource(program_);
    for (int32_t buffer : source_.buffers) {
      const at::Tensor& tensor = builder.buffer(buffer).tensor;
      if (tensor.defined() && tensor.device() != device_.device()) {
        throw std::logic_error("a fused group reads a tensor on another device");
      }
    }
    kernel_ = device_.kernel(source_);
  }

  void run(Frame& frame) const override {
    c10::SmallVector<void*, 16> addresses;
    for (int32_t buffer : source_.buffers) addresses.push_back(frame.addresses[buffer]);
    try {
      kernel_->launch(program_.points, addresses);
    } catch (const std::exception& error) {
      throw LayoutError("kernel " + source_.name + ": " + error.what());
    }
  }

  StepReport report() const override {
    std::string text = what_ + ": " + std::to_string(program_.points) + " points, kernel " + source_.name + " of " +
                       std::to_string(program_.instructions.size()) + " instructions";
    return {"program", std::move(text), "", operators, work, {}};
  }

  std::string source() const override { return source_.text; }

 private:
  Program program_;
  std::string what_;
  KernelDevice& device_;
  KernelSource source_;
  std::shared_ptr<const DeviceKernel> kernel_;
};

}  // namespace

double kernelCost(const Program& program) {
  if (program.points == 0) return 0;
  // Threads that run at the same time, and the time of an instruction in each.
  constexpr double kThreads = 200'000, kInstruction = 4;
  const double turns = std::ceil(static_cast<double>(program.points) / kThreads);
  return kLaunchCost + turns * kInstruction * static_cast<double>(program.instructions.size());
}

std::unique_ptr<Step> programStep(Program program, std::vector<BufferId> reads, std::vector<BufferId> writes,
                                  std::string what, KernelDevice* device) {
  std::unique_ptr<Step> step;
  if (device == nullptr) {
    step = std::make_unique<ProgramStep>(std::move(program), std::move(what));
  } else {
    step = std::make_unique<KernelStep>(std::move(program), std::move(what), *device);
  }
  step->reads = std::move(reads);
  step->writes = std::move(writes);
  return step;
}

}  // namespace torch_func::compile
