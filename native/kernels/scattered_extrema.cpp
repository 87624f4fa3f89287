// The gradient of scatter_reduce and index_reduce with reduce='amax' or 'amin' and include_self=false (PyTorch 2.13).
// libtorch divides the gradient by the number of elements that equal the result, and counts the element of self even if
// it does not take part: where it is equal by coincidence, the gradient of the source is too small. Here such elements
// of self are replaced by NaN, which equals no result. The operator ignores them.
#include <ATen/ATen.h>
#include <torch/library.h>

#include <cmath>

#include "kernels/corrections.h"
#include "kernels/in_place_decomposition.h"
#include "kernels/scatter_arguments.h"

namespace torch_func {

namespace {

using at::Tensor;

bool ignoresSelf(KernelCall& call) {
  const auto reduce = call.argument(4).toStringView();
  return (reduce == "amax" || reduce == "amin") && !call.argument(5).toBool() && call.isDifferentiated() &&
         at::isFloatingType(call.tensor(0).scalar_type());
}

// (self, dim, index, src, reduce, include_self)
void scatterReduce(KernelCall& call) {
  if (ignoresSelf(call) && isScatterable(call)) {
    call.argument(0) = call.tensor(0).scatter(call.argument(1).toInt(), call.tensor(2).to(at::kLong), std::nan(""));
  }
  call.callOriginal();
}

void indexReduce(KernelCall& call) {
  if (ignoresSelf(call) && isIndexable(call)) {
    call.argument(0) = call.tensor(0).index_fill(call.argument(1).toInt(), call.tensor(2).to(at::kLong), std::nan(""));
  }
  call.callOriginal();
}

}  // namespace

// After registerScatteredProducts, which replaces the in-place operators.
void registerScatteredExtrema() {
  // A registration lasts as long as its Library object.
  static torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::Autograd, __FILE__, __LINE__);
  overrideAutogradKernel(library, "scatter_reduce.two", CallKernel::factory(&scatterReduce));
  overrideAutogradKernel(library, "index_reduce", CallKernel::factory(&indexReduce));
}

}  // namespace torch_func
