#pragma once

namespace torch_func {

// Replaces libtorch's CPU allocator by one with free lists for small blocks; once per process.
void installSmallAllocator();

}  // namespace torch_func
