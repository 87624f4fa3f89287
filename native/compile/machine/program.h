#pragma once
// Programs of the vector machine: fused elementwise computations over an iteration space.
//
// Note [The vector machine]
// A program computes, for each point of an iteration space of a few dimensions, the elements of its stores from the
// elements of its loads. The machine walks the flattened space in blocks of kLanes points. A register holds one number
// for each point of a block; an instruction computes one register for the whole block.
// Two kinds of graphs become programs. A group of elementwise operators has the shape of its results as its space, and
// an operand that is broadcast has stride 0 in some dimension. A function of few numbers per sample is scalarized: its
// space is the batch, each element of a sample is a register, and loads and stores differ only by their offset.
// Results are those of eager execution, bit for bit: the same formula, the same vector library, the same order of
// roundings. A Builder (machine/builder.h) makes programs; run() and runParallel() (machine/machine.h) execute them.
//
// Note [Vector loops and scalar loops]
// ATen's kernels process most elements with vector code and the rest with scalar code: the end of a contiguous run, and
// everything that is not contiguous. Where the two call different functions (Sleef's and the C library's exponential),
// the bits of a result depend on its position. An instruction of such a function names the loop of eager execution
// that computes its elements, and the machine calls the same one of the two functions for each of them.

#include <c10/core/ScalarType.h>
#include <c10/util/SmallVector.h>

#include <cstdint>
#include <vector>

namespace torch_func::compile {

// Points per block: 256 to 1,024 are within 18 %.
inline constexpr int64_t kLanes = 512;

enum class Lane : uint8_t { F32, F64 };

// Numbers of a lane type hold all values of a dtype exactly: float32 those of bool and the small integers too, float64
// those of int32. Those of int64 only up to 2^53: see lowering/pointwise.h.
inline Lane laneOf(c10::ScalarType dtype) {
  switch (dtype) {
    case c10::ScalarType::Double:
    case c10::ScalarType::Int:
    case c10::ScalarType::Long: return Lane::F64;
    default: return Lane::F32;
  }
}

enum class Opcode : uint16_t {
#define TORCH_FUNC_OPCODE(name) name,
#include "compile/machine/opcodes.h"
#undef TORCH_FUNC_OPCODE
};

using Dimensions = c10::SmallVector<int64_t, 4>;

// An array in memory as a function of the point: element = base[offset + sum(point[d] * strides[d])].
struct Operand {
  int32_t buffer = 0;  // index into the table of base addresses that run() is given
  c10::ScalarType dtype = c10::ScalarType::Float;
  int64_t offset = 0;     // in elements
  Dimensions strides;     // in elements, one for each dimension of the space
  Lane lane = Lane::F32;  // of the register: the numbers are converted
};

// The loop of eager execution that computes the elements of an instruction. It computes `period` elements at a time,
// the last time those that remain of `total`, and of these as many as are a multiple of `width` with vector code; none
// if width is 0. The element of a point has the position offset + sum(point[d] * strides[d]).
struct EagerLoop {
  int64_t offset = 0;
  Dimensions strides;
  int64_t period = 1;
  int64_t total = 1;
  int64_t width = 0;
};

// A slot is the address of a register's numbers during one block: memory of the scratch, or of a tensor.
using Slot = uint16_t;

struct Instruction {
  Opcode opcode;
  Lane lane = Lane::F32;
  Slot target = 0;
  Slot a = 0, b = 0, c = 0;
  uint16_t loop = 0;  // 1 + index into Program::loops; 0: no function with two versions
  double immediate = 0;
};

// Columns that are loaded or stored together: the same operand at offsets 0, 1, ... from its own.
struct Transfer {
  Operand operand;
  Dimensions sizes;  // of the space, merged as far as this operand allows; its strides are for them
  std::vector<Slot> columns;
  bool isDirect = false;  // the slot may be the tensor's own memory where a block lies in one contiguous run
};

// A program as the machine runs it.
struct Program {
  int64_t points = 0;
  std::vector<Instruction> instructions;  // Load and Store have the index of a transfer in `immediate`
  std::vector<Transfer> transfers;
  std::vector<EagerLoop> loops;
  std::vector<Dimensions> loopSizes;  // the space of each loop, merged
  // Slots that hold the same numbers in all blocks.
  struct Constant {
    Slot slot;
    Lane lane;
    double value;
  };
  std::vector<Constant> constants;
  std::vector<uint32_t> uniforms;  // transfers with the same element at all points
  // Slots in the memory of tensors, contiguous over all points.
  struct Direct {
    Slot slot;
    int32_t buffer;
    int64_t offset;  // in bytes
    int32_t size;    // of an element, in bytes
  };
  std::vector<Direct> directs;
  std::vector<uint32_t> offsets;  // of each slot in the scratch, in bytes
  int64_t scratchBytes = 0;
  double cost = 0;        // estimate of the time for one point, in nanoseconds
  bool callsMkl = false;  // has functions that would split their work over threads
};

}  // namespace torch_func::compile
