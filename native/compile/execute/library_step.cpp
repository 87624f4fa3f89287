// Calls of libtorch's operators on planned buffers.

#include "compile/execute/library_step.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>

#include "compile/graph/replay.h"

namespace torch_func::compile {

namespace {

// Note [Results in planned memory]
// A variant with out arguments may compute in tensors of other shapes on its way and resize the given ones, which
// neither its schema nor meta tensors show: losses with a reduction do. So the first call tries it. If it resizes,
// warns or fails, the operator itself runs, then and in later calls, and its results are copied. It also gives the
// errors that it would give outside of a plan.
class LibraryStep final : public Step {
 public:
  LibraryStep(const Graph& graph, const Node& node, PlanBuilder& builder, std::string reason);
  void join(PlanBuilder& builder) override;
  void run(Frame& frame) const override;
  StepReport report() const override;
  std::string whyNotCaptured() const override {
    const bool isInto = out_ && into_.load(std::memory_order_relaxed) != Into::Impossible;
    return isInto ? "" : node_.name() + " allocates its result";
  }

 private:
  struct Operand {
    ValueId value;
    Plan::View view;
    TensorType whole;  // of the buffer
    int64_t bytes;
    bool isKept = false;  // lies in the frame's memory: the tensor is made once
  };
  struct Result {
    ValueId value = kNoValue;
    bool isBase = false;
    bool isOutput = false;  // lies in a new tensor, not in the frame's memory
    Operand operand;
  };
  enum class Into : uint8_t { Untried, Possible, Impossible };

  Operand operandOf(PlanBuilder& builder, ValueId value) const;
  const at::Tensor& tensorOf(Frame& frame, const Operand& operand) const;
  bool runInto(Frame& frame) const;
  bool keepsResults(const Frame& frame) const;
  void renewResults(Frame& frame) const;
  void copyResults(Frame& frame) const;
  void takeResults(Frame& frame) const;
  template <class F>
  void forResults(Frame& frame, F&& take) const;

  Node node_;
  c10::Device device_;
  bool checksShape_;
  std::optional<c10::OperatorHandle> out_;  // writes to planned buffers
  mutable std::atomic<Into> into_{Into::Untried};
  std::vector<Operand> operands_;
  std::vector<Result> results_;
  std::string reason_;
};

// The variant of an operator that writes into given tensors, if it computes there: the generated ones of composite
// operators allocate a result and copy it.
std::optional<c10::OperatorHandle> outVariantOf(const Graph& graph, const Node& node, c10::Device device) {
  const auto key = device.is_cuda() ? c10::DispatchKey::CUDA : c10::DispatchKey::CPU;
  const auto& schema = node.op.schema();
  if (isRandom(node.op) || hasShapeOfValues(graph, node)) return std::nullopt;
  for (ValueId id : node.results) {
    if (id == kNoValue || graph.isView(id) || !isDense(graph.type(id))) return std::nullopt;
    // Complex tensors may come back as conjugate views.
    if (c10::isComplexType(graph.type(id).dtype)) return std::nullopt;
  }
  const auto& name = node.op.operator_name();
  std::vector<std::string> overloads = {"out"};
  if (!name.overload_name.empty()) overloads = {name.overload_name + "_out", "out"};
  for (const std::string& overload : overloads) {
    const auto found = c10::Dispatcher::singleton().findSchema({name.name, overload});
    if (!found || !found->hasKernelForDispatchKey(key)) continue;
    const auto& given = schema.arguments();
    const auto& taken = found->schema().arguments();
    if (taken.size() != given.size() + schema.returns().size()) continue;
    bool isSame = true;
    for (size_t i = 0; i < given.size(); ++i) {
      isSame = isSame && given[i].name() == taken[i].name() && *given[i].type() == *taken[i].type();
    }
    for (size_t i = given.size(); i < taken.size(); ++i) isSame = isSame && taken[i].is_out();
    if (isSame) return found;
  }
  return std::nullopt;
}

LibraryStep::LibraryStep(const Graph& graph, const Node& node, PlanBuilder& builder, std::string reason)
    : node_(node), device_(builder.device()), checksShape_(hasShapeOfValues(graph, node)), reason_(std::move(reason)) {
  cost = builder.kernels() == nullptr ? 2'000 : kLaunchCost;
  work = workOf(graph, node);
  operators = {node.name()};
  for (const TensorArgument& given : node.tensors) {
    const bool isKnown = std::any_of(operands_.begin(), operands_.end(),
                                     [&](const Operand& operand) { return operand.value == given.value; });
    if (!isKnown) operands_.push_back(operandOf(builder, given.value));
    reads.push_back(builder.bufferOf(given.value));
  }
  out_ = outVariantOf(graph, node, device_);
  for (ValueId id : node.results) {
    Result result;
    result.value = id;
    if (id != kNoValue) {
      result.isBase = !graph.isView(id);
      result.operand = operandOf(builder, id);
      if (result.isBase) writes.push_back(result.operand.view.buffer);
    }
    results_.push_back(std::move(result));
  }
}

LibraryStep::Operand LibraryStep::operandOf(PlanBuilder& builder, ValueId value) const {
  Operand operand;
  operand.value = value;
  operand.view = builder.viewOf(value);
  const Buffer& buffer = builder.buffer(operand.view.buffer);
  operand.whole = buffer.type;
  operand.bytes = buffer.bytes;
  return operand;
}

void LibraryStep::join(PlanBuilder& builder) {
  const auto decide = [&](Operand& operand) {
    const auto place = builder.buffer(operand.view.buffer).place;
    operand.isKept = place == Buffer::Place::Scratch || place == Buffer::Place::Constant;
  };
  for (Operand& operand : operands_) decide(operand);
  for (Result& result : results_) {
    if (result.value == kNoValue) continue;
    if (result.isBase && !out_) builder.setLibraryResult(result.value);
    result.isOutput = builder.buffer(result.operand.view.buffer).place == Buffer::Place::Output;
    decide(result.operand);
  }
}

const at::Tensor& LibraryStep::tensorOf(Frame& frame, const Operand& operand) const {
  at::Tensor& tensor = frame.operands[operand.value];
  if (tensor.defined()) return tensor;
  const Plan::View& view = operand.view;
  at::Tensor& owner = frame.owners[view.buffer];
  if (!owner.defined()) owner = tensorOver(frame.addresses[view.buffer], operand.bytes, operand.whole, device_);
  tensor = view.isWhole ? owner : viewOf(owner, view);
  return tensor;
}

void LibraryStep::run(Frame& frame) const {
  struct Clear {
    const LibraryStep& step;
    Frame& frame;
    ~Clear() {
      frame.stack.clear();
      for (const Operand& operand : step.operands_) {
        if (!operand.isKept) frame.operands[operand.value].reset();
      }
      for (const Result& result : step.results_) {
        if (result.value != kNoValue && !result.operand.isKept) frame.operands[result.value].reset();
      }
    }
  } clear{*this, frame};
  for (const Operand& operand : operands_) tensorOf(frame, operand);
  if (out_ && into_.load(std::memory_order_relaxed) != Into::Impossible && runInto(frame)) return;
  frame.stack.clear();
  pushArguments(node_, frame.operands, frame.stack);
  node_.op.callBoxed(frame.stack);
  out_ ? copyResults(frame) : takeResults(frame);
}

// Whether the results now lie in the planned memory. See Note [Results in planned memory].
bool LibraryStep::runInto(Frame& frame) const {
  class Listener final : public c10::WarningHandler {
   public:
    void process(const c10::Warning&) override { hasWarned = true; }
    bool hasWarned = false;
  } listener;
  const bool isTrial = into_.load(std::memory_order_relaxed) == Into::Untried;
  bool isDone = false;
  try {
    std::optional<c10::WarningUtils::WarningHandlerGuard> listening;
    if (isTrial) listening.emplace(&listener);
    pushArguments(node_, frame.operands, frame.stack);
    for (const Result& result : results_) frame.stack.emplace_back(tensorOf(frame, result.operand));
    out_->callBoxed(frame.stack);
    isDone = !listener.hasWarned && keepsResults(frame);
  } catch (const c10::Error&) {
  }
  if (isTrial || !isDone) into_.store(isDone ? Into::Possible : Into::Impossible, std::memory_order_relaxed);
  if (!isDone) renewResults(frame);
  return isDone;
}

bool LibraryStep::keepsResults(const Frame& frame) const {
  return std::all_of(results_.begin(), results_.end(), [&](const Result& result) {
    const at::Tensor& tensor = frame.operands[result.value];
    const TensorType& type = result.operand.view.type;
    return tensor.sizes() == type.sizes && tensor.strides() == type.strides &&
           tensor.const_data_ptr() == frame.addresses[result.operand.view.buffer];
  });
}

// Puts tensors of the planned shapes in the place of those that an operator may have resized.
void LibraryStep::renewResults(Frame& frame) const {
  frame.stack.clear();
  for (const Result& result : results_) {
    const BufferId buffer = result.operand.view.buffer;
    frame.operands[result.value].reset();
    frame.owners[buffer].reset();
    if (!result.isOutput) continue;
    const TensorType& type = result.operand.whole;
    frame.owners[buffer] = emptyOf(type, device_);
    frame.addresses[buffer] = frame.owners[buffer].unsafeGetTensorImpl()->mutable_data();
  }
}

template <class F>
void LibraryStep::forResults(Frame& frame, F&& take) const {
  size_t next = 0;
  const auto takeNext = [&](at::Tensor tensor) {
    if (next >= results_.size()) throw LayoutError(node_.name() + " gave more results");
    const Result& result = results_[next++];
    if (result.value != kNoValue) take(result, std::move(tensor));
  };
  for (c10::IValue& value : frame.stack) {
    if (value.isTensor()) {
      takeNext(std::move(value).toTensor());
    } else if (value.isTensorList()) {
      for (const at::Tensor& tensor : value.toTensorVector()) takeNext(tensor);
    }
  }
  if (next != results_.size()) throw LayoutError(node_.name() + " gave fewer results");
}

void LibraryStep::copyResults(Frame& frame) const {
  forResults(frame, [&](const Result& result, at::Tensor tensor) {
    const TensorType& type = result.operand.view.type;
    if (!tensor.defined() || tensor.sizes() != type.sizes || tensor.scalar_type() != type.dtype) {
      throw LayoutError(node_.name() + " gave a result of another shape");
    }
    tensorOf(frame, result.operand).copy_(tensor);
  });
}

void LibraryStep::takeResults(Frame& frame) const {
  forResults(frame, [&](const Result& result, at::Tensor tensor) {
    const TensorType& type = result.operand.view.type;
    if (checksShape_ && tensor.defined() && tensor.sizes() != type.sizes) throw UnexpectedValues();
    const BufferId buffer = result.operand.view.buffer;
    if (!tensor.defined() || tensor.sizes() != type.sizes || tensor.strides() != type.strides ||
        tensor.scalar_type() != type.dtype || tensor.is_conj() || tensor.is_neg()) {
      throw LayoutError(node_.name() + " gave a result of another layout");
    }
    void* address = const_cast<void*>(tensor.const_data_ptr());
    if (result.isBase) {
      frame.addresses[buffer] = address;
      frame.owners[buffer] = std::move(tensor);
    } else if (tensor.numel() > 0) {
      // Shares the storage of an operand or of another result, as it did in the recorded call.
      const auto offset = result.operand.view.offset * static_cast<int64_t>(tensor.element_size());
      if (static_cast<char*>(frame.addresses[buffer]) + offset != address) {
        throw LayoutError(node_.name() + " gave a result in another place");
      }
    }
  });
}

StepReport LibraryStep::report() const {
  const bool isInto = out_ && into_.load(std::memory_order_relaxed) != Into::Impossible;
  std::string text = "library call " + node_.name() + (isInto ? " into planned memory" : "");
  return {"library", std::move(text), reason_, operators, work, {}};
}

}  // namespace

std::unique_ptr<Step> libraryStep(const Graph& graph, const Node& node, PlanBuilder& builder, std::string reason) {
  return std::make_unique<LibraryStep>(graph, node, builder, std::move(reason));
}

}  // namespace torch_func::compile
