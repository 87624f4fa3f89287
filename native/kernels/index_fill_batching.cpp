// libtorch's batching rule of index_fill fills a copy of the tensor in place. If only the positions or the value are
// batched, at this level or below, they do not fit into the one copy, and the rule refuses; the derivatives of
// index_fill and index_copy consist of such calls. The rule also counts negative positions from the start of the batch,
// and silently fills the sample before. The derivative by a value that is a tensor refuses negative positions.
//
// Here a mask of the positions chooses between the value and the tensor.
#include <ATen/ATen.h>
#include <ATen/WrapDimUtils.h>
#include <torch/library.h>

#include <vector>

#include "functorch/wrappers.h"
#include "kernels/kernel_override.h"
#include "kernels/mends.h"

namespace torch_func {

namespace {

using at::Tensor;

// At this level or below.
bool isBatched(const Tensor& tensor) { return at::functorch::isBatchedTensor(unwrapWhile(tensor, valueOfGradWrapper)); }

// (self, dim, index, value), the value a number or a tensor of one element.
void fillByMask(KernelCall& call) {
  const Tensor self = call.tensor(0);
  const Tensor index = call.tensor(2);
  const c10::IValue& value = call.argument(3);
  const int64_t dim = at::maybe_wrap_dim(call.argument(1).toInt(), self.dim());
  const Tensor positions = at::where(index < 0, index + self.size(dim), index).to(at::kLong).reshape({-1});
  std::vector<int64_t> shape(self.dim(), 1);
  shape[dim] = self.size(dim);
  const Tensor mask =
      at::zeros({self.size(dim)}, index.options().dtype(at::kBool)).scatter(0, positions, true).view(shape);
  const Tensor filling =
      value.isTensor() ? value.toTensor().to(self.scalar_type()) : at::scalar_tensor(value.toScalar(), self.options());
  call.finish(at::where(mask, filling, self));
}

// What does not fit is left, for libtorch to refuse.
bool fits(KernelCall& call) {
  const c10::IValue& value = call.argument(3);
  return call.tensor(0).dim() > 0 && call.tensor(2).dim() <= 1 &&
         at::isIntegralType(call.tensor(2).scalar_type(), /*includeBool=*/false) &&
         !(value.isTensor() && value.toTensor().dim() != 0);
}

void batched(KernelCall& call) {
  const c10::IValue& value = call.argument(3);
  const bool isRefused = value.isTensor() && isBatched(value.toTensor()) && !isBatched(call.tensor(0));
  if (fits(call) && (isBatched(call.tensor(2)) || isRefused))
    fillByMask(call);
  else
    call.callOriginal();
}

void recorded(KernelCall& call) {
  const Tensor value = call.tensor(3);
  if (fits(call) && (value.requires_grad() || hasTangent(value)))
    fillByMask(call);
  else
    call.callOriginal();
}

}  // namespace

void registerIndexFillBatching() {
  // A registration lasts as long as its Library object.
  static torch::Library vmap(torch::Library::IMPL, "aten", c10::DispatchKey::FuncTorchBatched, __FILE__, __LINE__);
  static torch::Library autograd(torch::Library::IMPL, "aten", c10::DispatchKey::Autograd, __FILE__, __LINE__);
  for (const char* name : {"index_fill.int_Scalar", "index_fill.int_Tensor"}) {
    overrideKernel(vmap, c10::DispatchKey::FuncTorchBatched, name, CallKernel::maker(&batched));
  }
  overrideAutogradKernel(autograd, "index_fill.int_Tensor", CallKernel::maker(&recorded));
}

}  // namespace torch_func
