#pragma once
// The machine's kernels: one function for each instruction and lane type, in a version for each kind of processor.

#include <cstddef>
#include <cstdint>

#include "compile/machine/program.h"

namespace torch_func::compile {

// Computes n numbers. The target may be one of the operands.
using Kernel = void (*)(void* target, const void* a, const void* b, const void* c, int64_t n, double immediate);

inline constexpr size_t kOpcodes = 0
#define TORCH_FUNC_OPCODE(name) +1
#include "compile/machine/opcodes.h"
#undef TORCH_FUNC_OPCODE
    ;

// Moves n elements between a tensor and columns of numbers. Column k of element i is at memory[i * stride + k].
inline constexpr size_t kMaximumColumns = 16;
using LoadColumns = void (*)(const void* memory, int64_t stride, void* const* columns, size_t count, int64_t n);
using StoreColumns = void (*)(void* memory, int64_t stride, const void* const* columns, size_t count, int64_t n);

// Points whose elements lie in rows: `first` of them are left in the row of the first point, and each further row has
// `length`. Elements of a row are `stride` apart, and rows `step`.
struct Rows {
  int64_t first, length;
  int64_t stride, step;
};

// Moves n elements, the first of which lies at `memory`, between a tensor and a register. Loads may write as much
// behind the n numbers as a vector holds.
using LoadRows = void (*)(const void* memory, const Rows& rows, void* numbers, int64_t n);
using StoreRows = void (*)(void* memory, const Rows& rows, const void* numbers, int64_t n);

struct Kernels {
  // For each opcode and lane type, what eager execution calls in vector loops, and in scalar loops if that differs.
  Kernel vector[kOpcodes][2] = {};
  Kernel scalar[kOpcodes][2] = {};
  LoadColumns loadColumns[2] = {};
  StoreColumns storeColumns[2] = {};
  // For elements of the lane type.
  LoadRows loadRows[2] = {};
  StoreRows storeRows[2] = {};
};

// Those for the instruction set that ATen's kernels use in this process; ATEN_CPU_CAPABILITY restricts both.
const Kernels& kernels();

// The numbers in one of the vectors of a kernel of ATen; some are slower with AVX-512 and have no version for it.
int64_t eagerVectorSize(Lane lane, bool hasAvx512Version);

// The versions; null where the compiler or the processor architecture has none.
void fillDefaultKernels(Kernels& kernels);
void fillAvx2Kernels(Kernels& kernels);
void fillAvx512Kernels(Kernels& kernels);

// MKL's functions of arrays, as ATen calls them; null where libtorch has no MKL.
struct VectorMath {
  using Function = void (*)(int64_t n, const void* operand, void* target);
  // By opcode and lane type.
  static Function find(Opcode opcode, Lane lane);
};

}  // namespace torch_func::compile
