// Layer norm and batch norm in reverse mode, with correct derivatives from the third order on.
#pragma once

namespace torch_func {

// Not idempotent: called once, by registerForwardAdDecompositions.
void registerNormReverseAd();

}  // namespace torch_func
