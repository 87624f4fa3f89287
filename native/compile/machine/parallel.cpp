// Runs programs, and other work, on several threads. CMakeLists.txt has a flag for OpenMP, whose library comes with
// libtorch.

#include <ATen/Parallel.h>

#include <algorithm>

#include "compile/machine/machine.h"
#include "compile/machine/parallel.h"

#if defined(__x86_64__) && defined(__linux__)
extern "C" __attribute__((weak)) int mkl_serv_set_num_threads_local(int threads);
#endif

namespace torch_func::compile {

namespace {

// While it lives, MKL works on the current thread alone: its functions would split arrays of some thousand numbers.
class OneMklThread {
 public:
#if defined(__x86_64__) && defined(__linux__)
  explicit OneMklThread(bool isNeeded) : isSet(isNeeded && mkl_serv_set_num_threads_local != nullptr) {
    if (isSet) previous = mkl_serv_set_num_threads_local(1);
  }
  ~OneMklThread() {
    if (isSet) mkl_serv_set_num_threads_local(previous);
  }

 private:
  bool isSet;
  int previous = 0;
#else
  explicit OneMklThread(bool) {}
#endif
};

// The work that is worth waking a thread, in nanoseconds. Less gains 15 to 20 % on idle processors; on busy ones a call
// waits for milliseconds until the other thread has its turn.
constexpr double kGrain = 40'000;

}  // namespace

void parallelFor(int64_t begin, int64_t end, int64_t grain, c10::function_ref<void(int64_t, int64_t)> body) {
  at::parallel_for(begin, end, grain, body);
}

void useOneThread() {
  // Both libtorch's copy of this initialization and ours would set the number of threads again later.
  at::internal::lazy_init_num_threads();
  at::get_num_threads();
#ifdef _OPENMP
  omp_set_num_threads(1);
#endif
#if defined(__x86_64__) && defined(__linux__)
  if (mkl_serv_set_num_threads_local != nullptr) mkl_serv_set_num_threads_local(1);
#endif
}

void runParallel(const Program& program, void* const* bases) {
  const double work = static_cast<double>(program.points) * program.cost;
  if (work < 2 * kGrain || at::get_num_threads() == 1 || at::in_parallel_region()) {
    const OneMklThread one(program.callsMkl);
    run(program, bases, 0, program.points);
    return;
  }
  const int64_t blocks = (program.points + kLanes - 1) / kLanes;
  const auto grain = static_cast<int64_t>(kGrain / (program.cost * kLanes)) + 1;
  parallelFor(0, blocks, grain, [&](int64_t begin, int64_t end) {
    const OneMklThread one(program.callsMkl);
    run(program, bases, begin * kLanes, std::min(program.points, end * kLanes));
  });
}

}  // namespace torch_func::compile
