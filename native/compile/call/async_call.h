#pragma once
// A call of a compiled function on a thread of the pool.

#include <memory>
#include <utility>
#include <vector>

#include "compile/async/async_queue.h"
#include "compile/async/call_context.h"
#include "compile/async/snapshot.h"
#include "compile/call/compiled_function.h"

namespace torch_func::compile {

class AsyncCall final : public AsyncQueue::Call {
 public:
  // Null if a tensor cannot be handed to another thread: see Note [Snapshots].
  static std::unique_ptr<AsyncCall> prepare(Environment& environment, std::shared_ptr<CompiledFunction::Entry> entry,
                                            std::shared_ptr<Executable> executable, const Leaves& leaves);
  ~AsyncCall() override;

  bool run(const std::atomic<bool>& stop) noexcept override;
  napi_value result(Environment& environment) override;

 private:
  AsyncCall(Environment& environment, std::shared_ptr<CompiledFunction::Entry> entry,
            std::shared_ptr<Executable> executable)
      : environment_(environment), entry_(std::move(entry)), executable_(std::move(executable)) {}

  Environment& environment_;
  // Of the thread of JavaScript alone.
  std::shared_ptr<CompiledFunction::Entry> entry_;
  Snapshots snapshots_;
  std::vector<napi_ref> objects_;  // of the arguments that the function returns

  std::shared_ptr<Executable> executable_;
  CallContext context_;
  std::vector<at::Tensor> inputs_, closures_;
  std::vector<at::Tensor> outputs_;
};

}  // namespace torch_func::compile
