// See Note [Asynchronous calls].

#include "compile/async/async_queue.h"

#include <string>
#include <utility>

#include "core/errors.h"

namespace torch_func::compile {

class AsyncQueue::Running final : public Work {
 public:
  Running(AsyncQueue& queue, uint32_t id, std::unique_ptr<Call> call)
      : queue_(queue), id_(id), call_(std::move(call)) {}

  void run() noexcept override {
    queue_.begun();
    const bool isComplete = call_->run(isStopped);
    queue_.ended(id_, isComplete, std::move(call_));
  }

 private:
  AsyncQueue& queue_;
  uint32_t id_;
  std::unique_ptr<Call> call_;
};

AsyncQueue& AsyncQueue::create(Environment& environment, napi_value settle) {
  return *new AsyncQueue(environment, settle);
}

AsyncQueue::AsyncQueue(Environment& environment, napi_value settle) : environment_(environment) {
  napi_env env = environment.env;
  check(env, napi_create_reference(env, settle, 1, &settle_));
  napi_value name;
  check(env, napi_create_string_utf8(env, "torch-func", NAPI_AUTO_LENGTH, &name));
  const auto settleAll = [](napi_env env, napi_value, void* queue, void*) {
    if (env != nullptr) static_cast<AsyncQueue*>(queue)->settleEnded();
  };
  check(env,
        napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this, settleAll, &wake_));
  check(env, napi_unref_threadsafe_function(env, wake_));
  // Hooks run in the reverse order of their registration: while `wake_` exists.
  check(env, napi_add_env_cleanup_hook(env, [](void* queue) { delete static_cast<AsyncQueue*>(queue); }, this));
}

AsyncQueue::~AsyncQueue() {
  size_t withdrawn = 0;
  for (const auto& [id, call] : calls_) {
    call->stop();
    if (ThreadPool::instance().withdraw(*call)) ++withdrawn;
  }
  std::unique_lock lock(mutex_);
  waiting_ -= withdrawn;
  idle_.wait(lock, [this] { return waiting_ == 0 && running_ == 0; });
  napi_delete_reference(environment_.env, settle_);
}

void AsyncQueue::checkLimit() {
  const std::lock_guard lock(mutex_);
  if (waiting_ < limit_) return;
  throwRuntimeError("the queue of asynchronous calls is full: " + std::to_string(waiting_) +
                    " calls wait. Await torch.asyncQueue().ready() before each call, or raise the limit with "
                    "torch.setAsyncQueue({ limit })");
}

uint32_t AsyncQueue::add(std::unique_ptr<Call> call) {
  const uint32_t id = nextId_++;
  auto running = std::make_shared<Running>(*this, id, std::move(call));
  calls_.emplace(id, running);
  {
    const std::lock_guard lock(mutex_);
    ++waiting_;
  }
  try {
    ThreadPool::instance().submit(std::move(running));
  } catch (...) {
    calls_.erase(id);
    const std::lock_guard lock(mutex_);
    --waiting_;
    throw;
  }
  updateReference();
  return id;
}

void AsyncQueue::stop(uint32_t id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  found->second->stop();
  if (!ThreadPool::instance().withdraw(*found->second)) return;
  {
    const std::lock_guard lock(mutex_);
    --waiting_;
  }
  calls_.erase(found);
  updateReference();
}

AsyncQueue::Figures AsyncQueue::figures() {
  const std::lock_guard lock(mutex_);
  return {running_, waiting_, limit_};
}

void AsyncQueue::begun() {
  const std::lock_guard lock(mutex_);
  --waiting_;
  ++running_;
}

void AsyncQueue::ended(uint32_t id, bool isComplete, std::unique_ptr<Call> call) {
  const std::lock_guard lock(mutex_);
  --running_;
  ended_.push_back({id, isComplete, std::move(call)});
  // Under the lock: afterwards the environment may end.
  if (ended_.size() == 1) napi_call_threadsafe_function(wake_, nullptr, napi_tsfn_nonblocking);
  idle_.notify_all();
}

void AsyncQueue::settleEnded() {
  std::vector<Ended> ended;
  {
    const std::lock_guard lock(mutex_);
    ended.swap(ended_);
  }
  for (Ended& call : ended) {
    calls_.erase(call.id);
    settle(call.id, call.isComplete ? Outcome::Value : Outcome::Stopped, std::move(call.call));
  }
  updateReference();
}

void AsyncQueue::settle(uint32_t id, Outcome outcome, std::unique_ptr<Call> call) {
  napi_env env = environment_.env;
  napi_handle_scope scope;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  napi_value arguments[3], undefined, function;
  napi_get_undefined(env, &undefined);
  arguments[2] = undefined;
  if (outcome == Outcome::Value) {
    napi_value value = guard(environment_, [&] {
      CallFrame::Scope frame(environment_.frame, nullptr);
      return call->result(environment_);
    });
    bool hasFailed = false;
    napi_is_exception_pending(env, &hasFailed);
    if (hasFailed) {
      outcome = Outcome::Error;
      napi_get_and_clear_last_exception(env, &value);
    }
    if (value != nullptr) arguments[2] = value;
  }
  call.reset();
  napi_create_uint32(env, id, &arguments[0]);
  napi_create_int32(env, static_cast<int32_t>(outcome), &arguments[1]);
  napi_get_reference_value(env, settle_, &function);
  napi_call_function(env, undefined, function, 3, arguments, nullptr);
  napi_close_handle_scope(env, scope);
}

// Calls in flight keep the process running, as other work of Promises does.
void AsyncQueue::updateReference() {
  if (keepsLoop_ == !calls_.empty()) return;
  keepsLoop_ = !keepsLoop_;
  (keepsLoop_ ? napi_ref_threadsafe_function : napi_unref_threadsafe_function)(environment_.env, wake_);
}

}  // namespace torch_func::compile
