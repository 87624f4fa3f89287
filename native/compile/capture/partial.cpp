// See Note [Partial evaluation].

#include <ATen/Functions.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <utility>

#include "compile/capture/recorder.h"

namespace torch_func::compile {

namespace {

template <typename Visit>
void forEachTensor(const c10::IValue& value, Visit&& visit) {
  if (value.isTensor()) {
    if (value.toTensor().defined()) visit(value.toTensor());
  } else if (value.isTensorList()) {
    for (const at::Tensor& tensor : value.toTensorVector()) visit(tensor);
  } else if (value.isOptionalTensorList()) {
    for (const auto& tensor : value.toOptionalTensorVector()) {
      if (tensor && tensor->defined()) visit(*tensor);
    }
  }
}

bool hasMemory(const at::Tensor& tensor) { return tensor.has_storage() && tensor.storage().nbytes() > 0; }

const c10::StorageImpl* storageOf(const at::Tensor& tensor) { return tensor.storage().unsafeGetStorageImpl(); }

// A tensor like this one in another storage of the same bytes.
at::Tensor inStorage(const c10::Storage& storage, const at::Tensor& like) {
  return at::empty({0}, like.options()).set_(storage, like.storage_offset(), like.sizes(), like.strides());
}

// All elements of the storage, as a vector.
at::Tensor wholeStorage(const at::Tensor& tensor) {
  const auto count = static_cast<int64_t>(tensor.storage().nbytes() / tensor.element_size());
  return at::empty({0}, tensor.options()).set_(tensor.storage(), 0, {count}, {1});
}

// The tensor for a graph: lazy zeros, conjugates and negatives are computed.
at::Tensor plain(const at::Tensor& tensor) {
  if (!tensor._is_zerotensor()) return tensor.resolve_conj().resolve_neg();
  int64_t extent = 1;
  for (int64_t d = 0; d < tensor.dim(); ++d) {
    if (tensor.size(d) == 0) extent = 0;
    extent += extent == 0 ? 0 : (tensor.size(d) - 1) * tensor.stride(d);
  }
  return at::zeros({extent}, tensor.options()).as_strided(tensor.sizes(), tensor.strides());
}

}  // namespace

void Recorder::protect(c10::ArrayRef<at::Tensor> tensors) {
  for (const at::Tensor& tensor : tensors) {
    if (hasMemory(tensor)) protected_.insert(storageOf(tensor));
  }
}

bool Recorder::isDependent(const at::Tensor& tensor) const {
  const auto known = ids_.find(tensor.unsafeGetTensorImpl());
  if (known != ids_.end()) return graph_.values[known->second].kind != Value::Kind::Constant;
  if (!hasMemory(tensor)) return false;
  const auto shared = storages_.find(storageOf(tensor));
  return shared != storages_.end() && graph_.values[shared->second.base].kind != Value::Kind::Constant;
}

bool Recorder::isFrozen(const at::Tensor& tensor) const {
  return hasMemory(tensor) && frozen_.contains(storageOf(tensor));
}

// Called before each operator.
bool Recorder::dependsOnInputs(const c10::OperatorHandle& op, c10::ArrayRef<c10::IValue> arguments) {
  bool depends = false;
  for (const c10::IValue& argument : arguments) {
    forEachTensor(argument, [&](const at::Tensor& tensor) { depends = depends || isDependent(tensor); });
  }
  if (depends) {
    if (!c10::GradMode::is_enabled()) setIncomplete("the function computes under no-grad mode");
    if (isRandom(op)) setIncomplete("the function draws random numbers that depend on a derivative");
  }
  const auto& parameters = op.schema().arguments();
  for (size_t i = 0; i < arguments.size(); ++i) {
    const auto* alias = parameters[i].alias_info();
    if (alias == nullptr || !alias->isWrite()) continue;
    forEachTensor(arguments[i], [&](const at::Tensor& tensor) {
      if (isDependent(tensor)) return;
      prepareWrite(tensor);
      if (depends) adopt(tensor);
    });
  }
  return depends;
}

ValueId Recorder::freeze(const at::Tensor& tensor) {
  if (tensor.requires_grad() && !ignoresGradients) {
    setIncomplete("the function uses a tensor from outside that requires a gradient");
  }
  const at::Tensor value = plain(tensor);
  auto* impl = value.unsafeGetTensorImpl();
  // Counts writes together with the tensor, but keeps its own shape.
  const at::Tensor constant(impl->shallow_copy_and_detach(impl->version_counter(), true));
  const ValueId id = graph_.addConstant(constant);
  ids_[tensor.unsafeGetTensorImpl()] = id;
  impls_.emplace_back(tensor.getIntrusivePtr());
  if (hasMemory(value)) frozen_[storageOf(value)].push_back({id, tensor.unsafeGetTensorImpl()});
  return id;
}

// An operator is about to write to the memory of a tensor that does not depend on inputs.
void Recorder::prepareWrite(const at::Tensor& tensor) {
  if (!hasMemory(tensor)) {
    ids_.erase(tensor.unsafeGetTensorImpl());
    return;
  }
  if (protected_.contains(storageOf(tensor))) setIncomplete("the function writes to what it is linearized at");
  const auto found = frozen_.find(storageOf(tensor));
  if (found == frozen_.end()) return;
  const at::Tensor copy = wholeStorage(tensor).clone();
  for (const Frozen& frozen : found->second) {
    at::Tensor& constant = graph_.values[frozen.constant].tensor;
    constant = inStorage(copy.storage(), constant);
    ids_.erase(frozen.impl);
  }
  frozen_.erase(found);
}

// Each call returns a copy. The recorded call has returned the tensor itself, to which the caller may write.
ValueId Recorder::constantOutput(const at::Tensor& tensor) {
  const ValueId constant = graph_.addConstant(plain(tensor).detach().clone());
  return graph_.call("aten::clone", "", {constant});
}

// Makes the memory of a tensor a value of the graph that depends on inputs.
void Recorder::adopt(const at::Tensor& tensor) {
  const bool isWhole =
      !tensor.has_storage() || (tensor.storage_offset() == 0 && tensor.nbytes() == tensor.storage().nbytes() &&
                                tensor.is_non_overlapping_and_dense());
  const at::Tensor base = isWhole ? tensor : wholeStorage(tensor);
  const ValueId constant = graph_.addConstant(base.clone());
  Node node{c10::Dispatcher::singleton().findSchemaOrThrow("aten::clone", ""), {{}, {}}, {{0, -1, constant}}, {}};
  node.results = {addResult(base, static_cast<int32_t>(graph_.nodes.size()))};
  addNode(std::move(node));
}

}  // namespace torch_func::compile
