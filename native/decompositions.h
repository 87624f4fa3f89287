// Operators that libtorch leaves to PyTorch's Python code to take apart.
//
// A few operators have no batching rule, and a few backward operators no
// forward-mode derivative, in libtorch itself: Python's PyTorch adds both, as
// decompositions into simpler operators, when `vmap` or forward mode is first
// used. Without them those operators run one example at a time with a warning
// under `vmap`, and `hessian` throws for every function with a softmax, a cross
// entropy or a normalisation in it.
//
// Both functions are idempotent and thread-safe, and cost microseconds: call
// them when the addon loads, so that no result depends on which transform ran
// first. What they register points at code of the addon, which therefore has to
// stay loaded until the process ends.
#pragma once

namespace torch_func {

// Lets vmap batch the loss operators and addr.
void registerBatchingDecompositions();

// Lets forward mode differentiate the backward operators of softmax,
// log_softmax, nll_loss, layer norm and batch norm.
void ensureForwardAdDecompositions();

} // namespace torch_func
