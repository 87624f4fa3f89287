// Allocation of tensor handles, scopes, and the memory that is reported to V8.

#include "core/handle_pool.h"

#include <limits>
#include <new>
#include <utility>

#include "core/cpu_allocator.h"
#include "functorch/wrappers.h"

namespace torch_func {

namespace {

// The memory of a tensor besides its storage: TensorImpl, StorageImpl, the handle of the JavaScript object.
constexpr int64_t kHandleBytes = 512;
// Smaller storages are not counted: the lookup in the table of storages would cost more than it is worth.
constexpr size_t kSmallStorage = 4096;
// V8 is told about memory in steps, because a report costs about as much as the dispatch of an operator.
constexpr int64_t kReportStep = 1 << 17;

}  // namespace

HandlePool::~HandlePool() {
  // Node-API runs all finalizers before it frees the instance data, so no handle is left. If one is, keep the blocks: a
  // leak at exit is better than a dangling pointer.
  if (handles_ > 0) return;
  for (TensorHandle* block : blocks_) delete[] block;
}

void HandlePool::addBlock() {
  constexpr size_t kMaxBlocks = std::numeric_limits<int32_t>::max() / kBlockSlots;
  if (blocks_.size() == kMaxBlocks) throw std::bad_alloc();
  blocks_.reserve(blocks_.size() + 1);
  auto* block = new TensorHandle[kBlockSlots];
  const auto first = static_cast<int32_t>(blocks_.size()) * kBlockSlots;
  blocks_.push_back(block);
  for (int32_t i = kBlockSlots; i-- > 0;) {
    block[i].slot = first + i;
    block[i].nextFree = free_;
    free_ = &block[i];
  }
}

TensorHandle* HandlePool::create(at::Tensor tensor) {
  if (free_ == nullptr) addBlock();
  TensorHandle* handle = free_;
  free_ = handle->nextFree;
  handle->tensor = std::move(tensor);
  handle->pool = this;
  handle->disposed = false;
  handle->batch = batchLevelOf(handle->tensor);
  ++handles_;
  account(handle);
  if (!scopes_.empty()) scopes_.back().push_back({handle, handle->generation});
  return handle;
}

void HandlePool::dispose(TensorHandle* handle) {
  if (handle->disposed) return;
  handle->disposed = true;
  ++disposedTensors_;
  unaccount(handle);
  // Move it out first: destroying a tensor may free a whole graph.
  at::Tensor dropped = std::move(handle->tensor);
  handle->tensor = at::Tensor();
}

void HandlePool::release(TensorHandle* handle) {
  dispose(handle);
  handle->watched = false;
  handle->watch.reset();
  --disposedTensors_;
  handle->pool = nullptr;
  ++handle->generation;
  handle->nextFree = free_;
  free_ = handle;
  --handles_;
}

namespace {

// Whether it is a mapped file, or a part of another tensor's memory (tensor/stored_bytes.cpp). A checkpoint is mapped
// as a whole, and each of its tensors is such a part: to report them would start a collection for every 64 MB.
bool isBorrowed(const c10::DataPtr& data) {
  static const c10::DeleterFnPtr kDeleter =
      c10::InefficientStdFunctionContext::makeDataPtr(nullptr, [](void*) {}, c10::kCPU).get_deleter();
  return data.get_deleter() == kDeleter;
}

}  // namespace

void HandlePool::account(TensorHandle* handle) {
  adjustExternal(kHandleBytes);
  handle->countedStorage = nullptr;
  // A wrapper keeps the memory of its value alive.
  const at::Tensor& tensor = unwrapWhile(handle->tensor, valueOfWrapper);
  if (!tensor.defined() || !tensor.has_storage()) return;
  const auto& storage = tensor.unsafeGetTensorImpl()->unsafe_storage();
  if (!storage || storage.device_type() == c10::DeviceType::Meta) return;
  const size_t bytes = storage.sym_nbytes().maybe_as_int().value_or(0);
  if (bytes < kSmallStorage) {
    return;
  }
  handle->countedStorage = storage.unsafeGetStorageImpl();
  const c10::DataPtr& data = storage.unsafeGetStorageImpl()->_mutable_data_ptr_no_checks();
  const bool isReported = !isLargeBlock(data) && !isBorrowed(data);
  auto [entry, isNew] =
      storages_.try_emplace(handle->countedStorage, CountedStorage{0, static_cast<int64_t>(bytes), isReported});
  ++entry->second.handles;
  if (isNew) adjustExternal(entry->second.bytes, entry->second.isReported);
}

void HandlePool::unaccount(TensorHandle* handle) {
  adjustExternal(-kHandleBytes);
  if (handle->countedStorage == nullptr) return;
  auto entry = storages_.find(handle->countedStorage);
  handle->countedStorage = nullptr;
  if (entry == storages_.end() || --entry->second.handles > 0) return;
  adjustExternal(-entry->second.bytes, entry->second.isReported);
  storages_.erase(entry);
}

// V8 starts a full collection after every 64 MB that it is told of: several for each result of that size. The pool
// of large blocks provokes cheaper ones when they pay (Note [Collections are provoked]).
void HandlePool::adjustExternal(int64_t bytes, bool isReported) {
  externalBytes_ += bytes;
  if (!isReported) return;
  unreportedBytes_ += bytes;
  if (unreportedBytes_ < kReportStep && unreportedBytes_ > -kReportStep) return;
  // Zero it first: a report of more memory may start a collection, whose finalizers call this function again, and
  // inside a collection only decreases may be reported.
  const int64_t report = std::exchange(unreportedBytes_, 0);
  int64_t total = 0;
  napi_adjust_external_memory(env_, report, &total);
}

size_t HandlePool::openScope() {
  scopes_.emplace_back();
  return scopes_.size();
}

void HandlePool::closeScope(size_t depth, const std::unordered_set<TensorHandle*>& kept) {
  while (scopes_.size() >= depth && !scopes_.empty()) {
    std::vector<ScopedHandle> handles = std::move(scopes_.back());
    scopes_.pop_back();
    for (const ScopedHandle& entry : handles) {
      // Another generation: the handle has been freed, and a later tensor uses the slot.
      if (entry.handle->pool != this || entry.handle->generation != entry.generation) continue;
      if (kept.count(entry.handle) != 0) {
        if (!scopes_.empty()) scopes_.back().push_back(entry);
      } else {
        dispose(entry.handle);
      }
    }
  }
}

}  // namespace torch_func
