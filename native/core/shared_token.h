#pragma once
// Values that JavaScript hands from thread to thread.
//
// Note [Tokens]
// A token is a SharedArrayBuffer of one byte (Note [SharedArrayBuffers]) that belongs to a value of the addon. The
// value lives as long as any thread or any message has the token, and is found by the token's address. It does not
// matter which thread made it, whether that has ended, or how often the token is sent and used.

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_set>
#include <utility>

#include "core/cpu_allocator.h"
#include "core/shared_array_buffer.h"

namespace torch_func {

template <typename T>
class Tokens {
 public:
  // The buffer of a new token.
  static napi_value create(napi_env env, T value) {
    std::unique_ptr<void, void (*)(void*)> entry(new Entry{0, std::move(value)}, &release);
    {
      const std::lock_guard lock(all().mutex);
      all().entries.insert(entry.get());
    }
    void* data = entry.get();
    return wrapShared(env, data, 1, std::move(entry));
  }

  // The value of the token at this address, or null. Valid while the caller has the token.
  static const T* find(void* address) {
    const std::lock_guard lock(all().mutex);
    return all().entries.count(address) == 0 ? nullptr : &static_cast<Entry*>(address)->value;
  }

 private:
  struct Entry {
    uint8_t byte;  // what the buffer shows: JavaScript may write to it
    T value;
  };
  struct All {
    std::mutex mutex;
    std::unordered_set<void*> entries;
  };
  static All& all() {
    static auto* instance = new All();  // never destroyed: V8 may drop tokens until the process ends
    return *instance;
  }

  // On any thread, also on one of V8's that collects.
  static void release(void* data) {
    {
      const std::lock_guard lock(all().mutex);
      all().entries.erase(data);
    }
    delete static_cast<Entry*>(data);
    handOverFreeBlocks();
  }
};

}  // namespace torch_func
