#pragma once
// Advice for the errors of libtorch that users of the transforms meet most: a line after its unchanged message.

#include <string>

namespace torch_func {

// The line to add, with a leading line break; empty for most messages.
std::string remedyFor(const std::string& message);

// libtorch's error for reading the values of a batched tensor, with advice.
std::string valuesOfBatchedTensor();

}  // namespace torch_func
