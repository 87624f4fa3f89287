#pragma once

namespace torch_func {

// Puts an allocator that keeps small blocks in front of libtorch's CPU allocator; once per process.
void installSmallAllocator();

}  // namespace torch_func
