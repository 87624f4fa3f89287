#pragma once

#include <cstddef>

namespace torch_func {

// The memory that this process may use in all: that of the machine, or the limit of its control group.
size_t totalMemory();

// What is left of it. Page cache counts as available.
size_t availableMemory();

}  // namespace torch_func
