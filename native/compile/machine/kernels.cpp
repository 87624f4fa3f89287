// Chooses the kernels, and finds MKL's functions of arrays.

#include "compile/machine/kernels.h"

#include <ATen/Version.h>

#include <string>

// libtorch exports them without a header; a libtorch without MKL lacks them, hence weak.
#if defined(__x86_64__) && defined(__linux__)
#define TORCH_FUNC_VML_FUNCTIONS(F) \
  F(Exp, Exp)                       \
  F(Sqrt, Sqrt)                     \
  F(Log, Ln)                        \
  F(Log2, Log2)                     \
  F(Log10, Log10)                   \
  F(Sin, Sin)                       \
  F(Cos, Cos)                       \
  F(Tan, Tan)                       \
  F(Asin, Asin)                     \
  F(Acos, Acos)                     \
  F(Atan, Atan)                     \
  F(Tanh, Tanh)                     \
  F(Erf, Erf)                       \
  F(Erfc, Erfc)                     \
  F(Erfinv, ErfInv)
#define TORCH_FUNC_DECLARE(opcode, name)                                                            \
  extern "C" __attribute__((weak)) void vms##name(int n, const float* a, float* y, long long mode); \
  extern "C" __attribute__((weak)) void vmd##name(int n, const double* a, double* y, long long mode);
TORCH_FUNC_VML_FUNCTIONS(TORCH_FUNC_DECLARE)
#undef TORCH_FUNC_DECLARE
#else
#define TORCH_FUNC_VML_FUNCTIONS(F)
#endif

namespace torch_func::compile {

namespace {

// High accuracy, denormal numbers as they are, errors ignored: ATen's flags.
[[maybe_unused]] constexpr long long kMode = 0x2 | 0x140000 | 0x100;

enum class Capability { Default, Avx2, Avx512 };

Capability capability() {
  const std::string name = at::get_cpu_capability();
  if (name == "AVX512") return Capability::Avx512;
  return name == "AVX2" ? Capability::Avx2 : Capability::Default;
}

Kernels choose() {
  Kernels kernels;
  switch (capability()) {
    case Capability::Avx512: fillAvx512Kernels(kernels); break;
    case Capability::Avx2: fillAvx2Kernels(kernels); break;
    default: fillDefaultKernels(kernels);
  }
  return kernels;
}

}  // namespace

const Kernels& kernels() {
  static const Kernels chosen = choose();
  return chosen;
}

int64_t eagerVectorSize(Lane lane, bool hasAvx512Version) {
  static const Capability available = capability();
#if defined(__x86_64__)
  const int64_t bytes = available == Capability::Avx512 && hasAvx512Version ? 64 : 32;
#else
  const int64_t bytes = 16;
#endif
  return bytes / (lane == Lane::F32 ? 4 : 8);
}

VectorMath::Function VectorMath::find(Opcode opcode, Lane lane) {
#define TORCH_FUNC_FIND(name, mkl)                                                                  \
  if (opcode == Opcode::name) {                                                                     \
    if (vms##mkl == nullptr || vmd##mkl == nullptr) return nullptr;                                 \
    if (lane == Lane::F32) {                                                                        \
      return [](int64_t n, const void* a, void* y) {                                                \
        vms##mkl(static_cast<int>(n), static_cast<const float*>(a), static_cast<float*>(y), kMode); \
      };                                                                                            \
    }                                                                                               \
    return [](int64_t n, const void* a, void* y) {                                                  \
      vmd##mkl(static_cast<int>(n), static_cast<const double*>(a), static_cast<double*>(y), kMode); \
    };                                                                                              \
  }
  TORCH_FUNC_VML_FUNCTIONS(TORCH_FUNC_FIND)
#undef TORCH_FUNC_FIND
  return nullptr;
}

}  // namespace torch_func::compile
