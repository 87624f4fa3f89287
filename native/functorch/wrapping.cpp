// Wraps tensors for a level of the interpreter stack, and unwraps them.

#include <ATen/FunctionalTensorWrapper.h>
#include <ATen/WrapDimUtils.h>
#include <ATen/functorch/BatchedTensorImpl.h>
#include <ATen/functorch/DynamicLayer.h>
#include <ATen/functorch/TensorWrapper.h>
#include <torch/csrc/autograd/variable.h>

#include <string>

#include "addon/exports.h"
#include "core/call_arguments.h"
#include "core/errors.h"
#include "core/tensor_handle.h"

namespace torch_func {

namespace {

namespace functorch = at::functorch;

// Levels are numbered from 1. libtorch fails an assertion for a level that is not active.
int64_t checkLevel(const char* function, int64_t level) {
  const auto depth = static_cast<int64_t>(functorch::getDynamicLayerStack().size());
  if (level < 1 || level > depth) {
    throwRuntimeError(std::string(function) + "(): there is no active transform at level " + std::to_string(level) +
                      " (" + std::to_string(depth) + " active)");
  }
  return level;
}

struct TensorAndLevel {
  Environment& environment;
  const at::Tensor& tensor;
  int64_t level;
};

TensorAndLevel tensorAndLevel(const Napi::CallbackInfo& info, const char* function) {
  Environment& environment = Environment::of(info.Env());
  return {environment, toOperand(environment, info[0], "tensor"), integerParameter(info, 1, function, "level")};
}

// wrapForGrad(tensor, level, requiresGrad)
Napi::Value wrapForGrad(const Napi::CallbackInfo& info) {
  auto [environment, tensor, level] = tensorAndLevel(info, "wrapForGrad");
  at::Tensor wrapper = functorch::makeTensorWrapper(tensor, checkLevel("wrapForGrad", level));
  if (info[2].ToBoolean()) {
    if (!torch::autograd::isDifferentiableType(wrapper.scalar_type())) {
      throwRuntimeError("only Tensors of floating point dtype can require gradients");
    }
    wrapper.set_requires_grad(true);
  }
  return Napi::Value(info.Env(), wrapTensor(environment, std::move(wrapper)));
}

// unwrapForGrad(tensor, level): the value if the tensor is wrapped at exactly this level, else the tensor.
Napi::Value unwrapForGrad(const Napi::CallbackInfo& info) {
  auto [environment, tensor, level] = tensorAndLevel(info, "unwrapForGrad");
  auto* wrapper = functorch::maybeGetTensorWrapper(tensor);
  if (wrapper == nullptr || !wrapper->is_alive() || wrapper->level() != level) return info[0];
  return Napi::Value(info.Env(), wrapTensor(environment, wrapper->value()));
}

// addBatchDim(tensor, dim, level)
Napi::Value addBatchDim(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  const at::Tensor& tensor = toOperand(environment, info[0], "tensor");
  const int64_t dim = at::maybe_wrap_dim(integerParameter(info, 1, "addBatchDim", "dim"), tensor.dim());
  const int64_t level = checkLevel("addBatchDim", integerParameter(info, 2, "addBatchDim", "level"));
  return Napi::Value(info.Env(), wrapTensor(environment, functorch::addBatchDim(tensor, dim, level)));
}

// Moves the batch dimension of a tensor to `outDim`; expands a tensor that has none. Unlike PyTorch 2.13, checks the
// range of outDim in both cases.
at::Tensor withoutBatchDim(const at::Tensor& tensor, int64_t level, int64_t batchSize, int64_t outDim) {
  auto* batched = functorch::maybeGetBatchedImpl(tensor);
  if (batched == nullptr || batched->level() < level) {
    const int64_t dim = at::maybe_wrap_dim(outDim, tensor.dim() + 1);
    auto sizes = tensor.sizes().vec();
    sizes.insert(sizes.begin() + dim, batchSize);
    return tensor.unsqueeze(dim).expand(sizes);
  }
  TORCH_CHECK(batched->level() == level, "a tensor has escaped from an inner vmap");
  const at::Tensor& value = batched->value();
  const int64_t dim = at::maybe_wrap_dim(outDim, value.dim());
  return batched->bdim() == dim ? value : value.movedim(batched->bdim(), dim);
}

// removeBatchDim(tensor, level, batchSize, outDim)
Napi::Value removeBatchDim(const Napi::CallbackInfo& info) {
  auto [environment, tensor, level] = tensorAndLevel(info, "removeBatchDim");
  return Napi::Value(
      info.Env(),
      wrapTensor(environment, withoutBatchDim(tensor, level, integerParameter(info, 2, "removeBatchDim", "batchSize"),
                                              integerParameter(info, 3, "removeBatchDim", "outDim"))));
}

// wrapperInfo(tensor): the tensor's outermost wrapper; null if it has none.
Napi::Value wrapperInfo(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  const at::Tensor& tensor = toTensor(environment, info[0], "tensor");
  auto result = Napi::Object::New(info.Env());
  auto describeWrapper = [&](const char* kind, int64_t level, const at::Tensor& value) -> Napi::Value {
    result.Set("kind", kind);
    result.Set("level", static_cast<double>(level));
    result.Set("value", Napi::Value(info.Env(), wrapTensor(environment, value)));
    return result;
  };
  if (auto* batched = functorch::maybeGetBatchedImpl(tensor)) {
    result.Set("bdim", static_cast<double>(batched->bdim()));
    return describeWrapper("batched", batched->level(), batched->value());
  }
  if (auto* wrapper = functorch::maybeGetTensorWrapper(tensor)) {
    return describeWrapper("grad", wrapper->is_alive() ? *wrapper->level() : -1, wrapper->value());
  }
  if (at::functionalization::impl::isFunctionalTensor(tensor)) {
    auto* functional = at::functionalization::impl::unsafeGetFunctionalWrapper(tensor);
    return describeWrapper("functional", functional->level(), functional->value());
  }
  return info.Env().Null();
}

Napi::Value isBatchedAtLevel(const Napi::CallbackInfo& info) {
  auto [environment, tensor, level] = tensorAndLevel(info, "isBatchedAtLevel");
  auto* batched = functorch::maybeGetBatchedImpl(tensor);
  return Napi::Boolean::New(info.Env(), batched != nullptr && (level < 0 || batched->level() == level));
}

}  // namespace

void defineWrapping(Napi::Object exports) {
  define<wrapForGrad>(exports, "wrapForGrad");
  define<unwrapForGrad>(exports, "unwrapForGrad");
  define<addBatchDim>(exports, "addBatchDim");
  define<removeBatchDim>(exports, "removeBatchDim");
  define<wrapperInfo>(exports, "wrapperInfo");
  define<isBatchedAtLevel>(exports, "isBatchedAtLevel");
}

}  // namespace torch_func
