// See Note [Recording].

#include "compile/capture/recorder.h"

#include <ATen/Functions.h>
#include <c10/core/GradMode.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <c10/core/impl/PyInterpreter.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <stdexcept>
#include <utility>

#include "compile/capture/interpreter.h"
#include "compile/graph/replay.h"
#include "core/arguments.h"
#include "core/errors.h"
#include "core/recording.h"

namespace torch_func::compile {

namespace {

// Their results depend on the types of the tensors only, which the signature of a compiled function fixes.
constexpr std::array<std::string_view, 24> kMetadataOperators = {"aten::is_same_size",
                                                                 "aten::_has_same_storage_numel",
                                                                 "aten::size",
                                                                 "aten::stride",
                                                                 "aten::numel",
                                                                 "aten::dim",
                                                                 "aten::is_contiguous",
                                                                 "aten::sym_size",
                                                                 "aten::sym_stride",
                                                                 "aten::sym_numel",
                                                                 "aten::sym_storage_offset",
                                                                 "aten::is_pinned",
                                                                 "aten::result_type",
                                                                 "aten::can_cast",
                                                                 "aten::_has_compatible_shallow_copy_type",
                                                                 "aten::_is_zerotensor",
                                                                 "aten::is_floating_point",
                                                                 "aten::is_complex",
                                                                 "aten::is_signed",
                                                                 "aten::is_conj",
                                                                 "aten::is_neg",
                                                                 "aten::is_inference",
                                                                 "aten::storage_offset",
                                                                 "aten::is_strides_like"};

std::string spelling(const c10::OperatorHandle& op) {
  std::string name = op.operator_name().name;
  name.erase(0, name.find("::") + 2);
  return (name == "_local_scalar_dense" ? "item" : camelCase(name)) + "()";
}

void recordingListener(const char* reason) {
  if (Recorder* recorder = Recorder::current()) recorder->setIncomplete(reason);
}

}  // namespace

Recorder::Recorder(c10::ArrayRef<at::Tensor> inputs, Extent extent) : isPartial_(extent == Extent::OfInputs) {
  setRecordingListener(recordingListener);
  for (const at::Tensor& input : inputs) {
    if (input.layout() != c10::kStrided) setIncomplete("an argument is not a strided tensor");
    remember(input, graph_.addInput(input));
  }
}

void Recorder::start() {
  auto mode = std::make_shared<c10::impl::PyObject_TorchDispatchMode>(reinterpret_cast<PyObject*>(this),
                                                                      recordingInterpreter());
  c10::impl::TorchDispatchModeTLS::push_non_infra_mode_onto_stack(mode);
  mode_ = std::move(mode);
}

void Recorder::stop() {
  if (!isActive()) return;
  mode_ = nullptr;
  c10::impl::TorchDispatchModeTLS::pop_stack();
}

Recorder* Recorder::current() {
  const int64_t depth = c10::impl::TorchDispatchModeTLS::stack_len();
  if (depth == 0) return nullptr;
  const auto& mode = c10::impl::TorchDispatchModeTLS::get_stack_at(depth - 1);
  return reinterpret_cast<Recorder*>(mode->ptr(recordingInterpreter()));
}

void Recorder::noteSizes(c10::IntArrayRef sizes) {
  if (Recorder* recorder = current()) recorder->sizesRead.insert(recorder->sizesRead.end(), sizes.begin(), sizes.end());
}

void Recorder::noteComparison() {
  // Another number in each recording.
  static std::atomic<int64_t> count = 0;
  noteSizes(--count);
}

void Recorder::noteGradient(const at::Tensor& tensor, const char* verb) {
  Recorder* recorder = current();
  if (recorder == nullptr || recorder->isPartial_ || recorder->hasMade(tensor)) return;
  recorder->setIncomplete(std::string("the function ") + verb + " the property 'grad' of a tensor from outside");
}

bool Recorder::hasMade(const at::Tensor& tensor) const {
  const auto known = ids_.find(tensor.unsafeGetTensorImpl());
  if (known != ids_.end()) return graph_.values[graph_.values[known->second].base].kind == Value::Kind::Result;
  if (!tensor.has_storage()) return false;
  const auto shared = storages_.find(tensor.storage().unsafeGetStorageImpl());
  return shared != storages_.end() && graph_.values[shared->second.base].kind == Value::Kind::Result;
}

void Recorder::setIncomplete(std::string reason, std::string_view remedy) {
  // The function may catch the error.
  if (incomplete_.empty()) incomplete_ = reason;
  if (strictApi.empty()) return;
  const bool isCompiled = strictApi == "torch.compile";
  std::string message = strictApi + ": " + reason + ", so " + (isCompiled ? "the compiled function" : "a graph");
  message.append(" could not repeat it. ").append(remedy);
  if (isCompiled) message += ", or set fullgraph: false to run the function without compiling it";
  throwRuntimeError(message);
}

ValueId Recorder::remember(const at::Tensor& tensor, ValueId id) {
  auto* impl = tensor.unsafeGetTensorImpl();
  ids_[impl] = id;
  impls_.emplace_back(tensor.getIntrusivePtr());
  if (!tensor.has_storage() || graph_.isView(id)) return id;
  auto* storage = tensor.storage().unsafeGetStorageImpl();
  const auto [entry, isNew] = storages_.try_emplace(
      storage, StorageBase{id, c10::weak_intrusive_ptr<c10::StorageImpl>(tensor.storage().getWeakStorageImpl()),
                           tensor.storage_offset()});
  if (graph_.values[id].kind != Value::Kind::Result) outside_[id] = {storage, tensor.storage_offset()};
  // A zero-sized tensor has nothing to share.
  if (!isNew && graph_.values[id].kind != Value::Kind::Result && tensor.storage().nbytes() > 0) {
    graph_.inputsShareStorage = true;
  }
  return id;
}

ValueId Recorder::idOf(const at::Tensor& tensor) {
  const auto known = ids_.find(tensor.unsafeGetTensorImpl());
  if (known != ids_.end()) {
    if (graph_.values[known->second].kind == Value::Kind::Closure) refuseGradient(tensor);
    return known->second;
  }
  if (tensor.has_storage() && tensor.storage().nbytes() > 0) {
    const auto shared = storages_.find(tensor.storage().unsafeGetStorageImpl());
    // Not made by an operator, but another name of a tensor that the function made.
    if (shared != storages_.end() && graph_.values[shared->second.base].kind == Value::Kind::Result) {
      const ValueId base = shared->second.base;
      Node node{c10::Dispatcher::singleton().findSchemaOrThrow("aten::as_strided", ""), {}, {}, {}};
      node.arguments = {c10::IValue(), tensor.sizes(), tensor.strides(), tensor.storage_offset()};
      node.tensors = {{0, -1, base}};
      const ValueId id = addResult(tensor, static_cast<int32_t>(graph_.nodes.size()));
      node.results = {id};
      addNode(std::move(node));
      return id;
    }
  }
  if (tensor.unsafeGetTensorImpl()->is_wrapped_number()) return remember(tensor, graph_.addConstant(tensor));
  if (isPartial_) return freeze(tensor);
  refuseGradient(tensor);
  return remember(tensor, graph_.addClosure(tensor));
}

void Recorder::refuseGradient(const at::Tensor& outside) {
  if (!outside.requires_grad() || !c10::GradMode::is_enabled()) return;
  setIncomplete("the function uses a tensor from outside that requires a gradient", kNoGrad);
}

ValueId Recorder::addResult(const at::Tensor& tensor, int32_t node) {
  if (isPartial_ && isFrozen(tensor)) setIncomplete("an operator returns memory that does not depend on its operands");
  const auto id = static_cast<ValueId>(graph_.values.size());
  Value value;
  value.type = typeOf(tensor);
  value.base = id;
  value.producer = node;
  if (tensor.has_storage()) {
    const auto shared = storages_.find(tensor.storage().unsafeGetStorageImpl());
    if (shared != storages_.end() && tensor.storage().nbytes() > 0) {
      value.base = shared->second.base;
      value.offset = tensor.storage_offset() - shared->second.offset;
    }
  }
  graph_.values.push_back(std::move(value));
  return remember(tensor, id);
}

void Recorder::chooseBase(ValueId id, const at::Tensor& tensor, const Node& node) {
  Value& value = graph_.values[id];
  if (!graph_.inputsShareStorage || value.base == id) return;
  for (const TensorArgument& given : node.tensors) {
    const ValueId base = graph_.values[given.value].base;
    const auto outside = outside_.find(base);
    if (outside == outside_.end() || outside->second.first != tensor.storage().unsafeGetStorageImpl()) continue;
    value.base = base;
    value.offset = tensor.storage_offset() - outside->second.second;
    return;
  }
}

void Recorder::addArguments(Node& node, c10::ArrayRef<c10::IValue> arguments) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    const c10::IValue& value = arguments[i];
    const auto position = static_cast<uint16_t>(i);
    if (value.isTensor()) {
      node.arguments.emplace_back();
      if (value.toTensor().defined()) node.tensors.push_back({position, -1, idOf(value.toTensor())});
    } else if (value.isTensorList()) {
      const auto list = value.toTensorVector();
      for (size_t k = 0; k < list.size(); ++k) {
        node.tensors.push_back({position, static_cast<int16_t>(k), idOf(list[k])});
      }
      node.arguments.emplace_back();
    } else if (value.isOptionalTensorList()) {
      const auto list = value.toOptionalTensorVector();
      c10::List<std::optional<at::Tensor>> places;
      for (size_t k = 0; k < list.size(); ++k) {
        places.push_back(std::nullopt);
        if (list[k] && list[k]->defined()) {
          node.tensors.push_back({position, static_cast<int16_t>(k), idOf(*list[k])});
        }
      }
      node.arguments.emplace_back(std::move(places));
    } else {
      node.arguments.push_back(value);
    }
  }
}

// Operators such as squeeze_ make a tensor another view of its storage. In the graph they are the views; the tensor
// stands for the new value from there on.
static std::optional<c10::OperatorHandle> viewOf(const c10::OperatorHandle& op) {
  auto name = op.operator_name();
  if (!op.hasTag(at::Tag::inplace_view) || name.name.back() != '_') return std::nullopt;
  name.name.pop_back();
  if (name.name == "aten::transpose") name.overload_name = "int";
  return c10::Dispatcher::singleton().findSchema(name);
}

namespace {

// While it lives, the mode of the recorder is off: libtorch computes some operators in other ways under a mode.
class WithoutMode {
 public:
  WithoutMode() : mode_(c10::impl::TorchDispatchModeTLS::pop_stack()) {}
  ~WithoutMode() { c10::impl::TorchDispatchModeTLS::push_non_infra_mode_onto_stack(mode_); }
  WithoutMode(const WithoutMode&) = delete;
  WithoutMode& operator=(const WithoutMode&) = delete;

 private:
  std::shared_ptr<c10::impl::PyObject_TorchDispatchMode> mode_;
};

// The keys for the operators inside of an operator. libtorch has excluded all keys above Python: those that resolve
// conjugated, negated and zero tensors must be there again.
c10::impl::LocalDispatchKeySet keysInside() {
  using c10::DispatchKey;
  auto keys = c10::impl::tls_local_dispatch_key_set();
  keys.excluded_ =
      (keys.excluded_ - c10::DispatchKeySet({DispatchKey::Conjugate, DispatchKey::Negative, DispatchKey::ZeroTensor})) |
      c10::DispatchKeySet({DispatchKey::Python, DispatchKey::PythonTLSSnapshot});
  return keys;
}

}  // namespace

void Recorder::run(const c10::OperatorHandle& op, torch::jit::Stack& stack) {
  const WithoutMode mode;
  const c10::impl::ForceDispatchKeyGuard inside(keysInside());
  const auto& schema = op.schema();
  const auto& name = op.operator_name().name;
  if (!incomplete_.empty() ||
      std::find(kMetadataOperators.begin(), kMetadataOperators.end(), name) != kMetadataOperators.end()) {
    return op.callBoxed(stack);
  }
  const auto arguments = torch::jit::last(stack, schema.arguments().size());
  if (isPartial_ && !dependsOnInputs(op, arguments)) return op.callBoxed(stack);
  if (name == "aten::lift_fresh" && !ids_.contains(arguments[0].toTensor().unsafeGetTensorImpl())) {
    // Made from data of JavaScript: a constant, of which each call needs a copy of its own, for it may write to it.
    const at::Tensor copy = arguments[0].toTensor().clone();
    const ValueId constant = graph_.addConstant(copy);
    op.callBoxed(stack);
    Node node{c10::Dispatcher::singleton().findSchemaOrThrow("aten::clone", ""), {{}, {}}, {{0, -1, constant}}, {}};
    node.results = {addResult(stack.back().toTensor(), static_cast<int32_t>(graph_.nodes.size()))};
    return addNode(std::move(node));
  }
  if (name == "aten::_new_zeros_with_same_feature_meta") {
    op.callBoxed(stack);
    return addZeros(stack.back().toTensor());
  }
  const auto view = viewOf(op);
  Node node{view ? *view : op, {}, {}, {}};
  addArguments(node, arguments);
  const bool hasVaryingShape = hasShapeOfValues(graph_, node) && !hasFixedShape(node);
  std::string shapeReason;
  if (hasVaryingShape) {
    shapeReason = "the shape of the result of " + spelling(op) + " depends on values";
    if (!mayExpect) setIncomplete(shapeReason, kUseOperators);
  }
  op.callBoxed(stack);
  if (!incomplete_.empty()) return;

  const auto results = torch::jit::last(stack, schema.returns().size());
  if (view) {
    const ValueId before = node.tensors.front().value;
    if (graph_.values[before].kind != Value::Kind::Result) {
      return setIncomplete(spelling(op) + " changes the shape of a tensor from outside the function");
    }
    node.results = {addResult(results[0].toTensor(), static_cast<int32_t>(graph_.nodes.size()))};
    return addNode(std::move(node));
  }
  addResults(std::move(node), results);
  if (!hasVaryingShape || !incomplete_.empty()) return;
  for (ValueId result : graph_.nodes.back().results) {
    if (result != kNoValue) expect(result, {}, shapeReason);
  }
}

// Whether an operator has changed the shape of a tensor that is in the graph.
bool Recorder::hasChanged(const at::Tensor& tensor) const {
  const auto known = ids_.find(tensor.unsafeGetTensorImpl());
  if (!tensor.defined() || known == ids_.end()) return false;
  const TensorType& type = graph_.type(known->second);
  return type.sizes != tensor.sizes() || (type.layout == c10::kStrided && type.strides != tensor.strides());
}

void Recorder::addResults(Node node, c10::ArrayRef<c10::IValue> results) {
  const auto add = [&](const at::Tensor& tensor) {
    if (!tensor.defined()) return node.results.push_back(kNoValue);
    const auto known = ids_.find(tensor.unsafeGetTensorImpl());
    const auto index = static_cast<int32_t>(graph_.nodes.size());
    node.results.push_back(known == ids_.end() ? addResult(tensor, index) : known->second);
    if (known == ids_.end()) chooseBase(node.results.back(), tensor, node);
  };
  const auto isTensor = [](const c10::IValue& result) { return result.isTensor(); };
  if (std::any_of(results.begin(), results.end(),
                  [&](const c10::IValue& result) { return result.isTensor() && hasChanged(result.toTensor()); })) {
    const std::string reason = spelling(node.op) + " changes the shape of a tensor in place";
    if (!std::all_of(results.begin(), results.end(), isTensor) || !replaceOut(node, results)) setIncomplete(reason);
    return;
  }
  for (const c10::IValue& result : results) {
    if (result.isTensor()) {
      add(result.toTensor());
    } else if (result.isTensorList()) {
      for (const at::Tensor& tensor : result.toTensorVector()) add(tensor);
    } else if (!dependsOnConstants(node)) {
      const std::string reason = spelling(node.op) + " reads values of a tensor";
      if (!expectRead(node, result, reason)) setIncomplete(reason + " in JavaScript", kUseOperators);
      return;
    }
  }
  if (!node.results.empty() || results.empty()) addNode(std::move(node));
}

void Recorder::addNode(Node node) {
  const bool isFixed = dependsOnConstants(node) && !isRandom(node.op);
  const auto index = static_cast<int32_t>(graph_.nodes.size());
  for (ValueId result : node.results) {
    if (isFixed && result != kNoValue && !graph_.isView(result) && graph_.values[result].producer == index) {
      fixed_.insert(result);
    }
  }
  for (const TensorArgument& given : node.tensors) {
    const auto* alias = node.op.schema().arguments()[given.argument].alias_info();
    if (!isFixed && alias != nullptr && alias->isWrite()) fixed_.erase(graph_.values[given.value].base);
  }
  graph_.nodes.push_back(std::move(node));
}

void Recorder::addZeros(const at::Tensor& zeros) {
  const auto count = static_cast<int64_t>(zeros.storage().nbytes() / zeros.itemsize());
  const bool isAll = zeros.is_contiguous() && count == zeros.numel();
  const at::Tensor all = isAll ? zeros : at::empty({0}, zeros.options()).set_(zeros.storage(), 0, {count}, {1});
  auto& dispatcher = c10::Dispatcher::singleton();
  Node node{dispatcher.findSchemaOrThrow("aten::zeros", ""), {}, {}, {}};
  node.arguments = {all.sizes(), all.scalar_type(), c10::IValue(), all.device(), c10::IValue()};
  node.results = {addResult(all, static_cast<int32_t>(graph_.nodes.size()))};
  const ValueId base = node.results.front();
  addNode(std::move(node));
  if (isAll) return;
  Node view{dispatcher.findSchemaOrThrow("aten::as_strided", ""), {}, {{0, -1, base}}, {}};
  view.arguments = {c10::IValue(), zeros.sizes(), zeros.strides(), zeros.storage_offset()};
  view.results = {addResult(zeros, static_cast<int32_t>(graph_.nodes.size()))};
  addNode(std::move(view));
}

void Recorder::addAlias(const at::Tensor& tensor, const at::Tensor& copy) {
  if (!incomplete_.empty() || (isPartial_ && !isDependent(tensor))) return;
  Node node{c10::Dispatcher::singleton().findSchemaOrThrow("aten::alias", ""), {{}}, {{0, -1, idOf(tensor)}}, {}};
  node.results = {addResult(copy, static_cast<int32_t>(graph_.nodes.size()))};
  addNode(std::move(node));
}

Graph Recorder::finish(c10::ArrayRef<at::Tensor> outputs) {
  for (const at::Tensor& output : outputs) {
    if (!output.defined()) {
      graph_.outputs.push_back(kNoValue);
      continue;
    }
    if (!isPartial_ && output.requires_grad()) {
      setIncomplete("the function returns a tensor that requires a gradient", kNoGrad);
    }
    const ValueId id = isPartial_ && !isDependent(output) ? constantOutput(output) : idOf(output);
    graph_.outputs.push_back(id);
  }
  if (!graph_.expectations.empty() && changesSurroundings()) {
    setIncomplete(graph_.expectations.front().reason, kUseOperators);
  }
  return std::move(graph_);
}

}  // namespace torch_func::compile
