#pragma once
// A function that is linear in its inputs, recorded at one point: the derivative that linearize returns.
//
// Note [Linear functions]
// The recording (Note [Partial evaluation]) keeps only what depends on the inputs. Plain calls replay the graph, which
// is compiled once there are many. In all others the operators of the graph go through the dispatcher one by one, which
// differentiates, batches or records them.
// The constants are those of the point. A function that finds one of them changed throws an error, as the autograd
// engine does.

#include <c10/core/ScalarType.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "compile/call/compilation.h"
#include "compile/capture/recorder.h"
#include "compile/graph/replay.h"

namespace torch_func::compile {

class LinearFunction {
 public:
  // `inputs`: contiguous tensors of the types of the inputs. `fixed`: tensors that the function must not write to.
  LinearFunction(std::vector<at::Tensor> inputs, c10::ArrayRef<at::Tensor> fixed, bool refusesCallbacks);
  ~LinearFunction();
  LinearFunction(const LinearFunction&) = delete;
  LinearFunction& operator=(const LinearFunction&) = delete;

  // Whether a call can be recorded now, of a function that computes with these tensors.
  static bool canRecord(c10::ArrayRef<at::Tensor> tensors);

  // Records with grad mode on, as inside of a transform.
  void start();
  void stop();
  // Takes what was recorded. Returns why it cannot be repeated; empty if it can. `values` are other results of the
  // recorded function: none of them may require a gradient.
  std::string finish(c10::ArrayRef<at::Tensor> outputs, c10::ArrayRef<at::Tensor> values);
  // The recorded call will be made again: random numbers are those that it has drawn.
  void abandon();

  // Whether the tensors have the types of the inputs. Strides may differ.
  bool accepts(c10::ArrayRef<at::Tensor> inputs) const;
  // Whether a call does nothing but compute: no transform is active, and no input is differentiated.
  static bool isPlain(c10::ArrayRef<at::Tensor> inputs);
  void call(std::vector<at::Tensor> inputs, std::vector<at::Tensor>& outputs);
  void callDifferentiably(c10::ArrayRef<at::Tensor> inputs, std::vector<at::Tensor>& outputs);

  size_t outputCount() const { return outputCount_; }

 private:
  void checkConstants() const;

  std::vector<at::Tensor> examples_;
  std::vector<TensorType> types_;
  std::unique_ptr<Recorder> recorder_;
  bool gradMode_ = true;
  at::Tensor generatorState_;
  std::unique_ptr<Replay> replay_;
  int replays_ = 0;
  std::shared_ptr<Executable> executable_;
  bool readsOffsets_ = false;
  size_t outputCount_ = 0;
  // Each with the number of writes when it was recorded.
  std::vector<std::pair<at::Tensor, uint32_t>> constants_;
};

}  // namespace torch_func::compile
