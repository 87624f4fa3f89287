#pragma once
// Steps that run for a few samples at a time: see lowering/chain.h.

#include <memory>
#include <utility>
#include <vector>

#include "compile/execute/plan.h"

namespace torch_func::compile {

// The steps for a number of samples. They use neither the stack nor tensors of a frame.
struct ChunkBody {
  int64_t samples = 0;
  std::vector<std::unique_ptr<Step>> steps;
  std::vector<std::pair<BufferId, int64_t>> locals;  // buffers in the memory of the thread, and where, in bytes
  int64_t localBytes = 0;
};

struct ChunkedWork {
  int64_t samples = 0;
  ChunkBody body;
  ChunkBody rest;                                    // of the samples that are left over
  std::vector<std::pair<BufferId, int64_t>> sliced;  // buffers outside with all samples, and the bytes of one
};

std::unique_ptr<Step> chunkedStep(ChunkedWork work);

// Places the local buffers of the body by their lifetimes. `bytesOf`: of each local, in order.
void placeLocals(ChunkBody& body, c10::ArrayRef<int64_t> bytesOf);

}  // namespace torch_func::compile
