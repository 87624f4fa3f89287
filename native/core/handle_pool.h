#pragma once
// The native side of a JavaScript Tensor: a TensorHandle, which owns one at::Tensor.
//
// Note [Slots]
// A JavaScript Tensor knows its handle by the number of the handle's slot in the pool, which it keeps in a private
// field (lib/tensor.ts). `napi_wrap` and `napi_unwrap` would do the same, but they store and look up a private property
// of V8, which costs about 200 ns and 50 ns: as much as the computation of a small operator. The class sets the field
// when the addon has created a tensor, and an operator call passes the slots of its arguments in the call frame
// (core/call_frame.h). Other functions ask the class for the slot of a value (tensorHandleOf).
// No other code can set the field, and find() accepts only slots in use, so no value can pass for a tensor.
//
// Note [Who disposes of what]
// A JavaScript Tensor owns one handle, and a handle one at::Tensor. Two handles may hold the same at::Tensor: a result
// that is its argument in Python is a second handle here, so that disposing of one leaves the other intact. Only
// in-place operators and out= return the object that they were given.
// A handle releases its tensor when the object is disposed of, when its scope ends, or when the object is collected,
// whichever comes first. A disposed handle keeps its slot until the object is collected, so that a later use of the
// object is an error and not a crash.
// A transform disposes of the tensors that it created and that nobody else can hold: the basis of a Jacobian, the
// wrappers of its arguments after unwrapping, batched copies. It never disposes of a tensor that the user's function
// has received or returned.

#include <ATen/core/Tensor.h>
#include <js_native_api.h>

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "functorch/batch_levels.h"

namespace torch_func {

class HandlePool;

// What must know that C++ is about to use a handle's tensor, and may keep another reference to it.
class HandleWatch {
 public:
  virtual ~HandleWatch() = default;
  virtual void tensorUsed() = 0;
};

struct TensorHandle {
  at::Tensor tensor;           // undefined once disposed
  HandlePool* pool = nullptr;  // null while the slot is free
  int32_t slot = 0;            // see Note [Slots]
  uint32_t generation = 0;     // distinguishes a reused slot from the one that a scope recorded
  bool disposed = false;
  mutable bool watched = false;  // whether the next use of the tensor calls `watch`
  BatchLevel batch;
  const void* countedStorage = nullptr;  // the storage that is accounted for this handle
  TensorHandle* nextFree = nullptr;
  std::unique_ptr<HandleWatch> watch;

  void reportUse() const {
    watched = false;
    watch->tensorUsed();
  }
};

class HandlePool {
 public:
  explicit HandlePool(node_api_basic_env env) : env_(env) {}
  ~HandlePool();
  HandlePool(const HandlePool&) = delete;
  HandlePool& operator=(const HandlePool&) = delete;

  TensorHandle* create(at::Tensor tensor);
  // Releases the tensor but keeps the slot: the JavaScript object still points to it.
  void dispose(TensorHandle* handle);
  // Releases the tensor and the slot. Called by the finalizer of the JavaScript object.
  void release(TensorHandle* handle);

  // The handle in a slot, or null: -1 stands for a value that is not a Tensor.
  TensorHandle* find(int32_t slot) const {
    const size_t block = static_cast<uint32_t>(slot) / kBlockSlots;
    if (block >= blocks_.size()) return nullptr;
    TensorHandle* handle = blocks_[block] + slot % kBlockSlots;
    return handle->pool == this ? handle : nullptr;
  }

  // Does not count disposed tensors whose object is not collected yet.
  size_t liveTensors() const { return handles_ - disposedTensors_; }
  int64_t externalBytes() const { return externalBytes_; }

  // The innermost open scope records each handle that is created.
  struct ScopedHandle {
    TensorHandle* handle;
    uint32_t generation;
  };
  size_t openScope();
  // Closes the scopes down to and including `depth` and disposes of their handles, except for those in `kept`, which
  // move to the enclosing scope.
  void closeScope(size_t depth, const std::unordered_set<TensorHandle*>& kept);

  // Handles that are created while it exists belong to no open scope: a graph may keep what a callback makes.
  class OutsideScopes {
   public:
    explicit OutsideScopes(HandlePool& pool) : pool_(pool) { scopes_.swap(pool.scopes_); }
    ~OutsideScopes() { scopes_.swap(pool_.scopes_); }
    OutsideScopes(const OutsideScopes&) = delete;
    OutsideScopes& operator=(const OutsideScopes&) = delete;

   private:
    HandlePool& pool_;
    std::vector<std::vector<ScopedHandle>> scopes_;
  };

 private:
  static constexpr int32_t kBlockSlots = 1 << 11;
  void addBlock();
  void account(TensorHandle* handle);
  void unaccount(TensorHandle* handle);
  void adjustExternal(int64_t bytes, bool isReported = true);

  node_api_basic_env env_;
  std::vector<TensorHandle*> blocks_;
  TensorHandle* free_ = nullptr;
  size_t handles_ = 0;          // owned by JavaScript objects
  size_t disposedTensors_ = 0;  // of these
  std::vector<std::vector<ScopedHandle>> scopes_;

  // Views share their storage: each storage is counted once, however many handles use it.
  struct CountedStorage {
    size_t handles;
    int64_t bytes;
    bool isReported;  // to V8
  };
  std::unordered_map<const void*, CountedStorage> storages_;
  int64_t externalBytes_ = 0;
  int64_t unreportedBytes_ = 0;
};

}  // namespace torch_func
