// Copies arguments for kernels of libtorch that misread the memory of views (PyTorch 2.13).
//
// - median, nanmedian and kthvalue read out of bounds along an expanded dimension.
// - group_norm reads out of bounds if the weight or the bias is a non-contiguous view, and rejects a non-contiguous
//   input, such as a permuted tensor or a tensor that vmap maps over a dimension other than the first.
// - The backward of batch norm reads the input in the memory format of the gradient, or the reverse, if a tensor is
//   channels-last but, because a dimension has one element, is not recognized as such.
// - max_pool1d without a gradient ignores the negative bit.
// - The gradient of stft with an expanded input is averaged over the elements that share memory.
#include <ATen/ATen.h>
#include <ATen/MemoryOverlap.h>
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

bool isAmbiguous(const Tensor& tensor) {
  return !tensor.is_contiguous() && tensor.suggest_memory_format() == at::MemoryFormat::Contiguous &&
         (tensor.is_contiguous(at::MemoryFormat::ChannelsLast) ||
          tensor.is_contiguous(at::MemoryFormat::ChannelsLast3d));
}

// (grad_out, input, ...)
void batchNormBackward(KernelCall& call) {
  for (const size_t i : {0, 1}) {
    const Tensor tensor = call.tensor(i);
    if (isAmbiguous(tensor)) call.argument(i) = tensor.contiguous();
  }
  call.callOriginal();
}

void resolveNegative(KernelCall& call) {
  const Tensor self = call.tensor(0);
  if (self.is_neg()) call.argument(0) = self.resolve_neg();
  call.callOriginal();
}

void resolveOverlap(KernelCall& call) {
  const Tensor self = call.tensor(0);
  if (at::has_internal_overlap(self) == at::MemOverlap::Yes) call.argument(0) = self.contiguous();
  call.callOriginal();
}

// Composite operators run in the place of an autograd kernel. Their kernel hides one that is registered for the
// autograd keys of all backends.
template <c10::DispatchKey key>
void registerComposites() {
  // A registration lasts as long as its Library object.
  static torch::Library library(torch::Library::IMPL, "aten", key, __FILE__, __LINE__);
  overrideKernel(library, key, "max_pool1d", CallKernel::factory(&resolveNegative));
  for (const char* name : {"stft", "stft.center"}) {
    overrideKernel(library, key, name, CallKernel::factory(&resolveOverlap));
  }
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
  add("native_batch_norm_backward", &batchNormBackward);
  add("batch_norm_backward", &batchNormBackward);

  registerComposites<c10::DispatchKey::AutogradCPU>();
  registerComposites<c10::DispatchKey::AutogradCUDA>();
}

}  // namespace torch_func
