// Layer norm and batch norm under forward mode, right in every nesting.
#pragma once

namespace torch_func {

// Not idempotent: called once, by registerForwardAdDecompositions.
void registerNormForwardAd();

}  // namespace torch_func
