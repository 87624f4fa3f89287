// In-place operators whose derivative is that of the operator that is not in place.
#pragma once

#include "kernels/kernel_override.h"

namespace torch_func {

// A kernel for the Autograd key of an in-place operator: if the call is differentiated, calls the operator that is not
// in place, and copies the result.
void decomposeInPlace(KernelCall& call);

// Replaces only calls whose derivative will be differentiated again.
void decomposeInPlaceForSecond(KernelCall& call);

}  // namespace torch_func
