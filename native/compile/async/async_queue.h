#pragma once
// The asynchronous calls of one environment: those that wait or run, and those that JavaScript is yet to be told of.
//
// Note [Asynchronous calls]
// A call is prepared on the thread of JavaScript and runs on a thread of the pool, which knows nothing of JavaScript.
// What it needs is in a Call, of which one thread at a time is the owner: JavaScript, the pool, and JavaScript again,
// which makes the handles of the results and frees what the call has held.
// A queue lives as long as its environment. Where that ends, calls that wait are dropped, and those that run are told
// to stop and waited for.

#include <napi.h>

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "compile/async/thread_pool.h"
#include "core/environment.h"

namespace torch_func::compile {

class AsyncQueue {
 public:
  // What a thread of the pool runs, and what comes of it.
  class Call {
   public:
    virtual ~Call() = default;
    // On a thread of the pool. Returns whether it ran to its end: it may be stopped.
    virtual bool run(const std::atomic<bool>& stop) noexcept = 0;
    // On the thread of JavaScript, after run(): the result. Throws the error of the call.
    virtual napi_value result(Environment& environment) = 0;
  };

  // How a call ended, for settle().
  enum class Outcome : int8_t { Value, Error, Stopped };

  // Lives until the environment ends. Each call ends with one call of settle(id, outcome, value).
  static AsyncQueue& create(Environment& environment, napi_value settle);
  AsyncQueue(const AsyncQueue&) = delete;
  AsyncQueue& operator=(const AsyncQueue&) = delete;

  // Throws an error if too many calls wait.
  void checkLimit();
  // Returns the number by which settle() names the call.
  uint32_t add(std::unique_ptr<Call> call);
  // Drops a call that waits, and stops one that runs.
  void stop(uint32_t id);

  struct Figures {
    size_t running;
    size_t waiting;
    size_t limit;
  };
  Figures figures();
  void setLimit(size_t limit) { limit_ = limit; }

 private:
  class Running;
  friend class Running;

  AsyncQueue(Environment& environment, napi_value settle);
  ~AsyncQueue();
  void begun();
  void ended(uint32_t id, bool isComplete, std::unique_ptr<Call> call);
  void settleEnded();
  void settle(uint32_t id, Outcome outcome, std::unique_ptr<Call> call);
  void updateReference();

  Environment& environment_;
  napi_ref settle_ = nullptr;
  napi_threadsafe_function wake_ = nullptr;
  uint32_t nextId_ = 1;
  size_t limit_ = 1024;
  std::unordered_map<uint32_t, std::shared_ptr<Running>> calls_;  // not settled
  bool keepsLoop_ = false;

  std::mutex mutex_;
  std::condition_variable idle_;  // no call runs
  size_t waiting_ = 0;
  size_t running_ = 0;
  struct Ended {
    uint32_t id;
    bool isComplete;
    std::unique_ptr<Call> call;
  };
  std::vector<Ended> ended_;  // not settled
};

}  // namespace torch_func::compile
