#pragma once
// Work on several threads.

#include <c10/util/FunctionRef.h>

#include <cstdint>

namespace torch_func::compile {

// Calls body(first, last) for parts of the range, of at least `grain` numbers, on as many threads as libtorch uses.
// Only parallel.cpp is compiled with OpenMP: at::parallel_for in another file runs on the calling thread alone.
void parallelFor(int64_t begin, int64_t end, int64_t grain, c10::function_ref<void(int64_t, int64_t)> body);

// From now on, the calling thread works alone: for libtorch, for MKL and for parallelFor.
void useOneThread();

}  // namespace torch_func::compile
