// The kernels for processors with AVX-512: CMakeLists.txt has the compiler's flags.

#ifdef CPU_CAPABILITY_AVX512

#include "compile/machine/vector_kernels.h"

namespace torch_func::compile {

void fillAvx512Kernels(Kernels& kernels) { fillKernels(kernels); }

}  // namespace torch_func::compile

#else

#include "compile/machine/kernels.h"

namespace torch_func::compile {

void fillAvx512Kernels(Kernels& kernels) { fillDefaultKernels(kernels); }

}  // namespace torch_func::compile

#endif
