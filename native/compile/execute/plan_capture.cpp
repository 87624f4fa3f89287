// See Note [CUDA graphs].

#include "compile/execute/plan_capture.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <exception>
#include <stdexcept>

namespace torch_func::compile {

namespace {

// The call after which the steps are captured.
constexpr int kCapturingCall = 3;
// Of the memory that a captured plan keeps.
constexpr int64_t kMostKeptBytes = int64_t{64} << 20;

}  // namespace

PlanCapture::PlanCapture(const Plan& plan, KernelDevice& device)
    : plan_(plan), device_(device), results_(results()), problem_(refusal()) {}

std::vector<BufferId> PlanCapture::results() const {
  std::vector<BufferId> result;
  const auto take = [&](const Plan::View& view) {
    if (view.buffer < 0) return;
    const Buffer& buffer = plan_.buffers_[view.buffer];
    const bool isComputed = buffer.place == Buffer::Place::Scratch || buffer.place == Buffer::Place::Library ||
                            (buffer.place == Buffer::Place::Output && !buffer.tensor.defined());
    if (isComputed && std::find(result.begin(), result.end(), view.buffer) == result.end()) {
      result.push_back(view.buffer);
    }
  };
  for (const Plan::View& output : plan_.outputs_) take(output);
  for (const Plan::WriteBack& write : plan_.writeBacks_) take(write.value);
  return result;
}

std::string PlanCapture::refusal() const {
  const size_t copies = plan_.inputBuffers_.size() + results_.size();
  if (plan_.steps_.size() <= copies + 1) return "it would take as many copies as there are steps";
  int64_t bytes = plan_.arenaBytes_;
  for (BufferId id : plan_.inputBuffers_) {
    if (!isInjective(plan_.buffers_[id].type)) return "elements of an input share memory";
    bytes += plan_.buffers_[id].bytes;
  }
  for (BufferId id : results_) bytes += plan_.buffers_[id].bytes;
  if (bytes > kMostKeptBytes) return "it would keep " + std::to_string(bytes) + " B";
  for (const auto& step : plan_.steps_) {
    if (std::string reason = step->whyNotCaptured(); !reason.empty()) return reason;
  }
  return {};
}

void PlanCapture::run(Frame& frame) {
  const std::lock_guard lock(mutex_);
  if (graph_ != nullptr && hasSameClosures(frame)) return replay(frame);
  plan_.runSteps(frame);
  // Calls off the event loop read copies of the tensors from outside.
  if (graph_ != nullptr || !problem_.empty() || !frame.options->closures.empty()) return;
  if (++calls_ < kCapturingCall) return;
  try {
    capture(frame);
  } catch (const std::exception& error) {
    graph_.reset();
    own_.reset();
    const std::string text = error.what();
    problem_ = text.substr(0, text.find('\n'));
  }
}

bool PlanCapture::hasSameClosures(const Frame& frame) const {
  return std::all_of(plan_.closureBuffers_.begin(), plan_.closureBuffers_.end(),
                     [&](BufferId id) { return frame.addresses[id] == own_->addresses[id]; });
}

// The frame has the results of the same inputs.
void PlanCapture::capture(Frame& frame) {
  if (std::string reason = refusal(); !reason.empty()) throw std::runtime_error(reason);
  static const RunOptions options;
  own_ = plan_.makeFrame();
  own_->options = &options;
  std::vector<at::Tensor> inputs;
  for (BufferId id : plan_.inputBuffers_) {
    const auto position = static_cast<size_t>(plan_.buffers_[id].input);
    if (inputs.size() <= position) inputs.resize(position + 1);
    inputs[position] = emptyOf(plan_.buffers_[id].type, device_.device());
    inputs[position].copy_(frame.owners[id]);
  }
  plan_.begin(*own_, inputs);
  graph_ = device_.capture([this] { plan_.runSteps(*own_); });
  graph_->replay();
  for (BufferId id : results_) {
    // Equal bits would be too much: sums of atomic additions have no order.
    if (!at::allclose(plan_.ownerOf(frame, id), plan_.ownerOf(*own_, id), 1e-4, 1e-6, /*equal_nan=*/true)) {
      throw std::runtime_error("a replay gave other numbers than the steps one by one");
    }
  }
}

// Both tensors have the type of the buffer.
void PlanCapture::copy(const at::Tensor& target, const at::Tensor& source, BufferId id) const {
  const Buffer& buffer = plan_.buffers_[id];
  if (!isDense(buffer.type)) {
    target.copy_(source);
  } else if (buffer.bytes > 0) {
    // A call of copy_ takes several times as long to start as the copy itself.
    device_.copy(target.mutable_data_ptr(), source.const_data_ptr(), static_cast<size_t>(buffer.bytes));
  }
}

void PlanCapture::replay(Frame& frame) {
  for (BufferId id : plan_.inputBuffers_) copy(own_->owners[id], frame.owners[id], id);
  graph_->replay();
  for (BufferId id : results_) {
    if (plan_.buffers_[id].place == Buffer::Place::Library) {
      frame.owners[id] = emptyOf(plan_.buffers_[id].type, device_.device());
    }
    copy(plan_.ownerOf(frame, id), plan_.ownerOf(*own_, id), id);
  }
}

std::string PlanCapture::describe() const {
  const std::lock_guard lock(mutex_);
  if (!problem_.empty()) return "no CUDA graph: " + problem_;
  return graph_ != nullptr ? "CUDA graph: calls replay it" : "CUDA graph: later calls replay it";
}

}  // namespace torch_func::compile
