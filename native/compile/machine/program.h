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
// roundings.

#include <c10/core/ScalarType.h>
#include <c10/util/SmallVector.h>

#include <cstdint>
#include <vector>

namespace torch_func::compile {

// Points per block: see compile.md of the measurements; 256 to 1,024 are within 18 %.
inline constexpr int64_t kLanes = 512;

using Register = uint16_t;

enum class Lane : uint8_t { F32, F64 };

enum class Opcode : uint16_t {
#define TORCH_FUNC_OPCODE(name) name,
#include "compile/machine/opcodes.inc"
#undef TORCH_FUNC_OPCODE
};

struct Instruction {
  Opcode opcode;
  Lane lane;
  Register target = 0;
  Register a = 0, b = 0, c = 0;
  double immediate = 0;
};

// An array in memory as a function of the point: element = base[offset + sum(point[d] * strides[d])].
struct Operand {
  int32_t buffer = 0;  // index into the table of base addresses that run() is given
  c10::ScalarType dtype = c10::ScalarType::Float;
  int64_t offset = 0;                       // in elements
  c10::SmallVector<int64_t, 4> strides;     // in elements, one for each dimension of the space
  Register target = 0;                      // the register to load, or to store
  Lane lane = Lane::F32;
};

struct Program {
  c10::SmallVector<int64_t, 4> space;
  // First the loads, then the instructions, then the stores, for each block.
  std::vector<Operand> loads;
  std::vector<Instruction> instructions;
  std::vector<Operand> stores;
  int32_t registers = 0;
};

}  // namespace torch_func::compile
