// Runs programs block by block.

#include "compile/machine/machine.h"

#include <c10/core/ScalarType.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "compile/machine/kernels.h"
#include "compile/machine/walk.h"

namespace torch_func::compile {

namespace {

// A thread's memory for registers. It is kept for the next program.
struct Scratch {
  struct Free {
    void operator()(char* memory) const { std::free(memory); }
  };
  std::unique_ptr<char, Free> memory;
  size_t bytes = 0;
  std::vector<void*> addresses;

  char* reserve(size_t needed) {
    if (needed > bytes) {
      bytes = (needed + 4095) / 4096 * 4096;
      memory.reset(static_cast<char*>(std::aligned_alloc(64, bytes)));
      if (memory == nullptr) throw std::bad_alloc();
    }
    return memory.get();
  }
};

Scratch& threadScratch() {
  static thread_local Scratch scratch;
  return scratch;
}

class Run {
 public:
  Run(const Program& program, void* const* bases, void** address, char* scratch)
      : program(program), bases(bases), address(address), scratch(scratch), table(kernels()) {}

  // Slots that stay the same in all blocks.
  void prepare(int64_t lanes) {
    for (const Program::Constant& constant : program.constants) {
      fill(constant.slot, constant.lane, constant.value, lanes);
    }
    for (uint32_t index : program.uniforms) {
      const Transfer& transfer = program.transfers[index];
      for (size_t k = 0; k < transfer.columns.size(); ++k) {
        const double value = read(transfer.operand, static_cast<int64_t>(k));
        fill(transfer.columns[k], transfer.operand.lane, value, lanes);
      }
    }
  }

  void block(int64_t start, int64_t n) {
    for (const Program::Direct& direct : program.directs) {
      address[direct.slot] = static_cast<char*>(bases[direct.buffer]) + direct.offset + start * direct.size;
    }
    for (const Instruction& instruction : program.instructions) {
      const auto opcode = static_cast<size_t>(instruction.opcode);
      const auto lane = static_cast<size_t>(instruction.lane);
      if (instruction.opcode == Opcode::Load) {
        load(program.transfers[static_cast<size_t>(instruction.immediate)], start, n);
      } else if (instruction.opcode == Opcode::Store) {
        store(program.transfers[static_cast<size_t>(instruction.immediate)], start, n);
      } else if (instruction.loop == 0 || table.scalar[opcode][lane] == nullptr) {
        table.vector[opcode][lane](address[instruction.target], address[instruction.a], address[instruction.b],
                                   address[instruction.c], n, instruction.immediate);
      } else {
        computeInLoops(instruction, start, n);
      }
    }
  }

 private:
  void* memory(const Operand& operand, int64_t element) const {
    return static_cast<char*>(bases[operand.buffer]) +
           (operand.offset + element) * static_cast<int64_t>(c10::elementSize(operand.dtype));
  }

  double read(const Operand& operand, int64_t element) const {
    double value = 0;
    loadElements(memory(operand, element), operand.dtype, 0, &value, Lane::F64, 1);
    if (operand.lane == Lane::F32) {
      float number = 0;
      loadElements(memory(operand, element), operand.dtype, 0, &number, Lane::F32, 1);
      value = number;
    }
    return value;
  }

  void fill(Slot slot, Lane lane, double value, int64_t n) {
    if (lane == Lane::F32) {
      std::fill_n(static_cast<float*>(address[slot]), n, static_cast<float>(value));
    } else {
      std::fill_n(static_cast<double*>(address[slot]), n, value);
    }
  }

  // The register's numbers from lane `first` on.
  static void* at(void* numbers, Lane lane, int64_t first) {
    return static_cast<char*>(numbers) + first * (lane == Lane::F32 ? 4 : 8);
  }

  void load(const Transfer& transfer, int64_t start, int64_t n) {
    const Operand& operand = transfer.operand;
    if (transfer.columns.size() > 1) {
      columns.resize(transfer.columns.size());
      for (size_t k = 0; k < columns.size(); ++k) columns[k] = address[transfer.columns[k]];
      const int64_t stride = operand.strides.back();
      table.loadColumns[static_cast<size_t>(operand.lane)](memory(operand, start * stride), stride, columns.data(),
                                                           columns.size(), n);
      return;
    }
    const Slot slot = transfer.columns[0];
    if (transfer.isDirect) {
      const Run1d run = runAt(transfer.sizes, operand.strides, start);
      if (run.stride == 1 && run.length >= n) {
        address[slot] = memory(operand, run.position);
        return;
      }
      // The slot's own memory: an earlier block may have been direct.
      address[slot] = scratch + program.offsets[slot];
    }
    if (isLaneType(operand.dtype, operand.lane)) {
      const LoadRows move = table.loadRows[static_cast<size_t>(operand.lane)];
      walkRows(transfer.sizes, operand.strides, start, n,
               [&](int64_t lane, int64_t count, int64_t position, Rows rows) {
                 move(memory(operand, position), rows, at(address[slot], operand.lane, lane), count);
               });
      return;
    }
    walk(transfer.sizes, operand.strides, start, n, [&](int64_t lane, int64_t count, int64_t position, int64_t stride) {
      loadElements(memory(operand, position), operand.dtype, stride, at(address[slot], operand.lane, lane),
                   operand.lane, count);
    });
  }

  void store(const Transfer& transfer, int64_t start, int64_t n) {
    const Operand& operand = transfer.operand;
    if (transfer.columns.size() > 1) {
      columns.resize(transfer.columns.size());
      for (size_t k = 0; k < columns.size(); ++k) columns[k] = address[transfer.columns[k]];
      const int64_t stride = operand.strides.back();
      table.storeColumns[static_cast<size_t>(operand.lane)](memory(operand, start * stride), stride, columns.data(),
                                                            columns.size(), n);
      return;
    }
    void* numbers = address[transfer.columns[0]];
    if (isLaneType(operand.dtype, operand.lane)) {
      const StoreRows move = table.storeRows[static_cast<size_t>(operand.lane)];
      walkRows(transfer.sizes, operand.strides, start, n,
               [&](int64_t lane, int64_t count, int64_t position, Rows rows) {
                 move(memory(operand, position), rows, at(numbers, operand.lane, lane), count);
               });
      return;
    }
    walk(transfer.sizes, operand.strides, start, n, [&](int64_t lane, int64_t count, int64_t position, int64_t stride) {
      storeElements(memory(operand, position), operand.dtype, stride, at(numbers, operand.lane, lane), operand.lane,
                    count);
    });
  }

  // The function of vector loops for the elements that eager execution computes in one, and that of scalar loops.
  void computeInLoops(const Instruction& instruction, int64_t start, int64_t n) {
    const auto opcode = static_cast<size_t>(instruction.opcode);
    const auto lane = static_cast<size_t>(instruction.lane);
    const EagerLoop& loop = program.loops[instruction.loop - 1];
    const auto compute = [&](bool isVector, int64_t first, int64_t count) {
      const Kernel kernel = (isVector ? table.vector : table.scalar)[opcode][lane];
      kernel(at(address[instruction.target], instruction.lane, first),
             at(address[instruction.a], instruction.lane, first), at(address[instruction.b], instruction.lane, first),
             at(address[instruction.c], instruction.lane, first), count, instruction.immediate);
    };
    if (loop.width == 0) {
      compute(false, 0, n);
      return;
    }
    walk(program.loopSizes[instruction.loop - 1], loop.strides, start, n,
         [&](int64_t lane, int64_t count, int64_t position, int64_t stride) {
           while (count > 0) {
             const int64_t place = (loop.offset + position) % loop.period;
             const int64_t length = std::min(loop.period, loop.total - (loop.offset + position - place));
             const int64_t vectorized = length / loop.width * loop.width;
             const bool isVector = place < vectorized;
             int64_t run = count;
             if (stride > 0) {
               const int64_t end = isVector ? vectorized : length;
               run = std::min(count, (end - place + stride - 1) / stride);
             }
             compute(isVector, lane, run);
             lane += run;
             position += run * stride;
             count -= run;
           }
         });
  }

  const Program& program;
  void* const* bases;
  void** address;
  char* scratch;
  const Kernels& table;
  c10::SmallVector<void*, 16> columns;
};

}  // namespace

void run(const Program& program, void* const* bases, int64_t begin, int64_t end) {
  if (begin >= end) return;
  Scratch& scratch = threadScratch();
  char* memory = scratch.reserve(static_cast<size_t>(program.scratchBytes));
  if (scratch.addresses.size() < program.offsets.size()) scratch.addresses.resize(program.offsets.size());
  void** address = scratch.addresses.data();
  for (size_t slot = 0; slot < program.offsets.size(); ++slot) address[slot] = memory + program.offsets[slot];
  Run run(program, bases, address, memory);
  run.prepare(std::min(kLanes, end - begin));
  for (int64_t start = begin; start < end; start += kLanes) run.block(start, std::min(kLanes, end - start));
}

}  // namespace torch_func::compile
