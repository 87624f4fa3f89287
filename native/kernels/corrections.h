// Overrides of libtorch kernels whose results are silently wrong. Each function is defined in the file of its name,
// which says what is wrong. None of these functions is idempotent: registerCorrections calls each of them once.
#pragma once

namespace torch_func {

void registerContiguousArguments();
void registerActivationDerivatives();
void registerBessel();
void registerStandardDeviation();
void registerTangentAliases();
void registerZeroTensors();
void registerLapackBatches();
void registerLinalgDecompositions();
void registerLinalgForwardAd();
void registerScans();
void registerVectorNorms();
void registerDistanceBackward();
void registerLogsumexp();
void registerSvdScaling();
void registerScatteredProducts();
void registerGridSampling();
void registerNormStatistics();
void registerIndexFillBatching();
void registerSolveBatching();
void registerElementwiseRules();
void registerElementwiseDecompositions();
void registerKinks();
void registerHouseholderProducts();
void registerNuclearNorm();
void registerScatteredExtrema();
void registerIndexReduceForwardAd();
void registerPoissonLoss();
void registerMarginLosses();
void registerSegments();
void registerCtcLoss();
void registerTensorSplit();
void registerCotangentProducts();
void registerPixelUnshuffle();
void registerMaxUnpooling();
void registerArgumentChecks();

}  // namespace torch_func
