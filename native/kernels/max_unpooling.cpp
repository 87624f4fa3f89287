// Derivatives of max_unpool2d and max_unpool3d where indices repeat, as after a pooling with overlapping windows.
//
// The kernel writes the elements in order, so the last element at an index stays. libtorch's backward gives the
// gradient of the position to all elements at its index, also to those that were overwritten; forward mode is right
// (PyTorch 2.13). Here the result that is differentiated is a gather of the elements that stay:
//
//   result[j] = self[max {i : indices[i] = j}], or 0 if there is no such i
//
// With several threads the order of libtorch's kernel, and so the value that is not differentiated, is not defined.
#include <ATen/ATen.h>
#include <torch/library.h>

#include <vector>

#include "kernels/corrections.h"
#include "kernels/kernel_override.h"

namespace torch_func {

namespace {

using at::Tensor;

// (self, indices, output_size, ...). The last `dims` dimensions are unpooled.
template <int64_t dims>
void maxUnpool(KernelCall& call) {
  if (!call.isDifferentiated() || call.tensor(0).numel() == 0) {
    call.callOriginal();
    return;
  }
  call.checkArguments();
  const Tensor self = call.tensor(0);
  const int64_t first = self.dim() - dims;
  std::vector<int64_t> shape = self.sizes().slice(0, first).vec();
  std::vector<int64_t> planes = shape;
  int64_t size = 1;
  for (const int64_t length : call.argument(2).toIntVector()) {
    shape.push_back(length);
    size *= length;
  }
  planes.push_back(size);
  const Tensor indices = call.tensor(1).flatten(first);
  const Tensor order = at::arange(indices.size(-1), indices.options()).expand_as(indices);
  const Tensor last = at::full(planes, -1, indices.options()).scatter_reduce(-1, indices, order, "amax");
  const Tensor elements = self.flatten(first).gather(-1, last.clamp_min(0)).masked_fill(last < 0, 0);
  call.setOutputs(elements.view(shape));
}

}  // namespace

void registerMaxUnpooling() {
  // A registration lasts as long as its Library object.
  static torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::Autograd, __FILE__, __LINE__);
  overrideAutogradKernel(library, "max_unpool2d", CallKernel::factory(&maxUnpool<2>));
  overrideAutogradKernel(library, "max_unpool3d", CallKernel::factory(&maxUnpool<3>));
}

}  // namespace torch_func
