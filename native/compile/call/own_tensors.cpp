// The tensors that the function of a recorded call gets in the place of the given ones: see
// lib/compile/own-arguments.ts.

#include <ATen/functorch/DynamicLayer.h>
#include <torch/csrc/autograd/functions/accumulate_grad.h>
#include <torch/csrc/autograd/functions/tensor.h>
#include <torch/csrc/autograd/variable.h>

#include "compile/exports.h"
#include "core/call_arguments.h"
#include "core/errors.h"
#include "core/tensor_handle.h"

namespace torch_func {

namespace {

// shallowCopy(tensor): another tensor with the memory, the version and the gradient of this one.
Napi::Value shallowCopy(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  const at::Tensor& tensor = toTensor(environment, info[0], "tensor");
  if (at::functorch::maybeCurrentDynamicLayer()) return {info.Env(), wrapTensor(environment, tensor)};
  auto* impl = tensor.unsafeGetTensorImpl();
  at::Tensor copy(impl->shallow_copy_and_detach(impl->version_counter(), /*allow_tensor_metadata_change=*/true));
  if (impl->is_wrapped_number()) copy.unsafeGetTensorImpl()->set_wrapped_number(true);
  if (tensor.requires_grad()) copy.set_requires_grad(true);
  if (impl->grad().defined()) copy.mutable_grad() = impl->grad();
  return {info.Env(), wrapTensor(environment, std::move(copy))};
}

bool isSameView(const at::Tensor& a, const at::Tensor& b) {
  return a.sizes() == b.sizes() && a.strides() == b.strides() && a.storage_offset() == b.storage_offset() &&
         a.is_conj() == b.is_conj() && a.is_neg() == b.is_neg() && a.is_alias_of(b);
}

// Makes a tensor that requires no gradient stand in the autograd graph where its copy stands.
void takeHistory(const at::Tensor& tensor, const at::Tensor& copy) {
  namespace autograd = torch::autograd;
  if (copy.grad_fn() != nullptr) {
    if (!tensor.is_view()) return autograd::impl::set_gradient_edge(tensor, autograd::impl::gradient_edge(copy));
    // The history of a view is part of its base's: that of a write of the copy to it.
    auto write = c10::make_intrusive<autograd::CopyBackwards>();
    write->set_next_edges(autograd::collect_next_edges(tensor, copy));
    write->src_options = copy.options();
    write->add_input_metadata(tensor);
    return autograd::impl::rebase_history(tensor, {std::move(write), 0});
  }
  tensor.set_requires_grad(true);
  auto accumulator = autograd::impl::try_get_grad_accumulator(copy);
  if (accumulator == nullptr) return;
  static_cast<autograd::AccumulateGrad*>(accumulator.get())->variable = tensor;
  autograd::impl::set_grad_accumulator(tensor, c10::weak_intrusive_ptr<autograd::Node>(accumulator));
}

// takeState(tensor, copy): does to a tensor what was done to its copy, except for what their memory shows already.
// Operators in place make it another view of memory; operators with `out` may store the conjugate of the result, and
// say so in the tensor. It may require a gradient now, and have one.
Napi::Value takeState(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  const at::Tensor& tensor = toTensor(environment, info[0], "tensor");
  const at::Tensor& copy = toTensor(environment, info[1], "copy");
  if (tensor.is_same(copy)) return info.Env().Undefined();
  if (tensor.layout() == c10::kStrided && copy.layout() == c10::kStrided && !isSameView(tensor, copy)) {
    tensor.unsafeGetTensorImpl()->shallow_copy_from(copy.getIntrusivePtr());
  }
  if (copy.requires_grad() && !tensor.requires_grad()) takeHistory(tensor, copy);
  const at::Tensor& gradient = copy.unsafeGetTensorImpl()->grad();
  if (!gradient.is_same(tensor.unsafeGetTensorImpl()->grad())) tensor.mutable_grad() = gradient;
  return info.Env().Undefined();
}

}  // namespace

void defineOwnTensors(Napi::Object exports) {
  define<shallowCopy>(exports, "shallowCopy");
  define<takeState>(exports, "takeState");
}

}  // namespace torch_func
