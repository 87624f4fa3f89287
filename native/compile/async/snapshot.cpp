// See Note [Snapshots].

#include "compile/async/snapshot.h"

#include <c10/core/CPUAllocator.h>
#include <c10/core/StorageImpl.h>
#include <c10/core/impl/COW.h>

#include <mutex>
#include <unordered_map>
#include <utility>

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

at::Tensor viewOfOriginal(const at::Tensor& view, const at::Tensor& original) {
  const auto* from = view.unsafeGetTensorImpl();
  at::Tensor tensor = at::detail::make_tensor<c10::TensorImpl>(c10::TensorImpl::VIEW, c10::Storage(original.storage()),
                                                               from->key_set(), from->dtype());
  auto* impl = tensor.unsafeGetTensorImpl();
  if (!original.is_inference()) impl->set_version_counter(original.unsafeGetTensorImpl()->version_counter());
  impl->set_sizes_and_strides(from->sizes(), from->strides(), from->storage_offset());
  return tensor;
}

}  // namespace torch_func::compile
