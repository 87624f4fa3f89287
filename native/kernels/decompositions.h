// Registers kernels that libtorch lacks or computes wrongly. Operators without a batching rule or a forward-mode rule
// are decomposed into simpler operators that have one.
//
// PyTorch registers its decompositions in Python, when `vmap` or forward mode is first used. Without decompositions
// the losses run one sample at a time under `vmap`, with a warning, and `hessian` throws for every function that calls
// softmax, cross entropy or a normalization.
//
// All functions are idempotent and thread-safe, and take a fraction of a millisecond. The addon calls them when it is
// loaded, so that results do not depend on which transform ran first, and no kernel is registered while another thread
// computes. The registered kernels are code of the addon, which must stay loaded until the process ends.
#pragma once

namespace torch_func {

// Defines the operators of libtorch 2.13 that the loaded libtorch lacks. Comes before the other functions.
void restoreRemovedOperators();

// Makes vmap batch the losses and addr, and corrects wrong batching rules.
void registerBatchingDecompositions();

// Makes the backward operators of softmax, log_softmax, huber_loss, nll_loss, dropout, layer norm and batch norm
// differentiable in forward mode, and corrects the derivatives of normalizations in every nesting of transforms.
void registerForwardAdDecompositions();

// Makes functionalize accept the in-place variants of abs, logical_and and a few other operators.
void registerMetaKernels();

// Overrides kernels of libtorch that are silently wrong. The file of each kernel says what is wrong.
void registerCorrections();

}  // namespace torch_func
