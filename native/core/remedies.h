#pragma once
// The messages of libtorch for users of this package: options as they are spelled here, and advice for the errors that
// users of the transforms meet most.

#include <string>

namespace torch_func {

// The message with `retain_graph=True` as `retainGraph=true`, and without advice that only Python can follow.
std::string inOurSpelling(std::string text);

// The line to add, with a leading line break; empty for most messages.
std::string remedyFor(const std::string& message);

// libtorch's error for reading the values of a batched tensor, with advice.
std::string valuesOfBatchedTensor();

}  // namespace torch_func
