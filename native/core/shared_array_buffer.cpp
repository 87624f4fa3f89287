// See Note [SharedArrayBuffers].

#include "core/shared_array_buffer.h"

#include <string>
#include <utility>

#include "core/errors.h"
#include "core/tensor_handle.h"

// The functions of V8's API, as v8.h declares them. That header comes with Node.js, but not with Node-API. A version of
// Node.js without one of them still loads the addon.
#define TORCH_FUNC_FROM_V8 __attribute__((visibility("default")))
#define TORCH_FUNC_FROM_V8_IF_ANY __attribute__((visibility("default"), weak))

namespace v8 {

class TORCH_FUNC_FROM_V8 Isolate {
 public:
  TORCH_FUNC_FROM_V8_IF_ANY static Isolate* GetCurrent();
};

class TORCH_FUNC_FROM_V8 BackingStore {
 public:
  TORCH_FUNC_FROM_V8_IF_ANY ~BackingStore();
};

// A napi_value is the pointer in here.
template <typename T>
class Local {
 public:
  T* value;
};

class TORCH_FUNC_FROM_V8 ArrayBuffer {
 public:
  TORCH_FUNC_FROM_V8_IF_ANY std::shared_ptr<BackingStore> GetBackingStore();
};

class TORCH_FUNC_FROM_V8 SharedArrayBuffer {
 public:
  using Deleter = void (*)(void* data, size_t bytes, void* deleterData);
  TORCH_FUNC_FROM_V8_IF_ANY static std::unique_ptr<BackingStore> NewBackingStore(void* data, size_t bytes,
                                                                                 Deleter deleter, void* deleterData);
  TORCH_FUNC_FROM_V8_IF_ANY static Local<SharedArrayBuffer> New(Isolate* isolate, std::shared_ptr<BackingStore> memory);
  TORCH_FUNC_FROM_V8_IF_ANY std::shared_ptr<BackingStore> GetBackingStore();
};

}  // namespace v8

namespace torch_func {

namespace {

using Owner = std::unique_ptr<void, void (*)(void*)>;

template <typename... Function>
void checkExported(Function... functions) {
  if (((functions == nullptr) || ...)) throwRuntimeError("this version of Node.js does not let addons share memory");
}

}  // namespace

napi_value wrapShared(napi_env env, void* data, size_t bytes, Owner owner) {
  checkExported(&v8::Isolate::GetCurrent, &v8::SharedArrayBuffer::NewBackingStore, &v8::SharedArrayBuffer::New);
  auto shared = std::make_unique<Owner>(std::move(owner));
  std::shared_ptr<v8::BackingStore> memory = v8::SharedArrayBuffer::NewBackingStore(
      data, bytes, [](void*, size_t, void* given) { delete static_cast<Owner*>(given); }, shared.get());
  shared.release();
  return reinterpret_cast<napi_value>(v8::SharedArrayBuffer::New(v8::Isolate::GetCurrent(), std::move(memory)).value);
}

BufferBytes bytesParameter(const Napi::CallbackInfo& info, size_t position, const char* name) {
  const Napi::Value value = info[position];
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    throwTypeError(std::string("argument '") + name + "' must be a Uint8Array, not " +
                   describe(Environment::of(info.Env()), value));
  }
  BufferBytes bytes{};
  check(info.Env(),
        napi_get_typedarray_info(info.Env(), value, nullptr, &bytes.length, &bytes.data, &bytes.buffer, nullptr));
  return bytes;
}

std::shared_ptr<void> ownerOf(napi_env env, napi_value buffer) {
  checkExported(&v8::ArrayBuffer::GetBackingStore, &v8::SharedArrayBuffer::GetBackingStore);
  bool isArrayBuffer = false;
  check(env, napi_is_arraybuffer(env, buffer, &isArrayBuffer));
  if (isArrayBuffer) return reinterpret_cast<v8::ArrayBuffer*>(buffer)->GetBackingStore();
  return reinterpret_cast<v8::SharedArrayBuffer*>(buffer)->GetBackingStore();
}

}  // namespace torch_func
