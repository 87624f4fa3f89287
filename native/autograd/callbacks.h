#pragma once
// Functions of the user that the autograd graph calls: hooks, and the methods of custom functions.
//
// JavaScript stores the functions by number (lib/autograd/callbacks.ts), and the graph holds the number. A graph may be
// freed inside a garbage collection or on another thread, where references to JavaScript cannot be released; it only
// records the number here.

#include <napi.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace torch_func {

// The shared state of the callbacks of one kind in one environment.
struct CallbackSite {
  napi_env env = nullptr;
  napi_ref dispatcher = nullptr;
  std::thread::id thread = std::this_thread::get_id();
  std::mutex mutex;
  std::vector<int64_t> released;
};

using SitePointer = std::shared_ptr<CallbackSite>;

// Owned by the graph; its end records that the callback is released.
struct CallbackToken {
  CallbackToken(SitePointer site, int64_t number) : site(std::move(site)), number(number) {}
  CallbackToken(const CallbackToken&) = delete;
  CallbackToken& operator=(const CallbackToken&) = delete;
  ~CallbackToken() {
    std::lock_guard<std::mutex> lock(site->mutex);
    site->released.push_back(number);
  }

  SitePointer site;
  int64_t number;
};

// Throws if the calling thread is not the JavaScript thread. `what` names the callback: "a hook".
void checkThread(const CallbackSite& site, const char* what);

// Calls dispatcher(number, ...arguments), inside the caller's handle scope. A JavaScript exception stays pending while
// the engine unwinds, and reaches the caller of the engine unchanged.
napi_value callDispatcher(const CallbackToken& token, std::initializer_list<napi_value> arguments);

// The callback site that is the first argument of a native function.
const SitePointer& siteOf(const Napi::CallbackInfo& info);

}  // namespace torch_func
