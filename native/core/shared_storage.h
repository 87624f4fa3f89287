#pragma once
// Storages whose memory others write to without an operator of this thread.
//
// Note [Shared storages]
// Tensors of several threads share one StorageImpl, or it lies over memory that JavaScript writes to. Nothing changes a
// shared StorageImpl any more: it is neither resized nor copied on write (Note [Snapshots]), so that threads use it
// without a lock. Each thread has TensorImpls of its own; those of one shared tensor have one version counter, which is
// atomic. What the elements are while two threads use them is a matter of the program.
// There is one StorageImpl for each shared memory, however it was reached: what compares storages sees that tensors
// overlap.

#include <ATen/core/Tensor.h>
#include <c10/core/Storage.h>

#include <memory>

namespace torch_func {

bool isShared(const c10::StorageImpl& storage);

// Makes the storage one that is shared. On the thread that has made it.
void shareStorage(c10::Storage& storage);

// The shared storage over memory that `owner` keeps alive.
c10::Storage storageOver(std::shared_ptr<void> owner, void* data, size_t bytes);

// Another tensor with the memory and the version of this one, which has no wrappers. It is not differentiated.
at::Tensor aliasOf(const at::Tensor& tensor);

}  // namespace torch_func
