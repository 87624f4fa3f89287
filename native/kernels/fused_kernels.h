// Operators that libtorch computes with fused kernels, which have no batching rule, no forward-mode rule or no second
// derivative. Where one of them is needed, they are decomposed. registerCorrections calls each function once.
#pragma once

namespace torch_func {

void registerAttention();
void registerRecurrent();
void registerSequencePacking();

}  // namespace torch_func
