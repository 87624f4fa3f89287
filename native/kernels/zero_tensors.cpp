// In-place operators on tangents that are zero.
//
// libtorch represents a tangent of zeros by a ZeroTensor, which has no memory and cannot be modified. In nested forward
// mode the tangent of a tangent may be one. The forward-mode rule of an in-place operator then modifies it, and fails:
// jvp of jvp of jvp of x.mul(x).exp_() throws "ZeroTensors are immutable" (PyTorch 2.13).
//
// The kernels below allocate the zeros first, if no other tensor shares the storage. Another tensor would not see the
// change: for these, libtorch's error remains.
#include <ATen/ATen.h>
#include <torch/library.h>

#include <memory>

#include "kernels/corrections.h"
#include "kernels/kernel_override.h"

namespace torch_func {

namespace {

using at::Tensor;
using c10::DispatchKey;

void allocate(const Tensor& zero) {
  TORCH_CHECK(zero.storage().use_count() == 1,
              "ZeroTensors are immutable. Please use the materialized zero tensor obtained using .clone() if you want "
              "a mutable tensor.");
  const Tensor dense = at::zeros(zero.sizes(), zero.options());
  c10::TensorImpl* impl = zero.unsafeGetTensorImpl();
  impl->set_storage_keep_dtype(dense.storage());
  impl->set_sizes_and_strides(dense.sizes(), dense.strides());
  zero._set_zero(false);
}

void allocateZeros(const c10::OperatorHandle& op, c10::DispatchKeySet keys, torch::jit::Stack* stack) {
  const auto& arguments = op.schema().arguments();
  const size_t begin = stack->size() - arguments.size();
  for (size_t i = 0; i < arguments.size(); ++i) {
    c10::IValue& value = (*stack)[begin + i];
    if (!value.isTensor() || !value.toTensor().defined() || !value.toTensor()._is_zerotensor()) continue;
    const auto* alias = arguments[i].alias_info();
    if (alias != nullptr && alias->isWrite()) {
      allocate(value.toTensor());
    } else {
      value = value.toTensor().clone();
    }
  }
  op.redispatchBoxed(keys & c10::DispatchKeySet(c10::DispatchKeySet::FULL_AFTER, DispatchKey::ZeroTensor), stack);
}

// The in-place variants of operators, whose first argument is modified.
bool isInPlace(const c10::OperatorName& name) {
  if (name.name.rfind("aten::", 0) != 0 || name.name.back() != '_' || name.name.rfind("aten::_foreach", 0) == 0) {
    return false;
  }
  const auto& schema = c10::Dispatcher::singleton().findSchema(name)->schema();
  if (schema.arguments().empty()) return false;
  const auto* alias = schema.arguments()[0].alias_info();
  return alias != nullptr && alias->isWrite();
}

}  // namespace

void registerZeroTensors() {
  // A registration lasts as long as its Library object.
  static torch::Library library(torch::Library::IMPL, "aten", DispatchKey::ZeroTensor, __FILE__, __LINE__);
  const IgnoreWarnings ignore;
  for (const c10::OperatorName& name : c10::Dispatcher::singleton().getAllOpNames()) {
    if (!isInPlace(name)) continue;
    const std::string overload = name.overload_name.empty() ? "" : "." + name.overload_name;
    library.impl((name.name + overload).c_str(), torch::CppFunction::makeFromBoxedFunction<&allocateZeros>());
  }
}

}  // namespace torch_func
