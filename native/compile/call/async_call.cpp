// See Note [Asynchronous calls].

#include "compile/call/async_call.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <optional>

#include "compile/async/snapshot.h"
#include "core/cpu_allocator.h"
#include "core/errors.h"
#include "core/remedies.h"
#include "core/shared_storage.h"

namespace torch_func::compile {

namespace {

class WarningList final : public c10::WarningHandler {
 public:
  using Warnings = std::vector<std::pair<std::string, std::string>>;
  explicit WarningList(Warnings& warnings) : warnings_(warnings) {}
  void process(const c10::Warning& warning) override {
    const bool deprecated = std::holds_alternative<c10::Warning::DeprecationWarning>(warning.type());
    warnings_.emplace_back(deprecated ? "DeprecationWarning" : "UserWarning", inOurSpelling(warning.msg()));
  }

 private:
  Warnings& warnings_;
};

const c10::StorageImpl* storageOf(const at::Tensor& tensor) {
  return tensor.defined() && tensor.has_storage() ? tensor.storage().unsafeGetStorageImpl() : nullptr;
}

}  // namespace

std::unique_ptr<AsyncCall> AsyncCall::prepare(Environment& environment, std::shared_ptr<CompiledFunction::Entry> entry,
                                              std::shared_ptr<Executable> executable, const Leaves& leaves) {
  std::unique_ptr<AsyncCall> call(new AsyncCall(environment, std::move(entry), std::move(executable)));
  call->gradMode_ = c10::GradMode::is_enabled();
  call->inferenceMode_ = c10::InferenceMode::is_enabled();
  const auto add = [&](c10::ArrayRef<at::Tensor> tensors, std::vector<at::Tensor>& snapshots) {
    return std::all_of(tensors.begin(), tensors.end(), [&](const at::Tensor& tensor) {
      snapshots.push_back(snapshotOf(tensor));
      if (!snapshots.back().defined()) return false;
      const c10::StorageImpl* storage = storageOf(snapshots.back());
      call->originals_.emplace_back(storage, tensor);
      if (isShared(*storage) && !tensor.is_inference()) call->versions_.emplace_back(tensor, tensor._version());
      return true;
    });
  };
  if (!add(leaves.tensors, call->inputs_) || !add(call->executable_->closures(), call->closures_)) return nullptr;
  call->objects_.resize(leaves.objects.size(), nullptr);
  for (const auto [isArgument, index] : call->entry_->outputs) {
    if (!isArgument || call->objects_[index] != nullptr) continue;
    check(environment.env, napi_create_reference(environment.env, leaves.objects[index], 1, &call->objects_[index]));
  }
  return call;
}

AsyncCall::~AsyncCall() {
  for (napi_ref reference : objects_) {
    if (reference != nullptr) napi_delete_reference(environment_.env, reference);
  }
}

bool AsyncCall::run(const std::atomic<bool>& stop) noexcept {
  bool isComplete = true;
  try {
    WarningList list(warnings_);
    const c10::WarningUtils::WarningHandlerGuard listening(&list);
    const c10::AutoGradMode gradMode(gradMode_);
    std::optional<c10::InferenceMode> inference;
    if (inferenceMode_) inference.emplace(true);
    const at::AutoDispatchBelowADInplaceOrView below;
    executable_->run(inputs_, outputs_, {closures_, &stop});
  } catch (const Stopped&) {
    isComplete = false;
  } catch (...) {
    error_ = std::current_exception();
  }
  // A write to a tensor of the program copies nothing any more.
  inputs_.clear();
  closures_.clear();
  return isComplete;
}

at::Tensor AsyncCall::output(at::Tensor computed) const {
  const c10::StorageImpl* storage = storageOf(computed);
  if (storage == nullptr) return computed;
  const auto original =
      std::find_if(originals_.begin(), originals_.end(), [&](const auto& known) { return known.first == storage; });
  if (original != originals_.end()) return viewOfOriginal(computed, original->second);
  adoptBlock(computed.storage().unsafeGetStorageImpl()->_mutable_data_ptr_no_checks());
  return computed;
}

void AsyncCall::checkVersions() const {
  for (const auto& [tensor, version] : versions_) {
    if (tensor._version() == version) continue;
    throwRuntimeError(
        "async(): a tensor that is shared with other threads or with JavaScript has been modified by an inplace "
        "operation since the call: its version is " +
        std::to_string(tensor._version()) + " instead of " + std::to_string(version) +
        ". Await the call before the write, or pass a clone");
  }
}

napi_value AsyncCall::result(Environment& environment) {
  for (auto& [category, message] : warnings_) environment.addWarning(std::move(category), std::move(message));
  if (error_) std::rethrow_exception(error_);
  checkVersions();
  for (at::Tensor& computed : outputs_) computed = output(std::move(computed));
  c10::SmallVector<napi_value, 8> objects(objects_.size(), nullptr);
  for (size_t i = 0; i < objects_.size(); ++i) {
    if (objects_[i] == nullptr) continue;
    check(environment.env, napi_get_reference_value(environment.env, objects_[i], &objects[i]));
  }
  return entry_->result(environment, outputs_, objects);
}

}  // namespace torch_func::compile
