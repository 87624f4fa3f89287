#pragma once
// The steps of an executable over planned buffers.
//
// Note [Plans]
// A buffer is the storage of a base value of the graph, or memory that only steps know. Buffers of intermediate results
// lie in one block of memory, the arena, where two share a place if no step needs both. Outputs are new tensors; a step
// writes into them directly. What differs between calls that run at the same time is in a Frame: addresses, the arena,
// tensors for library calls. Frames are kept for the next call.

#include <ATen/core/ivalue.h>
#include <ATen/core/stack.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "compile/execute/executable.h"
#include "compile/graph/graph.h"

namespace torch_func::compile {

using BufferId = int32_t;

// Nanoseconds that a call of a kernel or of a library takes on a CUDA device, roughly.
inline constexpr double kLaunchCost = 5'000;

struct Buffer {
  enum class Place : uint8_t {
    Input,
    Closure,
    Constant,
    Scratch,  // in the arena
    Output,   // a new tensor of `type`
    Library,  // a tensor that a library call returns
    Chunk,    // in the memory of a thread: of a part of the samples, see lowering/chain.h
  };
  Place place = Place::Scratch;
  int32_t input = -1;  // of an Input: the position
  at::Tensor tensor;   // of a Closure or Constant; of an Output: the constant of which it is a copy
  TensorType type;     // of the base value; of memory that only steps know, its dtype and one dimension
  int64_t bytes = 0;
  int64_t offset = 0;  // of Scratch, in the arena, in bytes
};

// What one call in flight uses.
struct Frame {
  std::vector<void*> addresses;      // of the buffers
  std::vector<at::Tensor> owners;    // tensors over whole buffers
  std::vector<at::Tensor> operands;  // of library calls, by value
  torch::jit::Stack stack;
  at::DataPtr arena;
  bool isOneThread = false;  // the steps run on one of several threads
  const RunOptions* options = nullptr;
};

// A library call returned a tensor of another layout than the recorded call did, or a kernel could not be launched.
struct LayoutError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class PlanBuilder;
class PlanCapture;

class Step {
 public:
  virtual ~Step() = default;
  // The step becomes part of the plan, after the steps before it: now it may say which buffers it does not need.
  virtual void join(PlanBuilder& builder) {}
  virtual void run(Frame& frame) const = 0;
  virtual StepReport report() const = 0;
  // The generated code that the step runs.
  virtual std::string source() const { return {}; }
  // Why the step cannot be part of a graph of the device; empty if it can.
  virtual std::string whyNotCaptured() const { return {}; }

  std::vector<BufferId> reads, writes;
  std::vector<std::string> operators;  // see StepReport
  Workload work;
  double cost = 0;  // nanoseconds of one thread, roughly: to choose between two plans
};

class Plan final : public Executable {
 public:
  // An output, or a tensor that a library call takes: a reading of a buffer.
  struct View {
    BufferId buffer = -1;  // of an output; -1: an undefined tensor
    TensorType type;
    int64_t offset = 0;
    bool isWhole = false;  // the tensor of the base value itself
    int32_t sameAs = -1;   // of an output: an earlier output that is the same value
  };
  struct WriteBack {
    View target;
    View value;
    bool throughCopy = false;  // the value lies in memory that another write changes
  };

  using Executable::run;
  void run(c10::ArrayRef<at::Tensor> inputs, std::vector<at::Tensor>& outputs, const RunOptions& options) override;
  c10::ArrayRef<at::Tensor> closures() const override { return closures_; }
  std::string sources() const override;
  std::string problem() const override;
  std::string deviceGraph() const override;
  std::vector<StepReport> report() const override;
  int64_t plannedBytes() const override { return arenaBytes_; }
  bool isRepeatable() const override { return isRepeatable_; }
  // On a CUDA device, the time in which the steps are launched.
  std::vector<double> time(c10::ArrayRef<at::Tensor> inputs) override;

 private:
  friend class PlanBuilder;
  friend class PlanCapture;
  class Lease;

  // Calls `run` with a frame for these inputs.
  template <typename Run>
  void runFrame(c10::ArrayRef<at::Tensor> inputs, std::vector<at::Tensor>& outputs, const RunOptions& options,
                Run&& run);
  std::unique_ptr<Frame> makeFrame() const;
  void begin(Frame& frame, c10::ArrayRef<at::Tensor> inputs) const;
  // Where `milliseconds` is given: those of each step.
  void runSteps(Frame& frame, double* milliseconds = nullptr) const;
  // The tensor over a whole buffer.
  at::Tensor& ownerOf(Frame& frame, BufferId id) const;
  void finish(Frame& frame, std::vector<at::Tensor>& outputs) const;
  void release(Frame& frame) const;

  c10::Device device_ = c10::kCPU;  // of all tensors but numbers
  std::vector<Buffer> buffers_;
  std::vector<std::unique_ptr<Step>> steps_;
  std::vector<std::vector<BufferId>> lastUses_;  // of Library buffers, for each step
  std::vector<View> outputs_;
  std::vector<WriteBack> writeBacks_;
  std::vector<BufferId> inputBuffers_, closureBuffers_, outputBuffers_, constantBuffers_, scratchBuffers_;
  int64_t arenaBytes_ = 0;
  size_t operandCount_ = 0;
  std::vector<at::Tensor> closures_;      // of the closure buffers, then those of the fallback
  std::unique_ptr<PlanCapture> capture_;  // on CUDA
  bool isRepeatable_ = true;
  std::unique_ptr<Executable> fallback_;  // for a LayoutError
  std::string problem_;                   // of the last call that needed it

  std::atomic<Frame*> idle_{nullptr};  // the frame that the next call takes without a lock
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Frame>> frames_;

 public:
  Plan();
  ~Plan() override;
};

// A tensor over the memory of a buffer whose whole is `owner`.
at::Tensor viewOf(const at::Tensor& owner, const Plan::View& view);
// A tensor over memory that something else owns.
at::Tensor tensorOver(void* data, int64_t bytes, const TensorType& type, c10::Device device);
// A new tensor of the type.
at::Tensor emptyOf(const TensorType& type, c10::Device device);

// Elements from the first to behind the last.
int64_t extentOf(const TensorType& type);
// Whether the elements fill their extent, each with an address of its own.
bool isDense(const TensorType& type);
// Whether no two elements share an address.
bool isInjective(const TensorType& type);

}  // namespace torch_func::compile
