#pragma once
// Kernels in front of those of libtorch whose results are wrong without an error, each in the file that says why. None
// of these functions is idempotent: registerMends calls each of them once.

namespace torch_func {

void registerContiguousArguments();
void registerLapackBatches();
void registerLinalgDecompositions();
void registerLinalgForwardAd();
void registerScans();
void registerVectorNorms();
void registerSvdScaling();
void registerScatteredProducts();
void registerGridSampling();
void registerIndexFillBatching();
void registerSolveBatching();

}  // namespace torch_func
