// The bytes behind tensors, for file formats: reads or maps the bytes of a file, makes tensors over them, takes
// snapshots, and tells which tensors share memory.

#include <ATen/Functions.h>
#include <c10/core/Storage.h>
#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "addon/exports.h"
#include "compile/async/snapshot.h"
#include "core/arguments.h"
#include "core/call_arguments.h"
#include "core/errors.h"
#include "core/recording.h"
#include "core/type_tags.h"
#include "functorch/wrappers.h"
#include "operators/results.h"
#include "tensor/bytes.h"
#include "tensor/tensor_creation.h"

namespace torch_func {

namespace {

Napi::Value wrapped(const Napi::CallbackInfo& info, at::Tensor tensor) {
  return Napi::Value(info.Env(), wrapTensor(Environment::of(info.Env()), std::move(tensor)));
}

// A tensor over a storage, which it shares. It is not a view: each such tensor counts its own writes.
at::Tensor tensorOver(const c10::Storage& storage, c10::ScalarType dtype, c10::IntArrayRef shape,
                      c10::IntArrayRef strides, int64_t offset) {
  at::Tensor tensor = at::detail::make_tensor<c10::TensorImpl>(
      c10::Storage(storage), c10::DispatchKeySet(c10::computeDispatchKey(dtype, c10::kStrided, storage.device())),
      c10::scalarTypeToTypeMeta(dtype));
  tensor.unsafeGetTensorImpl()->set_sizes_and_strides(shape, strides, offset);
  return tensor;
}

// readFileBytes(descriptor, position, length): a uint8 tensor of these bytes of a file.
Napi::Value readFileBytes(const Napi::CallbackInfo& info) {
  const auto get = [&](size_t index, const char* name) { return integerParameter(info, index, "readFileBytes", name); };
  const auto descriptor = static_cast<int>(get(0, "descriptor"));
  const int64_t position = get(1, "position"), length = get(2, "length");
  if (position < 0 || length < 0) throwValueError("readFileBytes(): position and length must not be negative");
  at::Tensor bytes = plainEmpty({length}, c10::kByte);
  readFully(descriptor, position, static_cast<char*>(bytes.mutable_data_ptr()), length);
  return wrapped(info, std::move(bytes));
}

// mapFileBytes(descriptor, length): a uint8 tensor over the start of a file. Pages are read when they are used. A write
// to the tensor copies its page and does not reach the file.
Napi::Value mapFileBytes(const Napi::CallbackInfo& info) {
  const auto descriptor = static_cast<int>(integerParameter(info, 0, "mapFileBytes", "descriptor"));
  const int64_t length = integerParameter(info, 1, "mapFileBytes", "length");
  if (length <= 0) throwValueError("mapFileBytes(): length must be positive");
  const auto size = static_cast<size_t>(length);
  void* data = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, descriptor, 0);
  if (data == MAP_FAILED) throwSystemError("mapping failed");
  BelowTransforms below;
  NotRecorded notRecorded;
  at::Tensor bytes = at::for_blob(data, {length})
                         .deleter([size](void* mapped) { munmap(mapped, size); })
                         .options(at::TensorOptions().dtype(c10::kByte))
                         .make_tensor();
  return wrapped(info, std::move(bytes));
}

// Bytes that fill their storage from the start on.
at::Tensor wholeBytesArgument(const Napi::CallbackInfo& info, size_t index) {
  at::Tensor bytes = bytesArgument(info, index);
  if (bytes.storage_offset() != 0) throwValueError("argument 'bytes' must start at the start of its memory");
  return bytes;
}

// sliceBytes(bytes, offset, length): a tensor with a storage of its own over part of the memory. The memory lives until
// the last slice is freed.
Napi::Value sliceBytes(const Napi::CallbackInfo& info) {
  const at::Tensor bytes = wholeBytesArgument(info, 0);
  const int64_t offset = integerParameter(info, 1, "sliceBytes", "offset");
  const int64_t length = integerParameter(info, 2, "sliceBytes", "length");
  if (offset < 0 || length < 0 || offset > bytes.numel() || length > bytes.numel() - offset)
    throwValueError("sliceBytes(): the slice lies outside of the memory");
  BelowTransforms below;
  NotRecorded notRecorded;
  auto* data = static_cast<char*>(bytes.mutable_data_ptr()) + offset;
  at::Tensor slice = at::for_blob(data, {length})
                         .deleter([bytes](void*) {})
                         .options(bytes.options())
                         .target_device(bytes.device())
                         .make_tensor();
  return wrapped(info, std::move(slice));
}

std::vector<int64_t> integersArgument(const Napi::CallbackInfo& info, size_t index, const char* name) {
  Environment& environment = Environment::of(info.Env());
  Argument argument;
  readArgument(environment, info[index], argument);
  if (argument.kind != Argument::Kind::List) throwTypeError(std::string("argument '") + name + "' must be an array");
  std::vector<int64_t> values;
  for (const Argument& item : argument.items) {
    if (!item.isInteger() || item.integer < 0)
      throwTypeError(std::string("argument '") + name + "' must contain non-negative integers, but found " +
                     describe(environment, item.value));
    values.push_back(item.integer);
  }
  return values;
}

// Throws unless all elements lie in a storage of `available` elements.
void checkBounds(const std::vector<int64_t>& shape, const std::vector<int64_t>& strides, int64_t offset,
                 int64_t available) {
  if (shape.size() != strides.size()) throwValueError("the tensor has as many strides as dimensions");
  int64_t last = offset, count = 1;
  bool isEmpty = false, overflows = false;
  for (size_t i = 0; i < shape.size(); ++i) {
    int64_t reach = 0;
    isEmpty |= shape[i] == 0;
    if (shape[i] == 0) continue;
    overflows |= __builtin_mul_overflow(shape[i] - 1, strides[i], &reach) ||
                 __builtin_add_overflow(last, reach, &last) || __builtin_mul_overflow(count, shape[i], &count);
  }
  if (overflows || (isEmpty ? offset > available : last >= available)) {
    throwValueError("a tensor of shape " + (std::ostringstream() << c10::IntArrayRef(shape)).str() + ", strides " +
                    (std::ostringstream() << c10::IntArrayRef(strides)).str() + " and offset " +
                    std::to_string(offset) + " does not fit into " + std::to_string(available) + " elements");
  }
}

// tensorOverBytes(bytes, dtype, offset, shape, strides): a tensor that shares the memory of `bytes`; it is not a view.
// The offset counts elements.
Napi::Value tensorOverBytes(const Napi::CallbackInfo& info) {
  const c10::ScalarType dtype = dtypeArgument(info[1], "dtype");
  const int64_t offset = integerParameter(info, 2, "tensorOverBytes", "offset");
  const auto shape = integersArgument(info, 3, "shape");
  const auto strides = integersArgument(info, 4, "strides");
  const at::Tensor bytes = wholeBytesArgument(info, 0);
  const auto size = static_cast<int64_t>(c10::elementSize(dtype));
  if (offset < 0) throwValueError("tensorOverBytes(): the offset must not be negative");
  checkBounds(shape, strides, offset, bytes.numel() / size);
  if (reinterpret_cast<uintptr_t>(bytes.const_data_ptr()) % std::min<size_t>(static_cast<size_t>(size), 8) != 0)
    throwValueError("tensorOverBytes(): the memory is not aligned for elements of " + std::to_string(size) + " bytes");
  BelowTransforms below;
  NotRecorded notRecorded;
  at::Tensor tensor = tensorOver(bytes.storage(), dtype, shape, strides, offset);
  return wrapped(info, at::lift_fresh(tensor));
}

// storedValue(tensor): the values as they lie in memory: without wrappers, gradient, and pending conjugation or
// negation. Shares memory with the argument if it can.
Napi::Value storedValue(const Napi::CallbackInfo& info) {
  cannotBeRepeated("a file takes the values of a tensor");
  at::Tensor tensor = plainValue(toOperand(Environment::of(info.Env()), info[0], "input"));
  BelowTransforms below;
  NotRecorded notRecorded;
  if (tensor.layout() != c10::kStrided) throwRuntimeError("a sparse tensor has no single block of memory");
  // A zero tensor, the derivative of a constant, has no memory.
  if (tensor._is_zerotensor()) tensor = tensor.clone();
  return wrapped(info, tensor.detach().resolve_conj().resolve_neg());
}

constexpr napi_type_tag kSnapshotTag = {0x5d1b0c7e2f984a36, 0x9ae3471c60bd258f};

struct Snapshot {
  at::Tensor tensor;
};

// takeSnapshot(tensor): what a result of storedValue or storageBytes holds now. It is not a tensor: no scope disposes
// of it. See Note [Snapshots].
Napi::Value takeSnapshot(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  const at::Tensor& tensor = toOperand(environment, info[0], "input");
  BelowTransforms below;
  NotRecorded notRecorded;
  auto data = std::make_unique<Snapshot>(Snapshot{compile::snapshotOrCopy(tensor)});
  return Napi::Value(info.Env(), wrapExternal(environment, std::move(data), kSnapshotTag));
}

// openSnapshot(snapshot): its tensor. The snapshot is empty afterwards.
Napi::Value openSnapshot(const Napi::CallbackInfo& info) {
  auto& snapshot =
      toExternalData<Snapshot>(Environment::of(info.Env()), info[0], kSnapshotTag, "snapshot", "a snapshot");
  if (!snapshot.tensor.defined()) throwValueError("openSnapshot(): the snapshot was opened before");
  return wrapped(info, std::move(snapshot.tensor));
}

const c10::Storage& storageArgument(const Napi::CallbackInfo& info) {
  const at::Tensor& tensor = toOperand(Environment::of(info.Env()), info[0], "input");
  if (!tensor.has_storage()) throwRuntimeError("the tensor has no memory of its own");
  return tensor.storage();
}

// storageOf(tensor): { id, bytes } of a result of storedValue. Tensors with the same id share their memory.
Napi::Value storageOf(const Napi::CallbackInfo& info) {
  const c10::Storage& storage = storageArgument(info);
  auto result = Napi::Object::New(info.Env());
  result.Set("id", static_cast<double>(reinterpret_cast<uintptr_t>(storage.unsafeGetStorageImpl())));
  result.Set("bytes", static_cast<double>(storage.nbytes()));
  return result;
}

// storageBytes(tensor): a uint8 tensor over the whole memory that a result of storedValue is a part of.
Napi::Value storageBytes(const Napi::CallbackInfo& info) {
  const c10::Storage& storage = storageArgument(info);
  return wrapped(info, tensorOver(storage, c10::kByte, {static_cast<int64_t>(storage.nbytes())}, {1}, 0));
}

}  // namespace

void defineStoredBytes(Napi::Object exports) {
  define<readFileBytes>(exports, "readFileBytes");
  define<mapFileBytes>(exports, "mapFileBytes");
  define<sliceBytes>(exports, "sliceBytes");
  define<tensorOverBytes>(exports, "tensorOverBytes");
  define<storedValue>(exports, "storedValue");
  define<takeSnapshot>(exports, "takeSnapshot");
  define<openSnapshot>(exports, "openSnapshot");
  define<storageOf>(exports, "storageOf");
  define<storageBytes>(exports, "storageBytes");
  defineBackgroundBytes(exports);
}

}  // namespace torch_func
