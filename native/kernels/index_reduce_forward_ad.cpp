// Forward mode of index_reduce, for which libtorch has no rule. scatter_reduce has one and takes the same reductions.
#include <ATen/ATen.h>
#include <torch/library.h>

#include <vector>

#include "kernels/corrections.h"
#include "kernels/scatter_arguments.h"

namespace torch_func {

namespace {

using at::Tensor;

// (self, dim, index, source, reduce, include_self)
void indexReduce(KernelCall& call) {
  const auto reduce = call.argument(4).toStringView();
  // Products have a rule in scattered_products.cpp.
  if (reduce == "prod" || !call.recording().tangent || !isIndexable(call)) {
    call.callOriginal();
    return;
  }
  const Tensor self = call.tensor(0);
  const Tensor source = call.tensor(3);
  const int64_t dim = at::maybe_wrap_dim(call.argument(1).toInt(), self.dim());
  std::vector<int64_t> shape(self.dim(), 1);
  if (self.dim() > 0) shape[dim] = call.tensor(2).numel();
  const Tensor index = call.tensor(2).to(at::kLong).reshape(shape).expand_as(source);
  call.setOutputs(self.scatter_reduce(dim, index, source, reduce, call.argument(5).toBool()));
}

}  // namespace

void registerIndexReduceForwardAd() {
  // A registration lasts as long as its Library object.
  static torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::Autograd, __FILE__, __LINE__);
  overrideAutogradKernel(library, "index_reduce", CallKernel::factory(&indexReduce));
}

}  // namespace torch_func
