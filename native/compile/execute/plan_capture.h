#pragma once
// Plans whose steps were captured in a graph of the device.
//
// Note [CUDA graphs]
// A replay of a captured graph starts all kernels of a plan by one call, on the addresses of the capture. So a captured
// plan has a frame of its own, whose memory stays: the inputs are copied into it, and the results out of it, for the
// caller gets new tensors. That pays if the plan has more steps than copies.
// Only plans whose steps allocate nothing are captured: what a step allocates is free for others when it has run, and a
// replay would overwrite it. So kernels, and library calls into planned memory. The capture comes after some calls that
// ran the steps one by one: then library calls know whether they write there. Steps that synchronise cannot be
// captured: the capture fails, and the plan goes on without a graph. So it does if a step allocates all the same, or if
// the first replay gives other numbers than the steps.

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "compile/cuda/kernel_device.h"
#include "compile/execute/plan.h"

namespace torch_func::compile {

class PlanCapture {
 public:
  PlanCapture(const Plan& plan, KernelDevice& device);

  // Runs the steps, or replays them. The frame has begun; afterwards it can finish.
  void run(Frame& frame);
  std::string describe() const;

 private:
  std::string refusal() const;
  std::vector<BufferId> results() const;
  void capture(Frame& frame);
  void replay(Frame& frame);
  void copy(const at::Tensor& target, const at::Tensor& source, BufferId id) const;
  bool hasSameClosures(const Frame& frame) const;

  const Plan& plan_;
  KernelDevice& device_;
  std::vector<BufferId> results_;  // what outputs and writes take from the steps
  mutable std::mutex mutex_;       // of all below
  int calls_ = 0;
  std::string problem_;         // why there is no graph, nor will be
  std::unique_ptr<Frame> own_;  // with the memory of the graph
  std::unique_ptr<DeviceGraph> graph_;
};

}  // namespace torch_func::compile
