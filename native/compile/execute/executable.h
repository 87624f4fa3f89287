#pragma once
// What a graph becomes: something that computes the outputs from the inputs.

#include <ATen/core/Tensor.h>
#include <c10/util/ArrayRef.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <string>
#include <vector>

#include "compile/graph/work.h"

namespace torch_func::compile {

// What a graph expects of values is not so: the call must run in another way. Nothing outside has been written to.
struct UnexpectedValues : std::exception {
  const char* what() const noexcept override { return "values differ from those of the recorded call"; }
};

// The call was told to stop, and did so between two steps.
struct Stopped : std::exception {
  const char* what() const noexcept override { return "the call was stopped"; }
};

// What a call that does not run on the thread of its caller needs.
struct RunOptions {
  // In the place of Executable::closures(), in their order; empty: these themselves.
  c10::ArrayRef<at::Tensor> closures;
  const std::atomic<bool>* stop = nullptr;

  void throwIfStopped() const {
    if (stop != nullptr && stop->load(std::memory_order_relaxed)) throw Stopped();
  }
};

// One step of an executable, for explain().
struct StepReport {
  std::string kind;  // program, product, library, chain or replay
  std::string text;
  std::string reason;                  // why it is a call of the library
  std::vector<std::string> operators;  // that it computes, each once, where that is known
  Workload work;
  std::vector<StepReport> steps;  // of a chain: for one chunk of the samples
};

inline double millisecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

template <typename F>
double millisecondsOf(F&& f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return millisecondsSince(start);
}

class Executable {
 public:
  virtual ~Executable() = default;

  // Appends the outputs, which are new tensors. The caller has checked that the inputs have the types of the graph's
  // and that no transform, no mode and no gradient recording is active.
  // Several threads may run one executable at the same time.
  virtual void run(c10::ArrayRef<at::Tensor> inputs, std::vector<at::Tensor>& outputs, const RunOptions& options) = 0;
  void run(c10::ArrayRef<at::Tensor> inputs, std::vector<at::Tensor>& outputs) { run(inputs, outputs, {}); }

  // The tensors from outside of the function that a call reads.
  virtual c10::ArrayRef<at::Tensor> closures() const = 0;

  // Generated source code, for the log. Empty for plans without generated kernels.
  virtual std::string sources() const { return {}; }
  // What kept a call from running the steps; empty if nothing did.
  virtual std::string problem() const { return {}; }
  // Whether calls replay a graph of the device, or why not; empty on a CPU.
  virtual std::string deviceGraph() const { return {}; }
  // For explain().
  virtual std::vector<StepReport> report() const = 0;
  virtual int64_t plannedBytes() const { return 0; }
  // Whether a call does nothing besides computing its outputs: it neither writes to inputs nor draws random numbers.
  virtual bool isRepeatable() const = 0;
  // Runs, and returns the milliseconds of each step; nothing if the steps could not run for these inputs.
  virtual std::vector<double> time(c10::ArrayRef<at::Tensor> inputs) = 0;
};

}  // namespace torch_func::compile
