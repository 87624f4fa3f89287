#pragma once
// What stands behind a JavaScript Tensor: a TensorHandle that owns one at::Tensor.
//
// Handles come from a pool of their own for two reasons. First, type safety: `napi_unwrap` yields
// the pointer of any addon's wrapped object, and a pointer counts as a tensor only if it lies in one
// of the pool's blocks, which is the same promise as Node-API's type tags at a small part of their
// price (a tag is a BigInt in a second private property of every object). Second, an operator call
// creates and frees one handle, so allocation has to be cheap.

#include <ATen/core/Tensor.h>
#include <js_native_api.h>

#include <cstdint>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "functorch/batch_levels.h"

namespace torch_func {

class HandlePool;

struct TensorHandle {
  at::Tensor tensor;           // undefined once disposed
  HandlePool* pool = nullptr;  // null while the slot is free
  uint32_t generation = 0;     // tells a reused slot from the one a scope remembers
  bool disposed = false;
  BatchLevel batch;
  const void* countedStorage = nullptr;  // the storage that the accounting knows this handle by
  TensorHandle* nextFree = nullptr;
};

class HandlePool {
 public:
  explicit HandlePool(node_api_basic_env env) : env_(env) {}
  ~HandlePool();
  HandlePool(const HandlePool&) = delete;
  HandlePool& operator=(const HandlePool&) = delete;

  TensorHandle* create(at::Tensor tensor);
  // Drops the tensor but keeps the slot: the JavaScript object still points at it.
  void dispose(TensorHandle* handle);
  // Called by the collector's finalizer: drops the tensor and the slot.
  void release(TensorHandle* handle);

  // The handle behind a pointer of unknown origin, or null.
  TensorHandle* find(void* pointer) const;

  // Without those that have been disposed of and only wait for the collector.
  size_t liveTensors() const { return handles_ - disposedTensors_; }
  int64_t externalBytes() const { return externalBytes_; }

  // Scopes: every handle created while a scope is open is remembered by the innermost one.
  struct ScopedHandle {
    TensorHandle* handle;
    uint32_t generation;
  };
  size_t openScope();
  // Closes the scopes down to and including `depth`, disposing of what they remember, except for the
  // handles in `kept`, which the scope around takes over.
  void closeScope(size_t depth, const std::unordered_set<TensorHandle*>& kept);

 private:
  static constexpr size_t kBlockBytes = 1 << 18;
  void addBlock();
  void account(TensorHandle* handle);
  void unaccount(TensorHandle* handle);
  void adjustExternal(int64_t bytes);

  node_api_basic_env env_;
  std::unordered_set<uintptr_t> blocks_;
  mutable uintptr_t lastBlock_ = 0;
  TensorHandle* free_ = nullptr;
  size_t handles_ = 0;          // that JavaScript objects hold
  size_t disposedTensors_ = 0;  // of these
  std::vector<std::vector<ScopedHandle>> scopes_;

  // Views share their storage, so a storage is counted once however many handles see it.
  struct CountedStorage {
    size_t handles;
    int64_t bytes;
  };
  std::unordered_map<const void*, CountedStorage> storages_;
  int64_t externalBytes_ = 0;
  int64_t unreportedBytes_ = 0;
};

}  // namespace torch_func
