// Kernels of libtorch that ignore the strides of an argument. median, nanmedian and kthvalue along an expanded
// dimension read out of bounds, and so does group norm for a weight or a bias that is a view. Group norm refuses an
// input that is not contiguous, such as a permuted one or one that vmap maps over a dimension other than the first.
// (All in PyTorch 2.13.) These kernels get contiguous copies.
#include <ATen/ATen.h>
#include <torch/library.h>

#include "kernels/kernel_override.h"
#include "kernels/mends.h"

namespace torch_func {

namespace {

using at::Tensor;

// A selection works in place on a copy, which has the strides of the tensor if no two elements share their memory.
void selection(KernelCall& call) {
  const Tensor self = call.tensor(0);
  if (!self.is_non_overlapping_and_dense()) call.argument(0) = self.contiguous();
  call.callOriginal();
}

template <size_t count>
void groupNorm(KernelCall& call) {
  for (size_t i = 0; i < count; ++i) {
    const c10::IValue& argument = call.argument(i);
    if (!argument.isTensor() || !argument.toTensor().defined()) continue;
    const Tensor tensor = argument.toTensor();
    if (!tensor.is_contiguous(tensor.suggest_memory_format())) call.argument(i) = tensor.contiguous();
  }
  call.callOriginal();
}

}  // namespace

void registerContiguousArguments() {
  // A registration lasts as long as its Library object.
  static torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::CPU, __FILE__, __LINE__);
  const auto add = [&](const char* name, CallKernel::Answer answer) {
    overrideKernel(library, c10::DispatchKey::CPU, name, CallKernel::maker(answer));
  };
  for (const char* name : {"median", "median.dim_values", "nanmedian", "nanmedian.dim_values", "kthvalue.values"}) {
    add(name, &selection);
  }
  add("native_group_norm", &groupNorm<3>);
  add("native_group_norm_backward", &groupNorm<5>);
}

}  // namespace torch_func
