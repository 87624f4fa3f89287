// Calls of libtorch's operators on planned buffers.

#include "compile/execute/library_step.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "compile/graph/replay.h"

namespace torch_func::compile {

namespace {

class LibraryStep final : public Step {
 public:
  LibraryStep(const Graph& graph, const Node& node, PlanBuilder& builder, std::string reason);
  void join(PlanBuilder& builder) override;
  void run(Frame& frame) const override;
  std::string describe() const override;

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
    Operand operand;
  };

  Operand operandOf(PlanBuilder& builder, ValueId value) const;
  static const at::Tensor& tensorOf(Frame& frame, const Operand& operand);
  void takeResults(Frame& frame) const;
  void checkResults(Frame& frame) const;

  Node node_;
  bool isInto_ = false;  // the operator writes to planned buffers
  std::vector<Operand> operands_;
  std::vector<Result> results_;
  std::string reason_;
};

// The variant of an operator that writes into given tensors, if it computes there: the generated ones of composite
// operators allocate a result and copy it.
std::optional<c10::OperatorHandle> outVariantOf(const Graph& graph, const Node& node) {
  const auto& schema = node.op.schema();
  if (isRandom(node.op)) return std::nullopt;
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
    if (!found || !found->hasKernelForDispatchKey(c10::DispatchKey::CPU)) continue;
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
    : node_(node), reason_(std::move(reason)) {
  cost = 2'000;
  for (const TensorArgument& given : node.tensors) {
    const bool isKnown = std::any_of(operands_.begin(), operands_.end(),
                                     [&](const Operand& operand) { return operand.value == given.value; });
    if (!isKnown) operands_.push_back(operandOf(builder, given.value));
    reads.push_back(builder.bufferOf(given.value));
  }
  const auto out = outVariantOf(graph, node);
  isInto_ = out.has_value();
  if (out) node_.op = *out;
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
    if (result.isBase && !isInto_) builder.setLibraryResult(result.value);
    decide(result.operand);
  }
}

const at::Tensor& LibraryStep::tensorOf(Frame& frame, const Operand& operand) {
  at::Tensor& tensor = frame.operands[operand.value];
  if (tensor.defined()) return tensor;
  const Plan::View& view = operand.view;
  at::Tensor& owner = frame.owners[view.buffer];
  if (!owner.defined()) owner = tensorOver(frame.addresses[view.buffer], operand.bytes, operand.whole);
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
  pushArguments(node_, frame.operands, frame.stack);
  if (isInto_) {
    for (const Result& result : results_) frame.stack.emplace_back(tensorOf(frame, result.operand));
  }
  node_.op.callBoxed(frame.stack);
  isInto_ ? checkResults(frame) : takeResults(frame);
}

void LibraryStep::checkResults(Frame& frame) const {
  for (const Result& result : results_) {
    at::Tensor& tensor = frame.operands[result.value];
    const TensorType& type = result.operand.view.type;
    if (tensor.sizes() == type.sizes && tensor.const_data_ptr() == frame.addresses[result.operand.view.buffer])
      continue;
    tensor.reset();
    frame.owners[result.operand.view.buffer].reset();
    throw LayoutError(node_.name() + " gave a result of another shape");
  }
}

void LibraryStep::takeResults(Frame& frame) const {
  size_t next = 0;
  const auto take = [&](at::Tensor tensor) {
    if (next >= results_.size()) throw LayoutError(node_.name() + " gave more results");
    const Result& result = results_[next++];
    if (result.value == kNoValue) return;
    const TensorType& type = result.operand.view.type;
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
  };
  for (c10::IValue& value : frame.stack) {
    if (value.isTensor()) {
      take(std::move(value).toTensor());
    } else if (value.isTensorList()) {
      for (const at::Tensor& tensor : value.toTensorVector()) take(tensor);
    }
  }
  if (next != results_.size()) throw LayoutError(node_.name() + " gave fewer results");
}

std::string LibraryStep::describe() const {
  std::string text = "library call " + node_.name() + (isInto_ ? " into planned memory" : "");
  return reason_.empty() ? text : text + ": " + reason_;
}

}  // namespace

std::unique_ptr<Step> libraryStep(const Graph& graph, const Node& node, PlanBuilder& builder, std::string reason) {
  return std::make_unique<LibraryStep>(graph, node, builder, std::move(reason));
}

}  // namespace torch_func::compile
