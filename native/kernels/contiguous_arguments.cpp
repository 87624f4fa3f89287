// Makes arguments contiguous for kernels of libtorch that ignore strides (PyTorch 2.13). median, nanmedian and kthvalue
// read out of bounds along an expanded dimension. group_norm reads out of bounds if the weight or the bias is a
// non-contiguous view, and rejects a non-contiguous input, such as a permuted tensor or a tensor that vmap maps over a
// dimension other than the first.
#include <ATen/ATen.h>
#include <torch/library.h>

#include "kernels/corrections.h"
#include "kernels/kernel_override.h"

namespace torch_func {

namespace {

using at::Tensor;

// The kernel selects in place, in a copy of the tensor. The copy keeps the strides of the tensor if no elements overlap
// in memory.
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
  const auto add = [&](const char* name, CallKernel::Function function) {
    overrideKernel(library, c10::DispatchKey::CPU, name, CallKernel::factory(function));
  };
  for (const char* name : {"median", "median.dim_values", "nanmedian", "nanmedian.dim_values", "kthvalue.values"}) {
    add(name, &selection);
  }
  add("native_group_norm", &groupNorm<3>);
  add("native_group_norm_backward", &groupNorm<5>);
}

}  // namespace torch_func
