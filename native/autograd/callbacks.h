#pragma once
// Functions of the user's that a graph calls: hooks, and the methods of custom functions.
//
// The functions themselves are kept in JavaScript, by number (lib/autograd/callbacks.ts): a graph may be
// freed inside a garbage collection or on another thread, where no reference to JavaScript may be dropped,
// so it only leaves the number here.

#include <napi.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace torch_func {

// What the callbacks of one kind share, in one environment.
struct CallbackSite {
  napi_env env = nullptr;
  napi_ref dispatcher = nullptr;
  std::thread::id thread = std::this_thread::get_id();
  std::mutex mutex;
  std::vector<int64_t> released;
};

using SitePointer = std::shared_ptr<CallbackSite>;

// Lives as long as the graph holds the callback.
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

// Throws where the calling thread is not the one that JavaScript runs on.
void checkThread(const CallbackSite& site, const char* what);

// dispatcher(number, ...arguments), inside the caller's handle scope. A JavaScript exception stays pending
// while the engine unwinds, and reaches the caller of the engine as it is.
napi_value callDispatcher(const CallbackToken& token, std::initializer_list<napi_value> arguments);

// The site that a native function got as its first argument.
const SitePointer& siteOf(const Napi::CallbackInfo& info);

}  // namespace torch_func
