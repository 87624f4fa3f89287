// See Note [Plans].

#include "compile/execute/plan.h"

#include <ATen/EmptyTensor.h>
#include <ATen/Functions.h>
#include <c10/core/Allocator.h>
#include <c10/core/DeviceGuard.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "compile/execute/plan_capture.h"

namespace torch_func::compile {

namespace {

// Frames with a larger arena give it back after each call.
constexpr int64_t kKeptArenaBytes = int64_t{64} << 20;
constexpr size_t kKeptFrames = 4;

void* addressOf(const at::Tensor& tensor) { return const_cast<void*>(tensor.const_data_ptr()); }

}  // namespace

int64_t extentOf(const TensorType& type) {
  int64_t last = 0;
  for (size_t i = 0; i < type.sizes.size(); ++i) {
    if (type.sizes[i] == 0) return 0;
    last += (type.sizes[i] - 1) * type.strides[i];
  }
  return last + 1;
}

bool isInjective(const TensorType& type) {
  c10::SmallVector<std::pair<int64_t, int64_t>, 5> dimensions;
  for (size_t i = 0; i < type.sizes.size(); ++i) {
    if (type.sizes[i] == 0) return true;
    if (type.sizes[i] > 1) dimensions.emplace_back(type.strides[i], type.sizes[i]);
  }
  std::sort(dimensions.begin(), dimensions.end());
  int64_t extent = 1;
  for (const auto& [stride, size] : dimensions) {
    if (stride < extent) return false;
    extent += (size - 1) * stride;
  }
  return true;
}

bool isDense(const TensorType& type) { return extentOf(type) == type.numel() && isInjective(type); }

at::Tensor tensorOver(void* data, int64_t bytes, const TensorType& type, c10::Device device) {
  c10::Storage storage(c10::Storage::use_byte_size_t(), static_cast<size_t>(bytes), at::DataPtr(data, device));
  const auto key = device.is_cuda() ? c10::DispatchKey::CUDA : c10::DispatchKey::CPU;
  at::Tensor tensor = at::detail::make_tensor<c10::TensorImpl>(std::move(storage), c10::DispatchKeySet(key),
                                                               c10::scalarTypeToTypeMeta(type.dtype));
  tensor.unsafeGetTensorImpl()->set_sizes_and_strides(type.sizes, type.strides);
  return tensor;
}

at::Tensor emptyOf(const TensorType& type, c10::Device device) {
  if (device.is_cpu()) return at::detail::empty_strided_cpu(type.sizes, type.strides, type.dtype);
  return at::empty_strided(type.sizes, type.strides, at::TensorOptions().dtype(type.dtype).device(device));
}

at::Tensor viewOf(const at::Tensor& owner, const Plan::View& view) {
  auto* whole = owner.unsafeGetTensorImpl();
  at::Tensor tensor =
      at::detail::make_tensor<c10::TensorImpl>(c10::TensorImpl::VIEW, c10::Storage(whole->storage()), whole->key_set(),
                                               c10::scalarTypeToTypeMeta(view.type.dtype));
  // Views count the writes to their memory together, except inference tensors, which do not count them.
  if (!whole->is_inference()) tensor.unsafeGetTensorImpl()->set_version_counter(whole->version_counter());
  tensor.unsafeGetTensorImpl()->set_sizes_and_strides(view.type.sizes, view.type.strides,
                                                      whole->storage_offset() + view.offset);
  return tensor;
}

// A frame for the duration of a call.
class Plan::Lease {
 public:
  explicit Lease(Plan& plan) : plan_(plan), frame_(plan.idle_.exchange(nullptr, std::memory_order_acquire)) {
    if (frame_ != nullptr) return;
    {
      const std::lock_guard lock(plan.mutex_);
      if (!plan.frames_.empty()) {
        frame_ = plan.frames_.back().release();
        plan.frames_.pop_back();
      }
    }
    if (frame_ == nullptr) frame_ = plan.makeFrame().release();
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease() {
    plan_.release(*frame_);
    Frame* none = nullptr;
    if (plan_.idle_.compare_exchange_strong(none, frame_, std::memory_order_release)) return;
    std::unique_ptr<Frame> frame(frame_);
    const std::lock_guard lock(plan_.mutex_);
    if (plan_.frames_.size() < kKeptFrames) plan_.frames_.push_back(std::move(frame));
  }
  Frame& operator*() const { return *frame_; }

 private:
  Plan& plan_;
  Frame* frame_;
};

Plan::Plan() = default;
Plan::~Plan() { delete idle_.load(); }

std::unique_ptr<Frame> Plan::makeFrame() const {
  auto frame = std::make_unique<Frame>();
  frame->addresses.resize(buffers_.size());
  frame->owners.resize(buffers_.size());
  frame->operands.resize(operandCount_);
  for (BufferId id : constantBuffers_) {
    frame->owners[id] = buffers_[id].tensor;
    frame->addresses[id] = addressOf(buffers_[id].tensor);
  }
  return frame;
}

void Plan::begin(Frame& frame, c10::ArrayRef<at::Tensor> inputs) const {
  if (arenaBytes_ > 0 && !frame.arena) {
    frame.arena = c10::GetAllocator(device_.type())->allocate(static_cast<size_t>(arenaBytes_));
    for (BufferId id : scratchBuffers_) {
      frame.addresses[id] = static_cast<char*>(frame.arena.get()) + buffers_[id].offset;
    }
  }
  for (BufferId id : inputBuffers_) {
    const at::Tensor& input = inputs[buffers_[id].input];
    if (input.is_conj() || input.is_neg()) throw LayoutError("an input is a conjugate or negative view");
    frame.owners[id] = input;
    frame.addresses[id] = addressOf(input);
  }
  const c10::ArrayRef<at::Tensor> closures =
      frame.options->closures.empty() ? this->closures() : frame.options->closures;
  for (size_t i = 0; i < closureBuffers_.size(); ++i) {
    const BufferId id = closureBuffers_[i];
    const TensorType& type = buffers_[id].type;
    if (closures[i].sizes() != type.sizes || closures[i].strides() != type.strides) {
      throw LayoutError("a tensor from outside the function has changed its shape");
    }
    frame.addresses[id] = addressOf(closures[i]);
    frame.owners[id] = closures[i];
  }
  for (BufferId id : outputBuffers_) {
    const Buffer& buffer = buffers_[id];
    frame.owners[id] = emptyOf(buffer.type, device_);
    frame.addresses[id] = frame.owners[id].unsafeGetTensorImpl()->mutable_data();
    if (!buffer.tensor.defined() || buffer.bytes == 0) continue;
    if (device_.is_cpu()) {
      std::memcpy(frame.addresses[id], buffer.tensor.const_data_ptr(), static_cast<size_t>(buffer.bytes));
    } else {
      frame.owners[id].copy_(buffer.tensor);
    }
  }
}

void Plan::runSteps(Frame& frame, double* milliseconds) const {
  for (size_t i = 0; i < steps_.size(); ++i) {
    frame.options->throwIfStopped();
    if (milliseconds == nullptr) {
      steps_[i]->run(frame);
    } else {
      milliseconds[i] = millisecondsOf([&] { steps_[i]->run(frame); });
    }
    for (BufferId id : lastUses_[i]) frame.owners[id].reset();
  }
}

at::Tensor& Plan::ownerOf(Frame& frame, BufferId id) const {
  at::Tensor& owner = frame.owners[id];
  const Buffer& buffer = buffers_[id];
  if (!owner.defined()) owner = tensorOver(frame.addresses[id], buffer.bytes, buffer.type, device_);
  return owner;
}

void Plan::finish(Frame& frame, std::vector<at::Tensor>& outputs) const {
  const auto tensorOf = [&](const View& view) {
    const at::Tensor& owner = ownerOf(frame, view.buffer);
    return view.isWhole ? owner : viewOf(owner, view);
  };
  if (!writeBacks_.empty()) {
    std::vector<at::Tensor> values;
    for (const WriteBack& write : writeBacks_) {
      values.push_back(tensorOf(write.value));
      if (write.throughCopy) values.back() = values.back().clone();
    }
    for (size_t i = 0; i < writeBacks_.size(); ++i) {
      const at::Tensor& target = frame.owners[writeBacks_[i].target.buffer];
      tensorOf(writeBacks_[i].target).copy_(values[i]);
      target.unsafeGetTensorImpl()->bump_version();
    }
  }
  const size_t first = outputs.size();
  for (const View& view : outputs_) {
    if (view.sameAs >= 0) {
      outputs.push_back(outputs[first + view.sameAs]);
    } else if (view.buffer < 0) {
      outputs.emplace_back();
    } else {
      outputs.push_back(tensorOf(view));
    }
  }
}

void Plan::release(Frame& frame) const {
  for (size_t id = 0; id < buffers_.size(); ++id) {
    const auto place = buffers_[id].place;
    if (place != Buffer::Place::Scratch && place != Buffer::Place::Constant) frame.owners[id].reset();
  }
  if (arenaBytes_ <= kKeptArenaBytes) return;
  for (BufferId id : scratchBuffers_) frame.owners[id].reset();
  for (at::Tensor& operand : frame.operands) operand.reset();
  frame.arena.clear();
}

template <typename Run>
void Plan::runFrame(c10::ArrayRef<at::Tensor> inputs, std::vector<at::Tensor>& outputs, const RunOptions& options,
                    Run&& run) {
  c10::OptionalDeviceGuard guard;
  if (!device_.is_cpu()) guard.reset_device(device_);
  const Lease lease(*this);
  Frame& frame = *lease;
  frame.options = &options;
  begin(frame, inputs);
  run(frame);
  finish(frame, outputs);
}

void Plan::run(c10::ArrayRef<at::Tensor> inputs, std::vector<at::Tensor>& outputs, const RunOptions& options) {
  const size_t before = outputs.size();
  try {
    runFrame(inputs, outputs, options,
             [&](Frame& frame) { capture_ == nullptr ? runSteps(frame) : capture_->run(frame); });
  } catch (const LayoutError& error) {
    if (!fallback_) throw;
    {
      const std::lock_guard lock(mutex_);
      problem_ = error.what();
    }
    outputs.resize(before);
    RunOptions own = options;
    if (!own.closures.empty()) own.closures = own.closures.slice(closureBuffers_.size());
    fallback_->run(inputs, outputs, own);
  }
}

std::string Plan::sources() const {
  std::string text;
  for (const auto& step : steps_) text += step->source();
  return text;
}

std::string Plan::deviceGraph() const { return capture_ == nullptr ? "" : capture_->describe(); }

std::string Plan::problem() const {
  const std::lock_guard lock(mutex_);
  return problem_.empty() ? "" : "replayed operator by operator in a call: " + problem_;
}

std::vector<double> Plan::time(c10::ArrayRef<at::Tensor> inputs) {
  std::vector<at::Tensor> outputs;
  std::vector<double> times(steps_.size());
  try {
    runFrame(inputs, outputs, {}, [&](Frame& frame) { runSteps(frame, times.data()); });
  } catch (const LayoutError&) {
    return {};
  }
  return times;
}

std::vector<StepReport> Plan::report() const {
  std::vector<StepReport> reports;
  for (const auto& step : steps_) reports.push_back(step->report());
  return reports;
}

}  // namespace torch_func::compile
