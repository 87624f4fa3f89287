// Derivatives of scatter_reduce and index_reduce with reduce='prod'.
//
// libtorch's gradient divides by the factors. It first reads the number of zero factors, and vmap does not allow a
// value to be read. The tangent is zero or missing, and the double backward fails if two factors are zero.
//
// Here the factors are sorted by their target position, so that the factors of one position are adjacent. A segmented
// scan multiplies them in steps of doubled length. The last factor of a position then holds the product of all factors
// of this position. The algorithm does not divide, so that every derivative is right in every mode.
#include <ATen/ATen.h>
#include <ATen/WrapDimUtils.h>
#include <torch/library.h>

#include <vector>

#include "kernels/corrections.h"
#include "kernels/in_place_decomposition.h"
#include "kernels/scatter_arguments.h"

namespace torch_func {

namespace {

using at::Tensor;

// Multiplies each element of `self` by all elements of `source` whose `index` along `dim` is its position. `index` has
// the shape of `source`.
Tensor multiplyScattered(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& source, bool includeSelf) {
  if (self.dim() == 0) {
    const auto line = [](const Tensor& tensor) { return tensor.reshape({-1}); };
    return multiplyScattered(line(self), 0, line(index), line(source), includeSelf).reshape({});
  }
  auto [position, order] = index.sort(dim);
  Tensor product = source.gather(dim, order);
  const int64_t size = position.size(dim);
  for (int64_t length = 1; length < size; length *= 2) {
    const auto first = [&](const Tensor& tensor) { return tensor.narrow(dim, 0, size - length); };
    const auto last = [&](const Tensor& tensor) { return tensor.narrow(dim, length, size - length); };
    const Tensor joined = at::where(first(position) == last(position), first(product) * last(product), last(product));
    product = at::cat({product.narrow(dim, 0, length), joined}, dim);
  }

  std::vector<int64_t> shape = index.sizes().vec();
  shape[dim] = self.size(dim);
  Tensor count = at::zeros(shape, index.options()).scatter_add(dim, index, at::ones_like(index));
  Tensor factor = product.gather(dim, (count.cumsum(dim) - 1).clamp_min(0));
  // If the index is smaller than self, the other elements of self have no factors.
  std::vector<int64_t> padding;
  for (int64_t i = self.dim() - 1; i >= 0; --i) {
    padding.push_back(0);
    padding.push_back(self.size(i) - shape[i]);
  }
  count = at::constant_pad_nd(count, padding, 0);
  factor = at::constant_pad_nd(factor, padding, 1);
  const Tensor hasFactor = count > 0;
  return includeSelf ? at::where(hasFactor, self * factor, self) : at::where(hasFactor, factor, self);
}

bool isDecomposed(KernelCall& call) {
  const Recording recording = call.recording();
  return call.argument(4).toStringView() == "prod" &&
         (recording.tangent || (recording.gradient && recording.wrapped)) && call.tensor(0).numel() > 0 &&
         call.tensor(2).numel() > 0;
}

// (self, dim, index, src, reduce, include_self)
Tensor scatterReduce(KernelCall& call) {
  const Tensor self = call.tensor(0);
  const int64_t dim = at::maybe_wrap_dim(call.argument(1).toInt(), self.dim());
  const Tensor index = call.tensor(2);
  Tensor source = call.tensor(3);
  for (int64_t i = 0; i < index.dim(); ++i) source = source.narrow(i, 0, index.size(i));
  return multiplyScattered(self, dim, index.to(at::kLong), source, call.argument(5).toBool());
}

bool fitsScatter(KernelCall& call) { return isDecomposed(call) && isScatterable(call); }

Tensor indexReduce(KernelCall& call) {
  const Tensor self = call.tensor(0);
  const int64_t dim = at::maybe_wrap_dim(call.argument(1).toInt(), self.dim());
  const Tensor source = call.tensor(3);
  std::vector<int64_t> shape(self.dim(), 1);
  if (self.dim() > 0) shape[dim] = source.size(dim);
  const Tensor index = call.tensor(2).to(at::kLong).reshape(shape).expand_as(source);
  return multiplyScattered(self, dim, index, source, call.argument(5).toBool());
}

bool fitsIndex(KernelCall& call) { return isDecomposed(call) && isIndexable(call); }

template <bool (*fits)(KernelCall&), Tensor (*compute)(KernelCall&)>
void decompose(KernelCall& call) {
  if (!fits(call)) {
    call.callOriginal();
    return;
  }
  call.setOutputs(compute(call));
}

}  // namespace

void registerScatteredProducts() {
  // A registration lasts as long as its Library object.
  static torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::Autograd, __FILE__, __LINE__);
  const auto add = [&](const char* name, CallKernel::Function function) {
    overrideAutogradKernel(library, name, CallKernel::factory(function));
  };
  add("scatter_reduce.two", &decompose<&fitsScatter, &scatterReduce>);
  add("scatter_reduce_.two", &decomposeInPlace);
  add("index_reduce", &decompose<&fitsIndex, &indexReduce>);
  add("index_reduce_", &decomposeInPlace);
}

}  // namespace torch_func
