#pragma once
// The threads that run asynchronous calls, for all environments of the process.
//
// Note [Threads of asynchronous calls]
// As many calls run at once as libtorch may use threads (torch.setNumThreads), each on one thread: calls on all
// processors take no longer together than their work does, and no OpenMP team is made for each of them. The threads are
// not those of libuv, whose file system and DNS work would wait behind long calls.
// They touch no JavaScript. A call is told to stop and waited for before its environment ends, and all are before the
// process destroys the objects of libtorch.

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

namespace torch_func::compile {

// Any thread may be the last to refer to it.
class Work {
 public:
  virtual ~Work() = default;
  virtual void run() noexcept = 0;
  // Asks run() to return soon. From any thread.
  void stop() { isStopped.store(true, std::memory_order_relaxed); }

 protected:
  std::atomic<bool> isStopped{false};
};

class ThreadPool {
 public:
  static ThreadPool& instance();

  // Runs the work once a thread is free, in the order of the submissions.
  void submit(std::shared_ptr<Work> work);
  // Takes work back that has not begun. Returns whether it could.
  bool withdraw(const Work& work);

  // How much work runs at once.
  size_t size();
  void setSize(size_t size);

 private:
  ThreadPool();
  void startThread();
  void serve();
  void stopAll();

  std::mutex mutex_;
  std::condition_variable wake_;   // work has come, or more of it may run
  std::condition_variable ended_;  // work has, after stopAll() has begun
  std::deque<std::shared_ptr<Work>> waiting_;
  std::vector<std::shared_ptr<Work>> running_;
  size_t threads_ = 0;
  size_t size_;
  bool isClosed_ = false;
};

}  // namespace torch_func::compile
