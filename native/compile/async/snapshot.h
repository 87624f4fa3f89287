#pragma once
// What a tensor holds now.
//
// Note [Snapshots]
// An asynchronous call computes with what its tensors held when it was made. A snapshot shares the memory of its tensor
// until one of the two is written to, which copies it: libtorch's own copy-on-write. Only JavaScript's thread touches
// the storage of the tensor, only the call that of the snapshot; the memory, which both read, counts its owners. A
// snapshot takes 0.3 us; a copy of the elements takes 1 ms for 10 MB, in each call.
// Memory that is shared with other threads (Note [Shared storages]) must stay where it is: its snapshot is the tensor
// itself, and a call in which its version changes ends with an error.

#include <ATen/core/Tensor.h>

#include <utility>
#include <vector>

namespace torch_func::compile {

// An undefined tensor where there can be no snapshot: on other devices, of other layouts.
at::Tensor snapshotOf(const at::Tensor& tensor);

// For code that only reads: a snapshot. A copy if a snapshot is not possible, or would share the storage itself.
at::Tensor snapshotOrCopy(const at::Tensor& tensor);

// The snapshots of one call, and the tensors that they are of.
class Snapshots {
 public:
  // Undefined where there can be no snapshot.
  at::Tensor take(const at::Tensor& tensor);
  // After the call: throws if a tensor whose snapshot is the tensor itself was written to.
  void check(const char* function) const;
  // A result of the call, for JavaScript. One over the memory of a snapshot is a view of the tensor.
  at::Tensor result(at::Tensor computed) const;

 private:
  std::vector<std::pair<const c10::StorageImpl*, at::Tensor>> originals_;  // by the storage of their snapshots
  std::vector<std::pair<at::Tensor, int64_t>> versions_;                   // of what is shared with other threads
};

}  // namespace torch_func::compile
