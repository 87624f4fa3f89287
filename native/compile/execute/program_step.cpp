// A program of the vector machine as a step.

#include "compile/execute/program_step.h"

#include <utility>

#include "compile/machine/machine.h"

namespace torch_func::compile {

namespace {

class ProgramStep final : public Step {
 public:
  ProgramStep(Program program, std::string what) : program_(std::move(program)), what_(std::move(what)) {
    cost = 100 + static_cast<double>(program_.instructions.size()) * (5 + 0.05 * static_cast<double>(program_.points));
  }

  void run(Frame& frame) const override {
    void* const* addresses = frame.addresses.data();
    frame.isOneThread ? compile::run(program_, addresses, 0, program_.points) : runParallel(program_, addresses);
  }

  std::string describe() const override {
    return what_ + ": " + std::to_string(program_.points) + " points, " + std::to_string(program_.instructions.size()) +
           " instructions";
  }

 private:
  Program program_;
  std::string what_;
};

}  // namespace

std::unique_ptr<Step> programStep(Program program, std::vector<BufferId> reads, std::vector<BufferId> writes,
                                  std::string what) {
  auto step = std::make_unique<ProgramStep>(std::move(program), std::move(what));
  step->reads = std::move(reads);
  step->writes = std::move(writes);
  return step;
}

}  // namespace torch_func::compile
