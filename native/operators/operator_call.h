#pragma once
// A call of an operator on a thread of the pool: see Note [Asynchronous calls].

#include <memory>

#include "compile/async/async_queue.h"
#include "compile/async/call_context.h"
#include "compile/async/snapshot.h"
#include "operators/bound_call.h"
#include "operators/operator.h"

namespace torch_func {

class OperatorCall final : public compile::AsyncQueue::Call {
 public:
  // Binds a call. Null if it must be made on this thread: if it writes to arguments, returns views of them, draws
  // random numbers, records gradients, or has tensors of other devices or layouts.
  static std::unique_ptr<OperatorCall> prepare(Operator& target, const ResultCall& given);

  bool run(const std::atomic<bool>& stop) noexcept override;
  napi_value result(Environment& environment) override;

 private:
  explicit OperatorCall(Environment& environment) : call_(environment) {}
  bool takeSnapshots(c10::IValue& value);

  BoundCall call_;
  compile::Snapshots snapshots_;
  compile::CallContext context_;
};

}  // namespace torch_func
