#pragma once
// What an operator returned -> JavaScript.

#include <ATen/core/function_schema.h>
#include <c10/util/ArrayRef.h>
#include <napi.h>

#include <vector>

#include "arguments.h"

namespace torch_func {

// One result as such; several as an array that also carries the schema's field names. An in-place
// or out= operator returns the very object that it wrote to.
napi_value wrapResults(Environment& environment, const c10::FunctionSchema& schema, const std::vector<c10::IValue>& results,
                       c10::ArrayRef<const Argument*> arguments);

napi_value wrapScalar(Environment& environment, const c10::Scalar& scalar);
// A number where that is exact, a bigint beyond 2^53.
napi_value wrapInteger(napi_env env, int64_t value);

}  // namespace torch_func
