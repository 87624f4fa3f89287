#pragma once
// Results of operators -> JavaScript.

#include <ATen/core/function_schema.h>
#include <c10/util/FunctionRef.h>
#include <napi.h>

#include <vector>

#include "core/arguments.h"

namespace torch_func {

// The JavaScript object of the argument with this TensorImpl, or null.
using FindArgument = c10::function_ref<napi_value(const at::TensorImpl*)>;

// A single result as it is; several as an array with the schema's field names. In-place and out= operators return the
// object that they wrote to, as in Python. An operator that returns its argument unchanged (contiguous() of a
// contiguous tensor) gives a new object, unlike Python. See Note [Who disposes of what]. Takes the results off the
// stack.
napi_value wrapResults(Environment& environment, const c10::FunctionSchema& schema, std::vector<c10::IValue>& results,
                       FindArgument findArgument);

napi_value wrapScalar(Environment& environment, const c10::Scalar& scalar);
// A number for a safe integer, else a bigint.
napi_value wrapInteger(napi_env env, int64_t value);

}  // namespace torch_func
