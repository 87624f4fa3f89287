// The backward of the singular value decomposition of complex matrices.
#pragma once

#include "kernels/kernel_override.h"

namespace torch_func {

// Computes U, S and Vh below autograd, and gives them a node with the right backward. (A, full_matrices, compute_uv,
// driver) -> (U, S, Vh), for complex A, reduced factors and both vectors.
void callSvdWithBackward(KernelCall& call);

}  // namespace torch_func
