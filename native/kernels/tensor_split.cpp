// tensor_split with a tensor of positions reads the memory of the tensor, which a wrapper of a transform does not have:
// the operator fails inside every transform (PyTorch 2.13).
#include <ATen/ATen.h>
#include <torch/library.h>

#include <vector>

#include "core/recording.h"
#include "kernels/constants.h"
#include "kernels/corrections.h"
#include "kernels/kernel_override.h"

namespace torch_func {

namespace {

using at::Tensor;

// The values of a tensor that no vmap maps, in contiguous memory.
Tensor valuesOf(const Tensor& tensor) {
  Tensor values;
  constantsOf(tensor, [&](const Tensor& plain) -> std::vector<Tensor> {
    // Outside of this function a transform would wrap the copy.
    values = plain.contiguous();
    return {};
  });
  TORCH_CHECK(values.dim() == tensor.dim(),
              "vmap: tensor_split() cannot be mapped over tensor_indices_or_sections: the shapes of the results would "
              "differ between samples. Pass an array of numbers, or a tensor with inDims null");
  return values;
}

// (self, tensor_indices_or_sections, dim)
void tensorSplit(KernelCall& call) {
  if (!call.recording().wrapped && !isRecording()) {
    call.callOriginal();
    return;
  }
  const Tensor self = call.tensor(0);
  const int64_t dim = call.argument(2).toInt();
  const Tensor values = valuesOf(call.tensor(1));
  TORCH_CHECK(values.device().is_cpu(), "tensor_split expected tensor_indices_or_sections to be on cpu, but it's on ",
              values.device());
  TORCH_CHECK(values.scalar_type() == at::kLong,
              "tensor_split expected tensor_indices_or_sections to have dtype of long, but got ", values.scalar_type());
  TORCH_CHECK(values.dim() <= 1,
              "tensor_split expected tensor_indices_or_sections to be a zero-dimensional or one-dimensional tensor, "
              "but got a tensor with ",
              values.dim(), " dims");
  if (values.dim() == 0) {
    call.setOutputs(self.tensor_split(values.item<int64_t>(), dim));
    return;
  }
  std::vector<int64_t> indices;
  for (int64_t i = 0; i < values.numel(); ++i) indices.push_back(values.select(0, i).item<int64_t>());
  call.setOutputs(self.tensor_split(indices, dim));
}

}  // namespace

void registerTensorSplit() {
  // A registration lasts as long as its Library object.
  static torch::Library composite(torch::Library::IMPL, "aten", c10::DispatchKey::CompositeImplicitAutograd, __FILE__,
                                  __LINE__);
  static torch::Library vmap(torch::Library::IMPL, "aten", c10::DispatchKey::FuncTorchBatchedDecomposition, __FILE__,
                             __LINE__);
  overrideComposite(composite, vmap, "tensor_split.tensor_indices_or_sections", CallKernel::factory(&tensorSplit));
}

}  // namespace torch_func
