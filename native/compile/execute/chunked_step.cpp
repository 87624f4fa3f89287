// Runs steps in chunks of the batch, on several threads.

#include "compile/execute/chunked_step.h"

#include <c10/core/CPUAllocator.h>

#include <algorithm>
#include <numeric>

#include "compile/execute/blas.h"
#include "compile/execute/plan_builder.h"
#include "compile/machine/parallel.h"

namespace torch_func::compile {

namespace {

class ChunkedStep final : public Step {
 public:
  explicit ChunkedStep(ChunkedWork given) : work_(std::move(given)) {
    const auto isLocal = [](const ChunkBody& body, BufferId id) {
      return std::any_of(body.locals.begin(), body.locals.end(), [&](const auto& local) { return local.first == id; });
    };
    const auto add = [&](std::vector<BufferId>& to, const ChunkBody& body, const std::vector<BufferId>& ids) {
      for (BufferId id : ids) {
        if (!isLocal(body, id) && std::find(to.begin(), to.end(), id) == to.end()) to.push_back(id);
      }
    };
    for (const ChunkBody* body : {&work_.body, &work_.rest}) {
      for (const auto& step : body->steps) {
        add(reads, *body, step->reads);
        add(writes, *body, step->writes);
      }
    }
    chunks_ = work_.samples / work_.body.samples;
    const auto chunks = static_cast<double>(chunks_);
    double flops = 0;
    for (const auto& step : work_.body.steps) {
      flops += step->work.flops.value() * chunks;
      cost += step->cost * chunks;
    }
    for (const auto& step : work_.rest.steps) flops += step->work.flops.value();
    work.flops = flops;
  }

  // Other steps know the tensors outside of the chunks: they count as a whole.
  void join(PlanBuilder& builder) override {
    for (BufferId id : reads) work.bytesRead += static_cast<double>(builder.buffer(id).bytes);
    for (BufferId id : writes) work.bytesWritten += static_cast<double>(builder.buffer(id).bytes);
  }

  void run(Frame& frame) const override {
    const int64_t all = chunks_ + (work_.rest.samples > 0 ? 1 : 0);
    parallelFor(0, all, 1, [&](int64_t begin, int64_t end) {
      const OneBlasThread one;
      const auto bytes = std::max(work_.body.localBytes, work_.rest.localBytes);
      const at::DataPtr memory = c10::GetCPUAllocator()->allocate(static_cast<size_t>(bytes));
      Frame own;
      own.isOneThread = true;
      own.addresses = frame.addresses;
      own.options = frame.options;
      for (int64_t i = begin; i < end; ++i) {
        frame.options->throwIfStopped();
        const ChunkBody& body = i < chunks_ ? work_.body : work_.rest;
        for (const auto& [id, sampleBytes] : work_.sliced) {
          own.addresses[id] = static_cast<char*>(frame.addresses[id]) + i * work_.body.samples * sampleBytes;
        }
        for (const auto& [id, offset] : body.locals) own.addresses[id] = static_cast<char*>(memory.get()) + offset;
        for (const auto& step : body.steps) step->run(own);
      }
    });
  }

  StepReport report() const override {
    std::string text = "chain of " + std::to_string(work_.body.steps.size()) + " steps in chunks of " +
                       std::to_string(work_.body.samples) + " of " + std::to_string(work_.samples) + " samples, " +
                       std::to_string(work_.body.localBytes) + " B for each thread";
    StepReport result{"chain", std::move(text), "", {}, work, {}};
    for (const auto& step : work_.body.steps) {
      result.steps.push_back(step->report());
      for (const std::string& name : step->operators) {
        auto& known = result.operators;
        if (std::find(known.begin(), known.end(), name) == known.end()) known.push_back(name);
      }
    }
    return result;
  }

 private:
  ChunkedWork work_;
  int64_t chunks_;
};

}  // namespace

std::unique_ptr<Step> chunkedStep(ChunkedWork work) { return std::make_unique<ChunkedStep>(std::move(work)); }

void placeLocals(ChunkBody& body, c10::ArrayRef<int64_t> bytesOf) {
  std::vector<size_t> first(body.locals.size(), body.steps.size()), last(body.locals.size(), 0);
  for (size_t i = 0; i < body.steps.size(); ++i) {
    for (const auto* ids : {&body.steps[i]->reads, &body.steps[i]->writes}) {
      for (BufferId id : *ids) {
        for (size_t k = 0; k < body.locals.size(); ++k) {
          if (body.locals[k].first != id) continue;
          first[k] = std::min(first[k], i);
          last[k] = std::max(last[k], i);
        }
      }
    }
  }
  std::vector<size_t> order(body.locals.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return first[a] < first[b]; });
  Arena arena;
  for (size_t k : order) body.locals[k].second = arena.place(bytesOf[k], first[k], last[k]);
  body.localBytes = arena.bytes();
}

}  // namespace torch_func::compile
