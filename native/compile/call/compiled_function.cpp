// Finds the entry of a call, and runs it.

#include "compile/call/compiled_function.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/functorch/DynamicLayer.h>
#include <c10/core/impl/TorchDispatchModeTLS.h>

#include <algorithm>
#include <utility>

#include "compile/call/differentiated.h"
#include "core/errors.h"
#include "core/tensor_handle.h"

namespace torch_func::compile {

namespace {

napi_value numberValue(napi_env env, int32_t number) {
  napi_value value;
  check(env, napi_create_int32(env, number, &value));
  return value;
}

bool shareStorage(c10::ArrayRef<at::Tensor> tensors) {
  c10::SmallVector<const c10::StorageImpl*, 8> storages;
  for (const at::Tensor& tensor : tensors) {
    if (tensor.has_storage() && tensor.storage().nbytes() > 0) {
      storages.push_back(tensor.storage().unsafeGetStorageImpl());
    }
  }
  std::sort(storages.begin(), storages.end());
  return std::adjacent_find(storages.begin(), storages.end()) != storages.end();
}

}  // namespace

napi_value CompiledFunction::call(const ResultCall& call) {
  napi_env env = call.environment.env;
  const auto action = [&](Action what) { return numberValue(env, static_cast<int32_t>(what)); };
  if (at::functorch::maybeCurrentDynamicLayer() || c10::impl::dispatch_mode_enabled()) {
    return action(Action::RunFunction);
  }
  const Modes modes = Modes::current();
  Leaves leaves;
  for (Entry& entry : entries_) {
    leaves.tensors.clear();
    leaves.objects.clear();
    if (!entry.signature->matches(call, modes, leaves)) continue;
    if (entry.needsSeparateStorage && shareStorage(leaves.tensors)) return action(Action::RunFunction);
    for (const at::Tensor& tensor : leaves.tensors) {
      if (isDifferentiated(tensor)) return action(Action::RunFunction);
    }
    entry.lastUse = ++uses_;
    if (entry.compilation.executable == nullptr) return action(Action::RunFunction);
    // The entry may be dropped while it runs: a warning calls JavaScript.
    const std::shared_ptr<Executable> executable = entry.compilation.executable;
    std::vector<at::Tensor> outputs;
    {
      const at::AutoDispatchBelowADInplaceOrView below;
      executable->run(leaves.tensors, outputs);
    }
    if (entry.returnsTensor && !entry.outputs[0].isArgument) {
      return wrapTensor(call.environment, std::move(outputs[0]));
    }
    napi_value array;
    check(env, napi_create_array_with_length(env, entry.outputs.size() + 1, &array));
    check(env, napi_set_element(env, array, 0, numberValue(env, entry.id)));
    // A tensor that the function returns twice is one object.
    c10::SmallVector<napi_value, 8> objects(outputs.size(), nullptr);
    for (size_t i = 0; i < entry.outputs.size(); ++i) {
      const Output& output = entry.outputs[i];
      napi_value& value = output.isArgument ? leaves.objects[output.index] : objects[output.index];
      if (value == nullptr) value = wrapTensor(call.environment, std::move(outputs[output.index]));
      check(env, napi_set_element(env, array, static_cast<uint32_t>(i + 1), value));
    }
    return array;
  }
  // A signature that was not seen yet; or arguments that are not compiled for at all.
  leaves = {};
  const Signature signature(call, leaves);
  for (const at::Tensor& tensor : leaves.tensors) {
    if (isDifferentiated(tensor)) return action(Action::RunFunction);
  }
  return action(Action::Record);
}

int32_t CompiledFunction::add(Entry entry, size_t limit) {
  entry.id = nextId_++;
  entry.lastUse = ++uses_;
  int32_t dropped = -1;
  if (entries_.size() >= limit) {
    const auto oldest = std::min_element(entries_.begin(), entries_.end(),
                                         [](const Entry& a, const Entry& b) { return a.lastUse < b.lastUse; });
    dropped = oldest->id;
    entries_.erase(oldest);
  }
  entries_.insert(entries_.begin(), std::move(entry));
  return dropped;
}

}  // namespace torch_func::compile
