// What libtorch leaves to PyTorch's Python code: operators that have to be taken apart into simpler
// ones before they can be batched or differentiated in forward mode.
//
// Python's PyTorch registers these decompositions when `vmap` or forward mode is first used.
// Without them the losses run one example at a time under `vmap`, with a warning, and `hessian`
// throws for every function with a softmax, a cross entropy or a normalisation in it.
//
// All functions are idempotent and thread-safe and cost a fraction of a millisecond: call them when
// the addon loads, so that no result depends on which transform ran first, and no kernel is
// registered while another thread computes. What they register points at code of the addon, which
// has to stay loaded until the process ends.
#pragma once

namespace torch_func {

// Lets vmap batch the loss operators and addr.
void registerBatchingDecompositions();

// Lets forward mode differentiate the backward operators of softmax, log_softmax, huber_loss,
// nll_loss, layer norm and batch norm, and makes the normalisations right in every nesting.
void registerForwardAdDecompositions();

// Lets functionalize see the in-place forms of abs, logical_and and a few others.
void registerMetaKernels();

// Puts right what libtorch computes wrongly without a sign of it, each in the file that says why.
void registerMends();

}  // namespace torch_func
