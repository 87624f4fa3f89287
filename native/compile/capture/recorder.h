#pragma once
// Records the operators that a function runs.
//
// Note [Recording]
// While a recorder is active, libtorch's Python dispatch key, which no Python serves here, hands every operator to the
// recorder. The key lies below autograd and functorch: the recorder sees plain tensors, after batching and
// differentiation. The operator runs as usual, so that recording a call also computes its results.
// What a recording cannot repeat makes it incomplete: values that JavaScript reads, gradients of the tensors outside.
// Values that libtorch itself reads, and sizes that depend on values, are expected to be the same in later calls. The
// call itself still gives the right results; `incomplete()` says why no graph comes out of it.
//
// Note [Partial evaluation]
// A recorder of Extent::OfInputs records only operators with an operand that depends on an input. All others run once,
// during the recording, and what they computed enters the graph as constants: random numbers, values that the function
// reads, everything that is linearized at. Constants share the memory of the tensors they were; before the function
// writes to that memory, they get a copy of it. A write of values that depend on inputs to memory that does not makes
// that memory dependent: each call starts from a copy.
// It is for functions that are linear in the inputs: what is recorded under no-grad mode, or draws random numbers,
// makes the recording incomplete.

#include <c10/core/StorageImpl.h>
#include <c10/core/TensorImpl.h>
#include <c10/core/impl/TorchDispatchModeTLS.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "compile/graph/graph.h"

namespace torch_func::compile {

class Recorder {
 public:
  enum class Extent : uint8_t { Everything, OfInputs };

  explicit Recorder(c10::ArrayRef<at::Tensor> inputs, Extent extent = Extent::Everything);
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // Records the operators of this thread from start() to stop(). Recorders nest; only the innermost records.
  void start();
  void stop();
  bool isActive() const { return mode_ != nullptr; }

  // The recorder that is active on this thread, or null.
  static Recorder* current();

  // Why there is no graph; empty if there is one.
  const std::string& incomplete() const { return incomplete_; }
  // Only the first reason is kept. The remedy is for the user, if the reason is an error.
  void setIncomplete(std::string reason, std::string_view remedy = kMoveOut);
  static constexpr std::string_view kMoveOut = "Move it out of the function";
  static constexpr std::string_view kUseOperators =
      "Use operators such as torch.where instead, or move it out of the function";
  static constexpr std::string_view kNoGrad = "Detach the tensor, or make the call inside torch.noGrad";

  // Whether the graph may expect values to be those of the recorded call: Graph::expectations.
  bool mayExpect = false;
  // What makes the recording incomplete throws an error at once, in the name of this function; not if it is empty.
  std::string strictApi;
  // Whether a recorder of Extent::OfInputs takes tensors that require a gradient for constants.
  bool ignoresGradients = false;
  // Whether hooks and custom functions, which the autograd engine calls, make the recording incomplete.
  bool refusesCallbacks = false;

  // The sizes that JavaScript has read, in their order: the function may have computed with them.
  std::vector<int64_t> sizesRead;
  // Notes them in the recorder that is active, if there is one.
  static void noteSizes(c10::IntArrayRef sizes);
  // Notes that it has read something that follows from sizes.
  static void noteComparison();
  // Notes that JavaScript reads or sets the gradient that belongs to a tensor: a graph has none for those from outside.
  static void noteGradient(const at::Tensor& tensor, const char* verb);

  // A recorder of Extent::OfInputs is incomplete once the function writes to the memory of these tensors.
  void protect(c10::ArrayRef<at::Tensor> tensors);

  // Takes the graph, whose outputs are these tensors.
  Graph finish(c10::ArrayRef<at::Tensor> outputs);

  // Called for each operator, in place of its kernel.
  void run(const c10::OperatorHandle& op, torch::jit::Stack& stack);

  // Called where autograd makes another tensor of one, without an operator: `copy` has the same elements.
  void addAlias(const at::Tensor& tensor, const at::Tensor& copy);

 private:
  ValueId idOf(const at::Tensor& tensor);
  // For each use of a tensor from outside: uses under no-grad mode do not record a graph.
  void refuseGradient(const at::Tensor& outside);
  // Whether an operator of the recording has made the memory of a tensor.
  bool hasMade(const at::Tensor& tensor) const;
  ValueId addResult(const at::Tensor& tensor, int32_t node);
  // Makes the value a view of an operand of the node, if one of several with the same memory is meant.
  void chooseBase(ValueId id, const at::Tensor& tensor, const Node& node);
  ValueId remember(const at::Tensor& tensor, ValueId id);
  void addArguments(Node& node, c10::ArrayRef<c10::IValue> arguments);
  void addResults(Node node, c10::ArrayRef<c10::IValue> results);
  // Zeros whose memory is as large as that of another tensor, and which may be a part of it. They do not depend on that
  // tensor, which may lie in other memory after the passes.
  void addZeros(const at::Tensor& zeros);
  void addNode(Node node);
  void expect(ValueId value, at::Tensor expected, std::string reason);
  bool expectRead(const Node& node, const c10::IValue& result, std::string reason);
  bool changesSurroundings() const;
  bool replaceOut(Node& node, c10::ArrayRef<c10::IValue> results);
  bool hasChanged(const at::Tensor& tensor) const;
  bool dependsOnConstants(const Node& node) const;
  bool isFixed(ValueId value) const;
  bool hasFixedShape(const Node& node) const;

  // Of Extent::OfInputs, in partial.cpp.
  bool dependsOnInputs(const c10::OperatorHandle& op, c10::ArrayRef<c10::IValue> arguments);
  bool isDependent(const at::Tensor& tensor) const;
  bool isFrozen(const at::Tensor& tensor) const;
  ValueId freeze(const at::Tensor& tensor);
  void prepareWrite(const at::Tensor& tensor);
  void adopt(const at::Tensor& tensor);
  ValueId constantOutput(const at::Tensor& tensor);

  Graph graph_;
  std::string incomplete_;
  std::shared_ptr<c10::impl::PyObject_TorchDispatchMode> mode_;
  std::unordered_map<const c10::TensorImpl*, ValueId> ids_;
  // Keep addresses from being used twice, without keeping the memory of the tensors.
  std::vector<c10::weak_intrusive_ptr<c10::TensorImpl>> impls_;
  struct StorageBase {
    ValueId base;
    c10::weak_intrusive_ptr<c10::StorageImpl> storage;
    int64_t offset;  // where `base` starts in the storage, in elements of its dtype
  };
  std::unordered_map<const c10::StorageImpl*, StorageBase> storages_;
  // Of the inputs and closures, of which several may have one storage.
  std::unordered_map<ValueId, std::pair<const c10::StorageImpl*, int64_t>> outside_;
  // The bases of values that are the same in every call, because they depend on nothing but constants. The function may
  // read them, and they may determine shapes.
  std::unordered_set<ValueId> fixed_;

  bool isPartial_;
  struct Frozen {
    ValueId constant;
    const c10::TensorImpl* impl;
  };
  std::unordered_map<const c10::StorageImpl*, std::vector<Frozen>> frozen_;
  std::unordered_set<const c10::StorageImpl*> protected_;
};

}  // namespace torch_func::compile
