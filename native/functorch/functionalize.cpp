// The wrappers of the functionalization pass.

#include <ATen/ATen.h>
#include <ATen/FunctionalTensorWrapper.h>

#include "addon/exports.h"
#include "core/call_arguments.h"
#include "core/errors.h"
#include "core/tensor_handle.h"

namespace torch_func {

namespace {

namespace functionalization = at::functionalization;

const at::Tensor& tensorParameter(const Napi::CallbackInfo& info, size_t position, const char* name) {
  return toTensor(Environment::of(info.Env()), info[position], name);
}

// wrapFunctional(tensor, level)
Napi::Value wrapFunctional(const Napi::CallbackInfo& info) {
  const at::Tensor& tensor = tensorParameter(info, 0, "tensor");
  const int64_t level = integerParameter(info, 1, "wrapFunctional", "level");
  at::Tensor wrapped = functionalization::impl::to_functional_tensor(tensor);
  functionalization::impl::unsafeGetFunctionalWrapper(wrapped)->set_level(level);
  return Napi::Value(info.Env(), wrapTensor(Environment::of(info.Env()), std::move(wrapped)));
}

// unwrapFunctional(tensor, reapplyViews): the value with all mutations applied, including those that an alias has
// applied to the shared storage. Returns a tensor without a wrapper, such as a captured one, unchanged.
Napi::Value unwrapFunctional(const Napi::CallbackInfo& info) {
  const at::Tensor& tensor = tensorParameter(info, 0, "tensor");
  const bool reapplyViews = booleanParameter(info, 1, "unwrapFunctional", "reapplyViews");
  if (!functionalization::impl::isFunctionalTensor(tensor)) return info[0];
  auto* wrapper = functionalization::impl::unsafeGetFunctionalWrapper(tensor);
  functionalization::impl::FunctionalizationReapplyViewsGuard guard(reapplyViews);
  wrapper->sync_();
  return Napi::Value(info.Env(), wrapTensor(Environment::of(info.Env()), wrapper->value()));
}

// syncFunctional(tensor): applies pending mutations.
Napi::Value syncFunctional(const Napi::CallbackInfo& info) {
  functionalization::impl::sync(tensorParameter(info, 0, "tensor"));
  return info.Env().Undefined();
}

// replaceFunctional(tensor, value): what an operator in place does to a functional tensor; its aliases see the new
// value.
Napi::Value replaceFunctional(const Napi::CallbackInfo& info) {
  const at::Tensor& tensor = tensorParameter(info, 0, "tensor");
  if (!functionalization::impl::isFunctionalTensor(tensor))
    throwRuntimeError("argument 'tensor' must be a functional Tensor");
  functionalization::impl::replace_(tensor, tensorParameter(info, 1, "value"));
  functionalization::impl::commit_update(tensor);
  functionalization::impl::sync(tensor);
  return info.Env().Undefined();
}

// propagateMutation(unwrapped, wrapped): writes the mutations of the wrapped input to the caller's tensor.
Napi::Value propagateMutation(const Napi::CallbackInfo& info) {
  const at::Tensor& unwrapped = tensorParameter(info, 0, "unwrapped");
  const at::Tensor& wrapped = tensorParameter(info, 1, "wrapped");
  if (!functionalization::impl::isFunctionalTensor(wrapped))
    throwRuntimeError("argument 'wrapped' must be a functional Tensor");
  auto* wrapper = functionalization::impl::unsafeGetFunctionalWrapper(wrapped);
  wrapper->sync_();
  const at::Tensor& inner = wrapper->value();
  if (unwrapped.unsafeGetTensorImpl() == inner.unsafeGetTensorImpl()) return info.Env().Undefined();
  if (unwrapped.nbytes() != inner.nbytes()) unwrapped.resize_(inner.sizes());
  if (unwrapped.sizes() != inner.sizes()) unwrapped.as_strided_(inner.sizes(), inner.strides());
  unwrapped.copy_(inner);
  return info.Env().Undefined();
}

}  // namespace

void defineFunctionalize(Napi::Object exports) {
  define<wrapFunctional>(exports, "wrapFunctional");
  define<unwrapFunctional>(exports, "unwrapFunctional");
  define<syncFunctional>(exports, "syncFunctional");
  define<replaceFunctional>(exports, "replaceFunctional");
  define<propagateMutation>(exports, "propagateMutation");
}

}  // namespace torch_func
