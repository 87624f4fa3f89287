// Tensors that several threads use, and tensors over the memory of JavaScript's buffers.

#include <ATen/FunctionalTensorWrapper.h>
#include <ATen/Functions.h>
#include <ATen/functorch/DynamicLayer.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>

#include "addon/exports.h"
#include "core/call_arguments.h"
#include "core/cpu_allocator.h"
#include "core/errors.h"
#include "core/recording.h"
#include "core/shared_array_buffer.h"
#include "core/shared_storage.h"
#include "core/shared_token.h"
#include "core/tensor_handle.h"
#include "functorch/wrappers.h"
#include "tensor/tensor_creation.h"

namespace torch_func {

namespace {

// What a token of a tensor stands for: see Note [Tokens].
struct SharedTensor {
  at::Tensor tensor;  // an alias
  bool requiresGrad;
};

// The tensor whose memory is to be shared.
const at::Tensor& shareable(const Napi::CallbackInfo& info, const char* api) {
  const at::Tensor& tensor = toOperand(Environment::of(info.Env()), info[0], "input");
  const auto refuse = [&](const char* why) { throwRuntimeError(std::string(api) + "(): " + why); };
  if (&unwrapWhile(tensor, valueOfWrapper) != &tensor || at::functionalization::impl::isFunctionalTensor(tensor)) {
    refuse("a tensor of a transform that has not ended cannot be shared. Return it from the function first");
  }
  if (tensor.layout() != c10::kStrided || !tensor.has_storage()) {
    refuse("only a strided tensor can be shared. Share the parts of a sparse tensor: x.indices() and x.values()");
  }
  if (tensor._is_zerotensor()) refuse("a tensor of zeros without memory cannot be shared. Share a clone");
  cannotBeRepeated("memory is shared with other threads");
  return tensor;
}

// Where a transform is active, the tensor enters it as one from outside.
Napi::Value wrapped(const Napi::CallbackInfo& info, at::Tensor tensor) {
  if (at::functorch::maybeCurrentDynamicLayer()) tensor = at::lift_fresh(tensor);
  return {info.Env(), wrapTensor(Environment::of(info.Env()), std::move(tensor))};
}

napi_value number(napi_env env, double value) {
  napi_value result;
  check(env, napi_create_double(env, value, &result));
  return result;
}

// Calls a constructor of JavaScript.
napi_value newObject(napi_env env, const char* className, std::initializer_list<napi_value> arguments) {
  napi_value global, constructor, object;
  check(env, napi_get_global(env, &global));
  check(env, napi_get_named_property(env, global, className, &constructor));
  check(env, napi_new_instance(env, constructor, arguments.size(), arguments.begin(), &object));
  return object;
}

// shareTensor(tensor): the SharedArrayBuffer of a new token.
Napi::Value shareTensor(const Napi::CallbackInfo& info) {
  const at::Tensor& tensor = shareable(info, "share");
  if (tensor.requires_grad() && !tensor.is_leaf()) {
    throwRuntimeError(
        "share(): a tensor that requires a gradient and is not a leaf cannot be shared, because its graph belongs to "
        "this "
        "thread; call detach() on the tensor before sharing it");
  }
  c10::Storage storage = tensor.storage();
  shareStorage(storage);
  return {info.Env(), Tokens<SharedTensor>::create(info.Env(), {aliasOf(tensor), tensor.requires_grad()})};
}

// sharedTensor(bytes): the tensor of the token whose buffer this array shows; null if it is of no token.
Napi::Value sharedTensor(const Napi::CallbackInfo& info) {
  const SharedTensor* shared = Tokens<SharedTensor>::find(bytesParameter(info, 0, "bytes").data);
  if (shared == nullptr) return info.Env().Null();
  cannotBeRepeated("memory is shared with other threads");
  const NotRecorded notRecorded;
  at::Tensor tensor = aliasOf(shared->tensor);
  if (shared->requiresGrad) tensor.set_requires_grad(true);
  return wrapped(info, std::move(tensor));
}

// A new SharedArrayBuffer over the whole storage.
napi_value bufferOver(napi_env env, c10::Storage storage) {
  if (storage.nbytes() == 0) return newObject(env, "SharedArrayBuffer", {number(env, 0)});
  shareStorage(storage);
  void* data = storage.mutable_data();
  const size_t bytes = storage.nbytes();
  const auto release = [](void* owner) {
    delete static_cast<c10::Storage*>(owner);
    handOverFreeBlocks();
  };
  return wrapShared(env, data, bytes, {new c10::Storage(std::move(storage)), release});
}

// sharedData(tensor): the typed array over the elements.
Napi::Value sharedData(const Napi::CallbackInfo& info) {
  napi_env env = info.Env();
  const at::Tensor& tensor = shareable(info, "sharedData");
  const auto refuse = [](const std::string& why) { throwRuntimeError("sharedData(): " + why); };
  if (tensor.requires_grad()) refuse("a tensor that requires a gradient has no plain data. Call it on x.detach()");
  if (!tensor.device().is_cpu()) refuse("the tensor is on " + tensor.device().str() + ". Call it on x.cpu()");
  if (!tensor.is_contiguous()) refuse("the tensor is not contiguous. Call it on x.contiguous()");
  if (tensor.is_conj() || tensor.is_neg()) refuse("a conjugation or negation is pending. Call it on x.clone()");
  static constexpr const char* kClasses[] = {"Int8Array",    "Uint8Array",    "Uint8ClampedArray", "Int16Array",
                                             "Uint16Array",  "Int32Array",    "Uint32Array",       "Float32Array",
                                             "Float64Array", "BigInt64Array", "BigUint64Array"};
  const ArrayKind kind = arrayKind(tensor.scalar_type());
  const auto count = static_cast<size_t>(tensor.numel());
  const auto offset = static_cast<double>(tensor.storage_offset()) * static_cast<double>(tensor.element_size());
  napi_value buffer = bufferOver(env, tensor.storage());
  return {env, newObject(env, kClasses[kind.type],
                         {buffer, number(env, count == 0 ? 0 : offset),
                          number(env, static_cast<double>(count * kind.perElement))})};
}

// Bytes of a buffer that a tensor is made over.
struct Range {
  int64_t start;   // in the buffer
  int64_t length;  // that are there
  int64_t offset;  // of the first element from there
  int64_t count;   // of elements; negative: all
};

// Throws unless the elements lie in the range; replaces a negative count. The wording is PyTorch's.
void checkRange(Range& range, int64_t size) {
  const auto [start, length, offset, count] = range;
  const auto text = [](int64_t number) { return std::to_string(number); };
  if (length <= 0 || count == 0)
    throwValueError("both buffer length (" + text(length) + ") and count (" + text(count) + ") must not be 0");
  if (offset < 0 || offset >= length) {
    throwValueError("offset (" + text(offset) + " bytes) must be non-negative and no greater than buffer length (" +
                    text(length) + " bytes) minus 1");
  }
  if (count < 0) {
    if ((length - offset) % size != 0) {
      throwValueError("buffer length (" + text(length - offset) + " bytes) after offset (" + text(offset) +
                      " bytes) must be a multiple of element size (" + text(size) + ")");
    }
    range.count = (length - offset) / size;
  } else if (count > (length - offset) / size) {
    throwValueError("requested buffer length (" + text(count) + " * " + text(size) + " bytes) after offset (" +
                    text(offset) + " bytes) must not be greater than actual buffer length (" + text(length) +
                    " bytes)");
  }
  if ((start + offset) % size != 0) {
    throwValueError("the first element is at byte " + text(start + offset) +
                    " of the buffer, which must be a multiple of element size (" + text(size) + ")");
  }
}

// tensorOverBuffer(bytes, dtype, start, length, offset, count): a tensor over a Range of the buffer that the
// Uint8Array `bytes` shows all of.
Napi::Value tensorOverBuffer(const Napi::CallbackInfo& info) {
  const auto get = [&](size_t index, const char* name) { return integerParameter(info, index, "frombuffer", name); };
  const BufferBytes bytes = bytesParameter(info, 0, "bytes");
  const auto available = static_cast<int64_t>(bytes.length);
  const c10::ScalarType dtype = dtypeArgument(info[1], "dtype");
  Range range{get(2, "start"), get(3, "length"), get(4, "offset"), get(5, "count")};
  if (range.start < 0 || range.start > available || range.length > available - range.start)
    throwValueError("frombuffer(): the range lies outside of the buffer");
  const auto size = static_cast<int64_t>(c10::elementSize(dtype));
  checkRange(range, size);
  cannotBeRepeated("memory is shared with JavaScript");
  const NotRecorded notRecorded;
  at::Tensor tensor = at::detail::make_tensor<c10::TensorImpl>(
      storageOver(ownerOf(info.Env(), bytes.buffer), bytes.data, bytes.length),
      c10::DispatchKeySet(c10::computeDispatchKey(dtype, c10::kStrided, c10::kCPU)), c10::scalarTypeToTypeMeta(dtype));
  tensor.unsafeGetTensorImpl()->set_storage_offset((range.start + range.offset) / size);
  tensor.unsafeGetTensorImpl()->set_sizes_contiguous({range.count});
  return wrapped(info, std::move(tensor));
}

}  // namespace

void defineSharing(Napi::Object exports) {
  define<shareTensor>(exports, "shareTensor");
  define<sharedTensor>(exports, "sharedTensor");
  define<sharedData>(exports, "sharedData");
  define<tensorOverBuffer>(exports, "tensorOverBuffer");
}

}  // namespace torch_func
