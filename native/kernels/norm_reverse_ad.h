// Layer norm and batch norm in reverse mode, right from the third derivative on.
#pragma once

namespace torch_func {

// Not idempotent: called once, by registerForwardAdDecompositions.
void registerNormReverseAd();

}  // namespace torch_func
