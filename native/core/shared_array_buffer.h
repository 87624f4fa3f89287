#pragma once
// Memory that several threads of JavaScript see.
//
// Note [SharedArrayBuffers]
// Of all values of JavaScript only a SharedArrayBuffer has memory that lives as long as anything refers to it: objects
// on any thread, and messages that nobody has received. V8 counts the references and calls a deleter after the last.
// That is what the lifetime of a shared tensor needs. Node-API has no functions for SharedArrayBuffers, so these call
// V8's own, which Node.js exports to addons.

#include <napi.h>

#include <cstddef>
#include <memory>

namespace torch_func {

// A SharedArrayBuffer over memory of the addon, of at least one byte. `release(owner)` is called once nothing refers to
// the memory any more: on any thread, also on one of V8's.
napi_value wrapShared(napi_env env, void* data, size_t bytes, std::unique_ptr<void, void (*)(void*)> owner);

// The memory that a Uint8Array among the arguments shows. Node-API itself does not give that of a SharedArrayBuffer.
struct BufferBytes {
  void* data;
  size_t length;
  napi_value buffer;
};
BufferBytes bytesParameter(const Napi::CallbackInfo& info, size_t position, const char* name);

// What keeps the memory of an ArrayBuffer or SharedArrayBuffer alive, from any thread.
std::shared_ptr<void> ownerOf(napi_env env, napi_value buffer);

}  // namespace torch_func
