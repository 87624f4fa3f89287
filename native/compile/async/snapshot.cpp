// See Note [Snapshots].

#include "compile/async/snapshot.h"

#include <c10/core/CPUAllocator.h>
#include <c10/core/StorageImpl.h>
#include <c10/core/impl/COW.h>

#include <algorithm>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/cpu_allocator.h"
#include "core/errors.h"
#include "core/shared_storage.h"

namespace torch_func::compile {

namespace {

// The owners of memory that does not come from libtorch's allocator, such as that of a mapped file, by its address.
class ForeignOwners {
 public:
  static ForeignOwners& instance() {
    static auto* instance = new ForeignOwners();  // never destroyed: memory may be freed until the process ends
    return *instance;
  }
  void add(void* data, c10::DataPtr owner) {
    const std::lock_guard lock(mutex_);
    owners_.emplace(data, std::move(owner));
  }
  static void release(void* data) {
    c10::DataPtr owner;
    ForeignOwners& owners = instance();
    const std::lock_guard lock(owners.mutex_);
    const auto found = owners.owners_.find(data);
    owner = std::move(found->second);
    owners.owners_.erase(found);
  }

 private:
  std::mutex mutex_;
  std::unordered_multimap<void*, c10::DataPtr> owners_;
};

// Libtorch can share memory only if what frees it needs nothing but its address.
void makeShareable(c10::StorageImpl& storage) {
  if (c10::impl::cow::is_cow_data_ptr(storage.data_ptr()) || c10::impl::cow::has_simple_data_ptr(storage)) return;
  void* data = storage.mutable_data();
  c10::DataPtr owner = storage.set_data_ptr({data, data, &ForeignOwners::release, storage.device()});
  ForeignOwners::instance().add(data, std::move(owner));
  // A write to the snapshot or to the tensor copies into it.
  if (storage.allocator() == nullptr) storage.set_allocator(c10::GetCPUAllocator());
}

}  // namespace

at::Tensor snapshotOf(const at::Tensor& tensor) {
  if (!tensor.device().is_cpu() || tensor.layout() != c10::kStrided || !tensor.has_storage() ||
      tensor._is_zerotensor()) {
    return {};
  }
  auto* impl = tensor.unsafeGetTensorImpl();
  c10::StorageImpl& shared = *tensor.storage().unsafeGetStorageImpl();
  if (isShared(shared)) return aliasOf(tensor);
  makeShareable(shared);
  c10::Storage storage(c10::impl::cow::lazy_clone_storage(shared));
  if (!storage) return {};
  at::Tensor snapshot = at::detail::make_tensor<c10::TensorImpl>(std::move(storage), impl->key_set(), impl->dtype());
  auto* copy = snapshot.unsafeGetTensorImpl();
  copy->set_sizes_and_strides(impl->sizes(), impl->strides(), impl->storage_offset());
  if (impl->is_wrapped_number()) copy->set_wrapped_number(true);
  return snapshot;
}

at::Tensor snapshotOrCopy(const at::Tensor& tensor) {
  const bool isOthers = tensor.has_storage() && isShared(*tensor.storage().unsafeGetStorageImpl());
  const at::Tensor snapshot = isOthers ? at::Tensor() : snapshotOf(tensor);
  return snapshot.defined() ? snapshot : tensor.clone();
}

// The tensor over the memory of `original` that `view` is over the memory of its snapshot.
static at::Tensor viewOfOriginal(const at::Tensor& view, const at::Tensor& original) {
  const auto* from = view.unsafeGetTensorImpl();
  at::Tensor tensor = at::detail::make_tensor<c10::TensorImpl>(c10::TensorImpl::VIEW, c10::Storage(original.storage()),
                                                               from->key_set(), from->dtype());
  auto* impl = tensor.unsafeGetTensorImpl();
  if (!original.is_inference()) impl->set_version_counter(original.unsafeGetTensorImpl()->version_counter());
  impl->set_sizes_and_strides(from->sizes(), from->strides(), from->storage_offset());
  return tensor;
}

at::Tensor Snapshots::take(const at::Tensor& tensor) {
  at::Tensor snapshot = snapshotOf(tensor);
  if (!snapshot.defined()) return snapshot;
  const c10::StorageImpl* storage = snapshot.storage().unsafeGetStorageImpl();
  originals_.emplace_back(storage, tensor);
  if (isShared(*storage) && !tensor.is_inference()) versions_.emplace_back(tensor, tensor._version());
  return snapshot;
}

void Snapshots::check(const char* function) const {
  for (const auto& [tensor, version] : versions_) {
    if (tensor._version() == version) continue;
    throwRuntimeError(
        std::string(function) +
        ": a tensor that is shared with other threads or with JavaScript has been modified by an inplace operation "
        "since the call: its version is " +
        std::to_string(tensor._version()) + " instead of " + std::to_string(version) +
        ". Await the call before the write, or pass a clone");
  }
}

at::Tensor Snapshots::result(at::Tensor computed) const {
  if (!computed.defined() || !computed.has_storage()) return computed;
  c10::StorageImpl* storage = computed.storage().unsafeGetStorageImpl();
  const auto original =
      std::find_if(originals_.begin(), originals_.end(), [&](const auto& known) { return known.first == storage; });
  if (original != originals_.end()) return viewOfOriginal(computed, original->second);
  adoptBlock(storage->_mutable_data_ptr_no_checks());
  return computed;
}

}  // namespace torch_func::compile
