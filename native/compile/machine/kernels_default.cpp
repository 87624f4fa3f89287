// The kernels for any processor of the architecture.

#include "compile/machine/vector_kernels.h"

namespace torch_func::compile {

void fillDefaultKernels(Kernels& kernels) { fillKernels(kernels); }

}  // namespace torch_func::compile
