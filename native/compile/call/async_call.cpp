// See Note [Asynchronous calls].

#include "compile/call/async_call.h"

#include <ATen/core/LegacyTypeDispatch.h>

#include <algorithm>

#include "core/errors.h"

namespace torch_func::compile {

std::unique_ptr<AsyncCall> AsyncCall::prepare(Environment& environment, std::shared_ptr<CompiledFunction::Entry> entry,
                                              std::shared_ptr<Executable> executable, const Leaves& leaves) {
  std::unique_ptr<AsyncCall> call(new AsyncCall(environment, std::move(entry), std::move(executable)));
  const auto add = [&](c10::ArrayRef<at::Tensor> tensors, std::vector<at::Tensor>& snapshots) {
    return std::all_of(tensors.begin(), tensors.end(), [&](const at::Tensor& tensor) {
      snapshots.push_back(call->snapshots_.take(tensor));
      return snapshots.back().defined();
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
  context_.run([&] {
    const at::AutoDispatchBelowADInplaceOrView below;
    try {
      executable_->run(inputs_, outputs_, {closures_, &stop});
    } catch (const Stopped&) {
      isComplete = false;
    }
  });
  // A write to a tensor of the program copies nothing any more.
  inputs_.clear();
  closures_.clear();
  return isComplete;
}

napi_value AsyncCall::result(Environment& environment) {
  context_.finish(environment);
  snapshots_.check("async()");
  for (at::Tensor& computed : outputs_) computed = snapshots_.result(std::move(computed));
  c10::SmallVector<napi_value, 8> objects(objects_.size(), nullptr);
  for (size_t i = 0; i < objects_.size(); ++i) {
    if (objects_[i] == nullptr) continue;
    check(environment.env, napi_get_reference_value(environment.env, objects_[i], &objects[i]));
  }
  return entry_->result(environment, outputs_, objects);
}

}  // namespace torch_func::compile
