#pragma once

namespace torch_func {

// Replaces libtorch's CPU allocator by one that reuses small and large blocks; once per process.
void installCpuAllocator();

}  // namespace torch_func
