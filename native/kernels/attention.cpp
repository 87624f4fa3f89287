// Forward mode, vmap and second derivatives of scaled_dot_product_attention. libtorch calls fused kernels, whose
// backward has no derivative, and which have no forward-mode and batching rules (PyTorch 2.13). Where one is needed,
// the attention is computed as products and a softmax.
#include <ATen/ATen.h>
#include <torch/library.h>

#include <limits>
#include <optional>

#include "kernels/fused_kernels.h"
#include "kernels/kernel_override.h"

namespace torch_func {

namespace {

using at::Tensor;

// A boolean mask is true where a key takes part; _scaled_dot_product_attention_math adds any mask to the scores.
std::optional<Tensor> additive(const std::optional<Tensor>& mask, at::ScalarType dtype) {
  if (!mask || mask->scalar_type() != at::kBool) return mask;
  constexpr double kNever = -std::numeric_limits<double>::infinity();
  return at::zeros_like(*mask, mask->options().dtype(dtype)).masked_fill(mask->logical_not(), kNever);
}

// (query, key, value, attn_mask, dropout_p, is_causal, scale, enable_gqa)
void attention(KernelCall& call) {
  const Recording recording = call.recording();
  if (!recording.tangent && !recording.batched && !recording.isDifferentiatedAgain()) {
    call.callOriginal();
    return;
  }
  const auto result = at::_scaled_dot_product_attention_math(
      call.tensor(0), call.tensor(1), call.tensor(2),
      additive(call.argument(3).toOptional<Tensor>(), call.tensor(0).scalar_type()), call.argument(4).toDouble(),
      call.argument(5).toBool(), /*dropout_mask=*/std::nullopt, call.argument(6).toOptional<double>(),
      call.argument(7).toBool());
  call.setOutputs(std::get<0>(result));
}

}  // namespace

void registerAttention() {
  // A registration lasts as long as its Library object.
  static torch::Library composite(torch::Library::IMPL, "aten", c10::DispatchKey::CompositeImplicitAutograd, __FILE__,
                                  __LINE__);
  // At a level of vmap libtorch decomposes the operator under this key, because it may draw random numbers.
  static torch::Library vmap(torch::Library::IMPL, "aten", c10::DispatchKey::FuncTorchVmapMode, __FILE__, __LINE__);
  const char* name = "scaled_dot_product_attention";
  overrideKernel(composite, c10::DispatchKey::AutogradCPU, name, CallKernel::factory(&attention));
  overrideKernel(vmap, c10::DispatchKey::FuncTorchVmapMode, name, CallKernel::factory(&attention));
}

}  // namespace torch_func
