#pragma once
// What an operator returned -> JavaScript.

#include <ATen/core/function_schema.h>
#include <c10/util/FunctionRef.h>
#include <napi.h>

#include <vector>

#include "core/arguments.h"

namespace torch_func {

// The JavaScript object of the argument that has this implementation, or null.
using FindArgument = c10::function_ref<napi_value(const at::TensorImpl*)>;

// One result as such; several as an array that also carries the schema's field names. What an in-place
// or out= operator wrote to is the very object that was given, as in Python. An operator that has
// nothing to do (contiguous() of a contiguous tensor) gives a new object for the same tensor, unlike
// Python: disposing of the result must not dispose of the argument. Takes the results off the stack.
napi_value wrapResults(Environment& environment, const c10::FunctionSchema& schema, std::vector<c10::IValue>& results,
                       FindArgument findArgument);

napi_value wrapScalar(Environment& environment, const c10::Scalar& scalar);
// A number where that is exact, a bigint beyond 2^53.
napi_value wrapInteger(napi_env env, int64_t value);

}  // namespace torch_func
