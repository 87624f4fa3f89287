// Tangents that share memory with the tangent of an argument.
//
// If the derivative of an operator is the identity, libtorch's forward-mode rule returns the tangent of the argument
// itself, and the rules of the operators named *_copy return a view of it. An operator that then modifies the result in
// place modifies the tangent of the argument too: the jvp of
//
//   const y = x.mul(x), z = y.frac(); z.mul_(3); return y
//
// is three times too large, and so is the third derivative of cosine_embedding_loss, which uses such operators
// (PyTorch 2.13). The kernels below copy the tangent.
#include <ATen/ATen.h>
#include <torch/library.h>

#include "kernels/corrections.h"
#include "kernels/kernel_override.h"

namespace torch_func {

namespace {

using at::Tensor;

Tensor withOwnTangent(const Tensor& tensor) {
  if (!hasTangent(tensor)) return tensor;
  const Tensor result = tensor._fw_primal(/*level=*/0);
  result._set_fw_grad(tensor._fw_grad(/*level=*/0).clone(), /*level=*/0, /*is_inplace_op=*/false);
  return result;
}

// Each of the operators has one tensor argument, the first.
void copyTangents(KernelCall& call) {
  const bool isDual = hasTangent(call.tensor(0));
  call.callOriginal();
  if (!isDual) return;
  c10::IValue& output = call.output(0);
  if (output.isTensor()) {
    output = withOwnTangent(output.toTensor());
    return;
  }
  c10::List<Tensor> tensors;
  for (const Tensor& tensor : output.toTensorVector()) tensors.push_back(withOwnTangent(tensor));
  output = tensors;
}

}  // namespace

void registerTangentAliases() {
  // A registration lasts as long as its Library object.
  static torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::Autograd, __FILE__, __LINE__);
  for (const char* name : {"sub.Scalar",
                           "fmod.Scalar",
                           "remainder.Scalar",
                           "frac",
                           "_conj_physical",
                           "_conj_copy",
                           "_neg_view_copy",
                           "_reshape_alias_copy",
                           "alias_copy",
                           "as_strided_copy",
                           "detach_copy",
                           "diagonal_copy",
                           "expand_copy",
                           "permute_copy",
                           "select_copy.int",
                           "slice_copy.Tensor",
                           "split_copy.Tensor",
                           "split_with_sizes_copy",
                           "squeeze_copy",
                           "squeeze_copy.dim",
                           "squeeze_copy.dims",
                           "t_copy",
                           "transpose_copy.int",
                           "unbind_copy.int",
                           "unfold_copy",
                           "unsqueeze_copy",
                           "view_as_complex_copy",
                           "view_as_real_copy",
                           "view_copy"}) {
    overrideAutogradKernel(library, name, CallKernel::factory(&copyTangents));
  }
}

}  // namespace torch_func
