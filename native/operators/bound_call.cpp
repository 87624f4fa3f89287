// Executes a bound call, and wraps its results.

#include "operators/bound_call.h"

#include <utility>

#include "operators/overload.h"
#include "operators/results.h"

namespace torch_func {

BoundCall::BoundCall(Environment& environment) : environment(environment) {
  auto& pool = environment.operatorStacks;
  if (pool.empty()) return;
  stack = std::move(pool.back());
  pool.pop_back();
}

BoundCall::~BoundCall() {
  stack.clear();
  environment.operatorStacks.push_back(std::move(stack));
}

void execute(BoundCall& call) {
  call.overload->handle().callBoxed(call.stack);
  if (!call.requiresGrad) return;
  for (c10::IValue& value : call.stack) {
    if (value.isTensor()) value.toTensor().set_requires_grad(true);
  }
}

napi_value wrap(BoundCall& call) {
  if (call.overload->returnsFirstArgument()) return call.operands.front().object;
  return wrapResults(call.environment, call.overload->handle().schema(), call.stack,
                     [&](const at::TensorImpl* impl) -> napi_value {
                       for (const BoundCall::Operand& operand : call.operands) {
                         if (operand.impl == impl) return operand.object;
                       }
                       return nullptr;
                     });
}

}  // namespace torch_func
