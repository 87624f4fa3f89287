// The kernels for processors with AVX2: CMakeLists.txt has the compiler's flags.

#ifdef CPU_CAPABILITY_AVX2

#include "compile/machine/vector_kernels.h"

namespace torch_func::compile {

void fillAvx2Kernels(Kernels& kernels) { fillKernels(kernels); }

}  // namespace torch_func::compile

#else

#include "compile/machine/kernels.h"

namespace torch_func::compile {

void fillAvx2Kernels(Kernels& kernels) { fillDefaultKernels(kernels); }

}  // namespace torch_func::compile

#endif
