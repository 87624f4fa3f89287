#pragma once
// Runs programs: see Note [The vector machine].

#include <cstdint>

#include "compile/machine/program.h"

namespace torch_func::compile {

// Computes the points begin to end. bases[i] is the address of the first element of buffer i's base. The memory of a
// store must not overlap that of a load or of another store: results may be written before all loads are read.
// Several threads may run one program at the same time.
void run(const Program& program, void* const* bases, int64_t begin, int64_t end);

// Computes all points, on several threads if that is worth it.
void runParallel(const Program& program, void* const* bases);

}  // namespace torch_func::compile
