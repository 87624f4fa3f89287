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

namespace torch_func::compile {

// An undefined tensor where there can be no snapshot: on other devices, of other layouts.
at::Tensor snapshotOf(const at::Tensor& tensor);

// For code that only reads: a snapshot, or a copy where there is none or it would be the tensor itself.
at::Tensor snapshotOrCopy(const at::Tensor& tensor);

// The tensor over the memory of `original` that `view` is over the memory of its snapshot.
at::Tensor viewOfOriginal(const at::Tensor& view, const at::Tensor& original);

}  // namespace torch_func::compile
