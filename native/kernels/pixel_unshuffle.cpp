// pixel_unshuffle of a tensor without elements returns a copy of the argument, which has another shape than the result
// (PyTorch 2.13): the gradient of pixel_shuffle of an empty batch, which calls it, throws.
#include <ATen/ATen.h>
#include <torch/library.h>

#include <vector>

#include "kernels/corrections.h"
#include "kernels/kernel_override.h"

namespace torch_func {

namespace {

using at::Tensor;

// (self, downscale_factor): (..., C, H r, W r) -> (..., C r^2, H, W)
void pixelUnshuffle(KernelCall& call) {
  const Tensor self = call.tensor(0);
  const int64_t factor = call.argument(1).toInt();
  call.callOriginal();
  if (self.numel() > 0) return;
  std::vector<int64_t> shape = self.sizes().vec();
  const size_t rank = shape.size();
  shape[rank - 3] *= factor * factor;
  shape[rank - 2] /= factor;
  shape[rank - 1] /= factor;
  call.output(0) = self.new_empty(shape);
}

}  // namespace

void registerPixelUnshuffle() {
  // A registration lasts as long as its Library object.
  static torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::CPU, __FILE__, __LINE__);
  overrideKernel(library, c10::DispatchKey::CPU, "pixel_unshuffle", CallKernel::factory(&pixelUnshuffle));
}

}  // namespace torch_func
