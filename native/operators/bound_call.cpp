// Executes a bound call, and wraps its results.

#include "operators/bound_call.h"

#include <ATen/EmptyTensor.h>
#include <ATen/core/LegacyTypeDispatch.h>

#include <utility>

#include "core/recording.h"
#include "functorch/wrappers.h"
#include "operators/overload.h"
#include "operators/results.h"

namespace torch_func {

BoundCall::BoundCall(Environment& environment) : environment(environment) {
  auto& pool = environment.operatorStacks;
  if (pool.empty()) return;
  stack = std::move(pool.back());
  pool.pop_back();
}

BoundCall::~BoundCall() {
  stack.clear();
  environment.operatorStacks.push_back(std::move(stack));
}

// An operator changes the shape of a tensor before it allocates the memory. If the allocation fails, libtorch leaves a
// tensor that is larger than its memory: the next operator would access memory out of bounds. Such a tensor gets a
// storage whose data cannot be read.
static void invalidateIfTooLarge(const at::TensorImpl* impl) {
  const at::Tensor wrapper(
      c10::intrusive_ptr<at::TensorImpl>::unsafe_reclaim_from_nonowning(const_cast<at::TensorImpl*>(impl)));
  const at::Tensor& tensor = unwrapWhile(wrapper, valueOfWrapper);
  if (!tensor.has_storage() || tensor.is_meta() || tensor.layout() != at::kStrided || tensor.numel() == 0) return;
  const size_t needed =
      at::detail::computeStorageNbytes(tensor.sizes(), tensor.strides(), tensor.itemsize(), tensor.storage_offset());
  if (needed <= tensor.storage().nbytes()) return;
  auto storage = c10::make_intrusive<c10::StorageImpl>(c10::StorageImpl::use_byte_size_t(), 0,
                                                       c10::DataPtr(nullptr, tensor.device()), nullptr, false);
  storage->release_data_and_set_meta_custom_data_ptr_error_msg_(
      "The tensor has no memory: an earlier operator that changed its shape failed");
  tensor.unsafeGetTensorImpl()->set_storage_keep_dtype(c10::Storage(std::move(storage)));
}

void execute(BoundCall& call) {
  try {
    if (call.overload->makesFromNothing()) {
      // As in Python: the kernel fills a new tensor in place, which would increment its version.
      const at::AutoDispatchBelowADInplaceOrView guard;
      call.overload->handle().callBoxed(call.stack);
    } else if (call.overload->returnsValues()) {
      const ReadsInJavaScript reads;
      call.overload->handle().callBoxed(call.stack);
    } else {
      call.overload->handle().callBoxed(call.stack);
    }
  } catch (...) {
    for (const BoundCall::Operand& operand : call.operands) invalidateIfTooLarge(operand.impl);
    throw;
  }
  if (!call.requiresGrad) return;
  for (c10::IValue& value : call.stack) {
    if (value.isTensor()) value.toTensor().set_requires_grad(true);
  }
}

napi_value wrap(BoundCall& call) {
  if (call.overload->returnsFirstArgument()) return call.operands.front().object;
  return wrapResults(call.environment, call.overload->handle().schema(), call.stack,
                     [&](const at::TensorImpl* impl) -> napi_value {
                       for (const BoundCall::Operand& operand : call.operands) {
                         if (operand.impl == impl) return operand.object;
                       }
                       return nullptr;
                     });
}

}  // namespace torch_func
