#pragma once
// One call of an operator, in three steps: bind (Operator::bind: JavaScript values -> overload and stack), execute (the
// dispatcher runs the operator on the stack), wrap (stack -> JavaScript values). execute() uses neither Node-API nor
// JavaScript values, so it may run elsewhere, or be replaced.

#include <ATen/core/ivalue.h>
#include <c10/util/SmallVector.h>
#include <napi.h>

#include <vector>

#include "core/environment.h"

namespace torch_func {

class Overload;

struct BoundCall {
  // Takes a stack from the environment's pool. The destructor returns it.
  explicit BoundCall(Environment& environment);
  ~BoundCall();
  BoundCall(const BoundCall&) = delete;
  BoundCall& operator=(const BoundCall&) = delete;

  // A tensor argument and its JavaScript object, which an in-place or out= operator returns. The object is valid in the
  // handle scope of bind() only.
  struct Operand {
    const at::TensorImpl* impl;
    napi_value object;
  };

  Environment& environment;
  const Overload* overload = nullptr;
  std::vector<c10::IValue> stack;         // the arguments in the schema's order; after execute() the results
  c10::SmallVector<Operand, 4> operands;  // only for an overload that returns an argument
  bool requiresGrad = false;              // the option of a factory: applied to the results
};

void execute(BoundCall& call);

// Takes the results off the stack.
napi_value wrap(BoundCall& call);

}  // namespace torch_func
