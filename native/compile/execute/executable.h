#pragma once
// What a graph becomes: something that computes the outputs from the inputs.

#include <ATen/core/Tensor.h>
#include <c10/util/ArrayRef.h>

#include <atomic>
#include <exception>
#include <string>
#include <vector>

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

  // The steps as text, one line each, for explain().
  virtual std::string describe() const = 0;
  // Generated source code, for the log. Empty for plans without generated kernels.
  virtual std::string sources() const { return {}; }
};

}  // namespace torch_func::compile
