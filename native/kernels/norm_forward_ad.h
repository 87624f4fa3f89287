// Layer norm and batch norm in forward mode, with correct derivatives in every nesting of transforms.
#pragma once

namespace torch_func {

// Not idempotent: called once, by registerForwardAdDecompositions.
void registerNormForwardAd();

}  // namespace torch_func
