// See Note [Threads of asynchronous calls].

#include "compile/async/thread_pool.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#ifdef __linux__
#include <unistd.h>
#endif

#include <algorithm>
#include <cstdlib>
#include <system_error>
#include <thread>
#include <utility>

#include "compile/machine/parallel.h"

namespace torch_func::compile {

namespace {

// A worker that ends may unload the addon that only it has loaded, with the code that the threads run.
void keepLoaded() {
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(&keepLoaded), &info) == 0) return;
  dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
}

// Signals are for the threads of Node.js.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

// The event loop comes first, and so do the threads of V8, for which it waits while it collects garbage: where calls
// keep all processors busy, a collection would take 20 to 100 ms instead of a few.
void lowerPriority() {
#ifdef __linux__
  constexpr int kNicer = 5;
  const auto thread = static_cast<id_t>(gettid());
  setpriority(PRIO_PROCESS, thread, getpriority(PRIO_PROCESS, thread) + kNicer);
#endif
}

}  // namespace

ThreadPool& ThreadPool::instance() {
  static auto* instance = new ThreadPool();  // never destroyed: its threads run until the process ends
  return *instance;
}

ThreadPool::ThreadPool() : size_(static_cast<size_t>(at::get_num_threads())) {
  keepLoaded();
  std::atexit([] { instance().stopAll(); });
}

void ThreadPool::submit(std::shared_ptr<Work> work) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(work));
    if (threads_ < std::min(size_, running_.size() + waiting_.size())) startThread();
  }
  wake_.notify_one();
}

void ThreadPool::startThread() {
  const SignalsBlocked blocked;  // the thread inherits it
  try {
    std::thread([this] { serve(); }).detach();
    ++threads_;
  } catch (const std::system_error&) {
    if (threads_ > 0) return;
    waiting_.pop_back();
    throw;
  }
}

bool ThreadPool::withdraw(const Work& work) {
  const std::lock_guard lock(mutex_);
  const auto found =
      std::find_if(waiting_.begin(), waiting_.end(), [&](const auto& waiting) { return waiting.get() == &work; });
  if (found == waiting_.end()) return false;
  waiting_.erase(found);
  return true;
}

size_t ThreadPool::size() {
  const std::lock_guard lock(mutex_);
  return size_;
}

void ThreadPool::setSize(size_t size) {
  {
    const std::lock_guard lock(mutex_);
    size_ = size;
    while (threads_ < std::min(size_, running_.size() + waiting_.size())) {
      const size_t before = threads_;
      startThread();
      if (threads_ == before) break;
    }
  }
  wake_.notify_all();
}

void ThreadPool::serve() {
  useOneThread();
  lowerPriority();
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return !isClosed_ && !waiting_.empty() && running_.size() < size_; });
    const std::shared_ptr<Work> work = std::move(waiting_.front());
    waiting_.pop_front();
    running_.push_back(work);
    lock.unlock();
    work->run();
    lock.lock();
    std::erase(running_, work);
    if (isClosed_) ended_.notify_all();
  }
}

void ThreadPool::stopAll() {
  std::unique_lock lock(mutex_);
  isClosed_ = true;
  waiting_.clear();
  for (const auto& work : running_) work->stop();
  ended_.wait(lock, [this] { return running_.empty(); });
}

}  // namespace torch_func::compile
