// Registers the mends, once for the process.
#include "kernels/mends.h"

#include <mutex>

#include "kernels/decompositions.h"

namespace torch_func {

void registerMends() {
  static std::once_flag once;
  std::call_once(once, [] {
    registerContiguousArguments();
    registerLapackBatches();
    registerLinalgDecompositions();
    registerLinalgForwardAd();
    registerScans();
    registerVectorNorms();
    registerSvdScaling();
    registerScatteredProducts();
    registerGridSampling();
    registerIndexFillBatching();
    registerSolveBatching();
  });
}

}  // namespace torch_func
