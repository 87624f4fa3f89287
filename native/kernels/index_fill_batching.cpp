// index_fill under vmap, and its derivative with respect to a value tensor.
//
// libtorch's batching rule of index_fill fills a copy of the tensor in place. If only the indices or the value are
// batched, at this level or a lower one, they do not fit into the unbatched copy, and the rule throws. The derivatives
// of index_fill and index_copy contain such calls. The rule also adds a negative index to the offset of the sample, and
// silently fills the previous sample. The derivative with respect to a value tensor rejects negative indices.
//
// Here a mask of the indexed positions selects between the value and the tensor.
#include <ATen/ATen.h>
#include <ATen/WrapDimUtils.h>
#include <torch/library.h>

#include <vector>

#include "functorch/wrappers.h"
#include "kernels/corrections.h"
#include "kernels/kernel_override.h"

namespace torch_func {

namespace {

using at::Tensor;

// Whether a tensor is batched at this level or a lower one.
bool isBatched(const Tensor& tensor) { return at::functorch::isBatchedTensor(unwrapWhile(tensor, valueOfGradWrapper)); }

// (self, dim, index, value), where value is a number or a 0-D tensor.
void fillByMask(KernelCall& call) {
  const Tensor given = call.tensor(0);
  const Tensor self = given.dim() == 0 ? given.unsqueeze(0) : given;
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
  const Tensor filled = at::where(mask, filling, self);
  call.setOutputs(given.dim() == 0 ? filled.squeeze(0) : filled);
}

// libtorch reports the errors of all other arguments.
bool fits(KernelCall& call) {
  const c10::IValue& value = call.argument(3);
  return call.tensor(2).dim() <= 1 && at::isIntegralType(call.tensor(2).scalar_type(), /*includeBool=*/false) &&
         !(value.isTensor() && value.toTensor().dim() != 0);
}

void batchingRule(KernelCall& call) {
  const c10::IValue& value = call.argument(3);
  const bool isRejected = value.isTensor() && isBatched(value.toTensor()) && !isBatched(call.tensor(0));
  if (fits(call) && (isBatched(call.tensor(2)) || isRejected))
    fillByMask(call);
  else
    call.callOriginal();
}

void autogradKernel(KernelCall& call) {
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
    overrideKernel(vmap, c10::DispatchKey::FuncTorchBatched, name, CallKernel::factory(&batchingRule));
  }
  overrideAutogradKernel(autograd, "index_fill.int_Tensor", CallKernel::factory(&autogradKernel));
}

}  // namespace torch_func
