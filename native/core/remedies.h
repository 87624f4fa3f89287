#pragma once
// What to do about an error of libtorch's that a user of the transforms is bound to meet: a line after
// its message, which stays as it is.

#include <string>

namespace torch_func {

// The line to add, with a line break before it; empty for most messages.
std::string remedyFor(const std::string& message);

// What libtorch says of a batched tensor whose values are asked for, with the remedy.
std::string valuesOfBatchedTensor();

}  // namespace torch_func
