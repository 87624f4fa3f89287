// Checks of arguments that kernels of libtorch use without a check (PyTorch 2.13):
//
// - native_group_norm divides by the number of groups. The kernel for meta tensors does not check it: 0 ends the
//   process.
// - _compute_linear_combination reads one input per coefficient in the dtype of the coefficients, also out of bounds.
#include <ATen/ATen.h>
#include <torch/library.h>

#include "kernels/corrections.h"
#include "kernels/kernel_override.h"

namespace torch_func {

namespace {

using at::Tensor;

// (input, weight, bias, N, C, HxW, group, eps)
void groupNorm(KernelCall& call) {
  const int64_t samples = call.argument(3).toInt();
  const int64_t channels = call.argument(4).toInt();
  const int64_t positions = call.argument(5).toInt();
  const int64_t groups = call.argument(6).toInt();
  TORCH_CHECK(groups > 0, "Expected num groups to be greater than 0, got ", groups);
  TORCH_CHECK(
      samples >= 0 && channels >= 0 && positions >= 0 && call.tensor(0).numel() == samples * channels * positions,
      "native_group_norm(): expected an input of N * C * HxW elements, got the shape ", call.tensor(0).sizes(),
      " with N = ", samples, ", C = ", channels, ", HxW = ", positions);
  TORCH_CHECK(channels % groups == 0, "Expected number of channels in input to be divisible by num_groups, but got ",
              "input of shape ", call.tensor(0).sizes(), " and num_groups=", groups);
  call.callOriginal();
}

// (input, coefficients) or (input, coefficients, out)
void linearCombination(KernelCall& call) {
  const Tensor input = call.tensor(0);
  const Tensor coefficients = call.tensor(1);
  TORCH_CHECK(
      coefficients.dim() == 2 && input.dim() > 0 && coefficients.size(1) == input.size(0),
      "_compute_linear_combination(): expected a matrix of coefficients with one column per slice of the input, ",
      "got coefficients of shape ", coefficients.sizes(), " and an input of shape ", input.sizes());
  TORCH_CHECK(coefficients.scalar_type() == input.scalar_type(),
              "_compute_linear_combination(): expected coefficients of the dtype of the input, ", input.scalar_type(),
              ", got ", coefficients.scalar_type());
  if (call.arguments().size() == 3) {
    const Tensor out = call.tensor(2);
    std::vector<int64_t> shape = input.sizes().vec();
    shape[0] = coefficients.size(0);
    TORCH_CHECK(out.sizes() == at::IntArrayRef(shape) && out.scalar_type() == input.scalar_type(),
                "_compute_linear_combination(): expected an out tensor of shape ", at::IntArrayRef(shape),
                " and dtype ", input.scalar_type(), ", got ", out.sizes(), " and ", out.scalar_type());
  }
  call.callOriginal();
}

}  // namespace

void registerArgumentChecks() {
  // A registration lasts as long as its Library object.
  static torch::Library meta(torch::Library::IMPL, "aten", c10::DispatchKey::Meta, __FILE__, __LINE__);
  static torch::Library cpu(torch::Library::IMPL, "aten", c10::DispatchKey::CPU, __FILE__, __LINE__);
  static torch::Library cuda(torch::Library::IMPL, "aten", c10::DispatchKey::CUDA, __FILE__, __LINE__);
  overrideKernel(meta, c10::DispatchKey::Meta, "native_group_norm", CallKernel::factory(&groupNorm));
  for (const char* name : {"_compute_linear_combination", "_compute_linear_combination.out"}) {
    overrideKernel(cpu, c10::DispatchKey::CPU, name, CallKernel::factory(&linearCombination));
    if (!findOperator(name).hasKernelForDispatchKey(c10::DispatchKey::CUDA)) continue;
    overrideKernel(cuda, c10::DispatchKey::CUDA, name, CallKernel::factory(&linearCombination));
  }
}

}  // namespace torch_func
