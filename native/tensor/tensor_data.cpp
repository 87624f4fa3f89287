// Creates tensors from typed arrays, and copies the values of tensors to JavaScript.

#include <ATen/FunctionalTensorWrapper.h>
#include <ATen/Functions.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "addon/exports.h"
#include "compile/async/call_context.h"
#include "compile/async/snapshot.h"
#include "compile/call/queue_argument.h"
#include "core/arguments.h"
#include "core/call_arguments.h"
#include "core/default_device.h"
#include "core/errors.h"
#include "core/recording.h"
#include "core/remedies.h"
#include "functorch/wrappers.h"
#include "operators/results.h"
#include "tensor/tensor_creation.h"

namespace torch_func {

c10::ScalarType dtypeArgument(const Napi::Value& value, const char* argument) {
  if (value.IsString()) {
    if (auto dtype = parseDtype(value.As<Napi::String>())) return *dtype;
  }
  throwTypeError(
      std::string("argument '") + argument + "' must be a dtype, such as 'float32', not " +
      (value.IsString() ? inQuotes(value.As<Napi::String>()) : describe(Environment::of(value.Env()), value)));
}

c10::Device deviceArgument(Environment& environment, const Napi::Value& value) {
  Argument argument;
  readArgument(environment, value, argument);
  if (argument.kind == Argument::Kind::Undefined || argument.kind == Argument::Kind::Null) {
    if (!defaultDevice()) return c10::Device(c10::kCPU);
    checkDeviceAvailable(*defaultDevice());
    return *defaultDevice();
  }
  auto device = parseDevice(environment, argument);
  if (!device)
    throwTypeError("option 'device' must be a device, such as 'cpu' or { type: 'cuda', index: 0 }, not " +
                   describe(environment, value));
  checkDeviceAvailable(*device);
  return *device;
}

at::Tensor lift(at::Tensor tensor, const c10::Device& device) {
  if (!device.is_cpu()) {
    tensor = tensor.to(device);
  }
  return at::lift_fresh(tensor);
}

at::Tensor plainEmpty(c10::IntArrayRef shape, c10::ScalarType dtype) {
  BelowTransforms below;
  NotRecorded notRecorded;
  return at::empty(shape, at::TensorOptions().dtype(dtype));
}

at::Tensor plainValue(const at::Tensor& tensor) {
  at::Tensor plain = unwrapWhile(tensor, valueOfGradWrapper);
  while (at::functionalization::impl::isFunctionalTensor(plain)) {
    // Writes to it, or to a view of it, may still be pending.
    at::functionalization::impl::sync(plain);
    plain = at::functionalization::impl::from_functional_tensor(plain);
    plain = unwrapWhile(plain, valueOfGradWrapper);
  }
  if (at::functorch::isBatchedTensor(plain)) throwRuntimeError(valuesOfBatchedTensor());
  return plain;
}

ArrayKind arrayKind(c10::ScalarType dtype) {
  switch (dtype) {
    case c10::ScalarType::Bool:
    case c10::ScalarType::Byte:
    case c10::ScalarType::Float8_e4m3fn:
    case c10::ScalarType::Float8_e4m3fnuz:
    case c10::ScalarType::Float8_e5m2:
    case c10::ScalarType::Float8_e5m2fnuz:
    case c10::ScalarType::Float8_e8m0fnu: return {napi_uint8_array, 1};
    case c10::ScalarType::Char: return {napi_int8_array, 1};
    case c10::ScalarType::Short: return {napi_int16_array, 1};
    case c10::ScalarType::Int: return {napi_int32_array, 1};
    case c10::ScalarType::Long: return {napi_bigint64_array, 1};
    case c10::ScalarType::UInt16:
    case c10::ScalarType::Half:
    case c10::ScalarType::BFloat16: return {napi_uint16_array, 1};
    case c10::ScalarType::UInt32: return {napi_uint32_array, 1};
    case c10::ScalarType::UInt64: return {napi_biguint64_array, 1};
    case c10::ScalarType::Float: return {napi_float32_array, 1};
    case c10::ScalarType::Double: return {napi_float64_array, 1};
    case c10::ScalarType::ComplexHalf: return {napi_uint16_array, 2};
    case c10::ScalarType::ComplexFloat: return {napi_float32_array, 2};
    case c10::ScalarType::ComplexDouble: return {napi_float64_array, 2};
    default: throwTypeError(std::string("there is no typed array for the values of a ") + dtypeName(dtype) + " tensor");
  }
}

namespace {

struct Bytes {
  const void* data;
  size_t length;
};

// Valid until JavaScript runs again, which could detach or resize the buffer.
Bytes bytesOf(const Napi::Value& value) {
  napi_env env = value.Env();
  Bytes bytes{nullptr, 0};
  napi_value buffer = value;
  if (value.IsTypedArray()) {
    // Take the pointer from the typed array: Node-API does not accept a SharedArrayBuffer as its buffer.
    void* data = nullptr;
    check(env, napi_get_typedarray_info(env, value, nullptr, nullptr, &data, &buffer, nullptr));
    bytes = {data, value.As<Napi::TypedArray>().ByteLength()};
  } else if (value.IsArrayBuffer()) {
    void* data = nullptr;
    check(env, napi_get_arraybuffer_info(env, value, &data, &bytes.length));
    bytes.data = data;
  } else {
    throwTypeError("argument 'data' must be a typed array or an ArrayBuffer, not " +
                   describe(Environment::of(env), value));
  }
  bool detached = false;
  check(env, napi_is_detached_arraybuffer(env, buffer, &detached));
  if (detached) throwValueError("argument 'data' is detached: its ArrayBuffer was transferred");
  return bytes;
}

std::vector<int64_t> shapeArgument(Environment& environment, const Napi::Value& value) {
  Argument argument;
  readArgument(environment, value, argument);
  std::vector<int64_t> shape;
  if (argument.kind != Argument::Kind::List)
    throwTypeError("argument 'shape' must be an array of integers, not " + describe(environment, argument));
  for (const Argument& item : argument.items) {
    if (!item.isInteger() || item.integer < 0)
      throwTypeError("argument 'shape' must contain non-negative integers, but found " +
                     describe(environment, item.value));
    shape.push_back(item.integer);
  }
  return shape;
}

// tensorFromBytes(data, dtype, shape, device): copies the bytes of a typed array.
Napi::Value tensorFromBytes(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  const c10::ScalarType dtype = dtypeArgument(info[1], "dtype");
  const auto shape = shapeArgument(environment, info[2]);
  const c10::Device device = deviceArgument(environment, info[3]);
  size_t count = 1;
  for (int64_t size : shape) {
    if (__builtin_mul_overflow(count, static_cast<size_t>(size), &count))
      throwValueError("argument 'shape' has too many elements");
  }
  // Read this argument last: reading the others may run JavaScript.
  const Bytes bytes = bytesOf(info[0]);
  const size_t size = c10::elementSize(dtype);
  if (bytes.length / size != count || bytes.length % size != 0) {
    throwValueError("the data has " + std::to_string(bytes.length) + " bytes, but a tensor of " +
                    std::to_string(count) + " elements of " + dtypeName(dtype) + " needs " + std::to_string(size) +
                    " bytes per element");
  }
  at::Tensor tensor = plainEmpty(shape, dtype);
  if (bytes.length > 0) std::memcpy(tensor.mutable_data_ptr(), bytes.data, bytes.length);
  return Napi::Value(info.Env(), wrapTensor(environment, lift(std::move(tensor), device)));
}

// --- out --------------------------------------------------------------------------------------

// The tensor with the values. Looks through gradient and functional wrappers, as PyTorch does.
at::Tensor valueToRead(const at::Tensor& tensor) {
  cannotBeRepeated("data() reads values of a tensor in JavaScript");
  at::Tensor plain = plainValue(tensor);
  BelowTransforms below;
  if (plain.is_meta()) throwRuntimeError("a tensor on the meta device has no data to read");
  if (plain.layout() != c10::kStrided) plain = plain.to_dense();
  // A zero tensor, the derivative of a constant, has no memory.
  return plain._is_zerotensor() ? plain.clone() : plain.detach();
}

// The values as contiguous CPU memory.
at::Tensor readable(const at::Tensor& tensor) {
  const at::Tensor plain = valueToRead(tensor);
  BelowTransforms below;
  return plain.to(c10::kCPU).resolve_conj().resolve_neg().contiguous();
}

// Zeroed memory for JavaScript, and its address in `data`. Node-API ends the process if V8 has no memory left; the
// class of JavaScript throws an error, but costs more than a small block takes.
napi_value newArrayBuffer(Environment& environment, size_t bytes, void*& data) {
  constexpr size_t kLarge = 1 << 16;
  napi_env env = environment.env;
  napi_value buffer;
  if (bytes < kLarge) {
    check(env, napi_create_arraybuffer(env, bytes, &data, &buffer));
    return buffer;
  }
  napi_value global, arrayBuffer, length, ignored;
  check(env, napi_get_global(env, &global));
  check(env, napi_get_named_property(env, global, "ArrayBuffer", &arrayBuffer));
  check(env, napi_create_double(env, static_cast<double>(bytes), &length));
  if (napi_new_instance(env, arrayBuffer, 1, &length, &buffer) != napi_ok) {
    napi_get_and_clear_last_exception(env, &ignored);
    throw ArgumentError(ErrorClass::OutOfMemory, "cannot allocate " + std::to_string(bytes) +
                                                     " bytes of JavaScript memory for the values of the tensor");
  }
  check(env, napi_get_arraybuffer_info(env, buffer, &data, nullptr));
  return buffer;
}

// data(tensor): copies the elements in row-major order to a new typed array.
Napi::Value data(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  const at::Tensor source = readable(toOperand(environment, info[0], "input"));
  const ArrayKind kind = arrayKind(source.scalar_type());
  const void* from = source.const_data_ptr();
  void* to = nullptr;
  napi_value array, buffer = newArrayBuffer(environment, source.nbytes(), to);
  if (source.nbytes() > 0) std::memcpy(to, from, source.nbytes());
  check(info.Env(), napi_create_typedarray(info.Env(), kind.type, static_cast<size_t>(source.numel()) * kind.perElement,
                                           buffer, 0, &array));
  return Napi::Value(info.Env(), array);
}

// What a tensor holds, copied to a typed array by a thread of the pool: see Note [Asynchronous calls].
class DataCall final : public compile::AsyncQueue::Call {
 public:
  DataCall(Environment& environment, at::Tensor source)
      : environment_(environment), source_(std::move(source)), kind_(arrayKind(source_.scalar_type())) {
    elements_ = static_cast<size_t>(source_.numel()) * kind_.perElement;
    const napi_value buffer = newArrayBuffer(environment, source_.nbytes(), target_);
    check(environment.env, napi_create_reference(environment.env, buffer, 1, &buffer_));
  }
  ~DataCall() override { napi_delete_reference(environment_.env, buffer_); }

  bool run(const std::atomic<bool>&) noexcept override {
    const at::Tensor source = std::move(source_);
    context_.run([&] {
      BelowTransforms below;
      at::from_blob(target_, source.sizes(), source.options().device(c10::kCPU)).copy_(source);
    });
    return true;
  }

  napi_value result(Environment& environment) override {
    context_.finish(environment);
    napi_value buffer, array;
    check(environment.env, napi_get_reference_value(environment.env, buffer_, &buffer));
    check(environment.env, napi_create_typedarray(environment.env, kind_.type, elements_, buffer, 0, &array));
    return array;
  }

 private:
  Environment& environment_;
  at::Tensor source_;
  ArrayKind kind_;
  size_t elements_ = 0;
  void* target_ = nullptr;
  napi_ref buffer_ = nullptr;
  compile::CallContext context_;
};

// startData(queue, tensor): the number of an asynchronous call of data(); 0 if the call takes less time than that.
Napi::Value startData(const Napi::CallbackInfo& info) {
  constexpr size_t kLarge = 1 << 18;
  Environment& environment = Environment::of(info.Env());
  compile::AsyncQueue& queue = compile::toAsyncQueue(info, 0);
  at::Tensor plain = valueToRead(toOperand(environment, info[1], "input"));
  std::unique_ptr<DataCall> call;
  if (plain.nbytes() >= kLarge) {
    queue.checkLimit();
    BelowTransforms below;
    call = std::make_unique<DataCall>(environment, compile::snapshotOrCopy(plain));
  }
  return Napi::Value(info.Env(), compile::addToQueue(queue, info.Env(), std::move(call)));
}

// dataInto(tensor, target): copies the elements in row-major order to the start of the caller's typed array, and
// returns the number of bytes. For streams, which would otherwise allocate a typed array for each piece.
Napi::Value dataInto(const Napi::CallbackInfo& info) {
  const at::Tensor source = readable(toOperand(Environment::of(info.Env()), info[0], "input"));
  const Bytes target = bytesOf(info[1]);
  const void* from = source.const_data_ptr();
  if (source.nbytes() > target.length) {
    throwValueError("argument 'target' has " + std::to_string(target.length) + " bytes, but the tensor has " +
                    std::to_string(source.nbytes()));
  }
  if (source.nbytes() > 0) std::memcpy(const_cast<void*>(target.data), from, source.nbytes());
  return Napi::Number::New(info.Env(), static_cast<double>(source.nbytes()));
}

// doubles(tensor): the elements as float64, complex numbers as pairs. For dtypes without a typed array of numbers, such
// as bfloat16.
Napi::Value doubles(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  at::Tensor source = readable(toOperand(environment, info[0], "input"));
  BelowTransforms below;
  source = source.to(source.is_complex() ? c10::ScalarType::ComplexDouble : c10::ScalarType::Double);
  void* to = nullptr;
  napi_value array, buffer = newArrayBuffer(environment, source.nbytes(), to);
  if (source.nbytes() > 0) std::memcpy(to, source.const_data_ptr(), source.nbytes());
  check(info.Env(),
        napi_create_typedarray(info.Env(), napi_float64_array, source.nbytes() / sizeof(double), buffer, 0, &array));
  return Napi::Value(info.Env(), array);
}

// peek(tensor): the value of a one-element tensor, for the library itself. A compiled function expects the same value
// in later calls.
Napi::Value peek(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  return Napi::Value(info.Env(), wrapScalar(environment, toOperand(environment, info[0], "input").item()));
}

// item(tensor): the same, for the user.
Napi::Value item(const Napi::CallbackInfo& info) {
  const ReadsInJavaScript reads;
  return peek(info);
}

}  // namespace

void defineTensorData(Napi::Object exports) {
  define<tensorFromBytes>(exports, "tensorFromBytes");
  define<data>(exports, "data");
  define<startData>(exports, "startData");
  define<dataInto>(exports, "dataInto");
  define<doubles>(exports, "doubles");
  define<peek>(exports, "peek");
  define<item>(exports, "item");
}

}  // namespace torch_func
