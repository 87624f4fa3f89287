// Registers the kernels that override wrong kernels of libtorch, once per process.
#include "kernels/corrections.h"

#include <mutex>

#include "kernels/decompositions.h"
#include "kernels/fused_kernels.h"

namespace torch_func {

void registerCorrections() {
  static std::once_flag once;
  std::call_once(once, [] {
    registerContiguousArguments();
    registerActivationDerivatives();
    registerBessel();
    registerStandardDeviation();
    registerTangentAliases();
    registerZeroTensors();
    registerLapackBatches();
    registerLinalgDecompositions();
    registerLinalgForwardAd();
    registerScans();
    registerVectorNorms();
    registerDistanceBackward();
    registerLogsumexp();
    registerSvdScaling();
    registerScatteredProducts();
    registerGridSampling();
    registerNormStatistics();
    registerIndexFillBatching();
    registerSolveBatching();
    registerElementwiseRules();
    registerElementwiseDecompositions();
    registerKinks();
    registerHouseholderProducts();
    registerNuclearNorm();
    registerScatteredExtrema();
    registerIndexReduceForwardAd();
    registerPoissonLoss();
    registerMarginLosses();
    registerSegments();
    registerCtcLoss();
    registerTensorSplit();
    registerCotangentProducts();
    registerPixelUnshuffle();
    registerMaxUnpooling();
    registerAttention();
    registerRecurrent();
    registerSequencePacking();
    registerArgumentChecks();
  });
}

}  // namespace torch_func
