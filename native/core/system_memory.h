#pragma once

#include <cstddef>

namespace torch_func {

// The memory that this process may use in all: that of the machine, or the limit of its control group.
size_t totalMemory();

// What is left of it. Page cache counts as available.
size_t availableMemory();

// The size of the largest cache of a processor core; 32 MiB where the system does not tell.
size_t largestCache();

}  // namespace torch_func
