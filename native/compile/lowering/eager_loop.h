#pragma once
// How eager execution walks over the elements of a call: see Note [Vector loops and scalar loops].

#include <c10/util/ArrayRef.h>

#include "compile/graph/graph.h"
#include "compile/lowering/pointwise.h"
#include "compile/machine/program.h"

namespace torch_func::compile {

// The loop of a kernel with vector code (cpu_kernel_vec in ATen) that handles `vectorSize` numbers at a time. Where
// large tensors are split over threads, for the number of threads at the time of this call. `scalarOperand` is set to
// the operand that is one number in each run of the vector code, if there is one.
EagerLoop eagerLoop(const TensorType& result, c10::ArrayRef<const TensorType*> operands, const Points& points,
                    int64_t vectorSize, int32_t* scalarOperand);

}  // namespace torch_func::compile
