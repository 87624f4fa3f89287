// See Note [Shared storages].

#include "core/shared_storage.h"

#include <c10/core/StorageImpl.h>

#include <mutex>
#include <unordered_map>
#include <utility>

namespace torch_func {

namespace {

// The context of the DataPtr of a shared storage.
struct Memory {
  const void* data;
  std::shared_ptr<void> owner;
};

// The shared storages by the address of their memory.
class Storages {
 public:
  static Storages& instance() {
    static auto* instance = new Storages();  // never destroyed: memory may be freed until the process ends
    return *instance;
  }

  // Returns the storage that is there already, if one is and has all of the memory: a SharedArrayBuffer may grow.
  c10::Storage add(const Memory* memory, const c10::Storage& storage) {
    const std::lock_guard lock(mutex_);
    Entry& entry = entries_[memory->data];
    if (entry.memory != nullptr) {
      auto known = entry.storage.lock();
      if (known && known->nbytes() >= storage.nbytes()) return c10::Storage(std::move(known));
    }
    entry = {memory, c10::weak_intrusive_ptr<c10::StorageImpl>(storage.getWeakStorageImpl())};
    return storage;
  }

  void remove(const Memory* memory) {
    const std::lock_guard lock(mutex_);
    const auto entry = entries_.find(memory->data);
    // Another storage may have taken the place of one that was about to end.
    if (entry != entries_.end() && entry->second.memory == memory) entries_.erase(entry);
  }

 private:
  struct Entry {
    const Memory* memory = nullptr;
    c10::weak_intrusive_ptr<c10::StorageImpl> storage{c10::intrusive_ptr<c10::StorageImpl>()};
  };
  std::mutex mutex_;
  std::unordered_map<const void*, Entry> entries_;
};

void releaseMemory(void* context) {
  const std::unique_ptr<Memory> memory(static_cast<Memory*>(context));
  Storages::instance().remove(memory.get());
}

const Memory* memoryOf(const c10::Storage& storage) {
  return static_cast<const Memory*>(storage.data_ptr().get_context());
}

}  // namespace

bool isShared(const c10::StorageImpl& storage) { return storage.data_ptr().get_deleter() == &releaseMemory; }

void shareStorage(c10::Storage& storage) {
  c10::StorageImpl& impl = *storage.unsafeGetStorageImpl();
  if (isShared(impl)) return;
  if (impl.resizable()) impl.set_resizable(false);
  // On other devices there is no copy on write, and libtorch looks for its own deleter.
  if (!impl.device().is_cpu()) return;
  void* data = impl.mutable_data();  // ends a copy on write
  auto original = std::make_shared<c10::DataPtr>();
  auto memory = std::make_unique<Memory>(Memory{data, original});
  *original = impl.set_data_ptr({data, memory.release(), &releaseMemory, impl.device()});
  if (data != nullptr) Storages::instance().add(memoryOf(storage), storage);
}

c10::Storage storageOver(std::shared_ptr<void> owner, void* data, size_t bytes) {
  auto memory = std::make_unique<Memory>(Memory{data, std::move(owner)});
  c10::DataPtr pointer(data, memory.release(), &releaseMemory, c10::Device(c10::kCPU));
  c10::Storage storage(c10::Storage::use_byte_size_t(), bytes, std::move(pointer), /*allocator=*/nullptr,
                       /*resizable=*/false);
  return data == nullptr ? storage : Storages::instance().add(memoryOf(storage), storage);
}

at::Tensor aliasOf(const at::Tensor& tensor) {
  auto* impl = tensor.unsafeGetTensorImpl();
  return at::Tensor(impl->shallow_copy_and_detach(impl->version_counter(), /*allow_tensor_metadata_change=*/true));
}

}  // namespace torch_func
