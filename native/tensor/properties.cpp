// Properties of a tensor: shape, dtype, device, gradient, place in the autograd graph.

#include <ATen/core/Tensor.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/variable.h>

#include "addon/exports.h"
#include "compile/capture/recorder.h"
#include "core/arguments.h"
#include "core/call_arguments.h"
#include "core/errors.h"
#include "operators/results.h"

namespace torch_func {

namespace {

const at::Tensor& self(const Napi::CallbackInfo& info) {
  return toTensor(Environment::of(info.Env()), info[0], "input");
}

Napi::Value toArray(napi_env env, c10::IntArrayRef values) {
  napi_value array;
  check(env, napi_create_array_with_length(env, values.size(), &array));
  for (size_t i = 0; i < values.size(); ++i) {
    check(env, napi_set_element(env, array, static_cast<uint32_t>(i), wrapInteger(env, values[i])));
  }
  return Napi::Value(env, array);
}

// For programs: a recording in progress notes the numbers.
Napi::Value noted(const Napi::CallbackInfo& info, c10::IntArrayRef sizes) {
  compile::Recorder::noteSizes(sizes);
  return toArray(info.Env(), sizes);
}

Napi::Value shape(const Napi::CallbackInfo& info) { return noted(info, self(info).sizes()); }
Napi::Value strides(const Napi::CallbackInfo& info) { return noted(info, self(info).strides()); }
// sizes(tensor): the shape, for code of the package that takes it as it is.
Napi::Value sizes(const Napi::CallbackInfo& info) { return toArray(info.Env(), self(info).sizes()); }
Napi::Value dim(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(self(info).dim()));
}
Napi::Value numel(const Napi::CallbackInfo& info) {
  const int64_t count = self(info).numel();
  compile::Recorder::noteSizes(count);
  return Napi::Number::New(info.Env(), static_cast<double>(count));
}
Napi::Value dtype(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), dtypeName(self(info).scalar_type()));
}
Napi::Value layout(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), layoutName(self(info).layout()));
}
Napi::Value device(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), self(info).device().str()); }
Napi::Value requiresGrad(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), self(info).requires_grad());
}
Napi::Value isLeaf(const Napi::CallbackInfo& info) { return Napi::Boolean::New(info.Env(), self(info).is_leaf()); }
Napi::Value retainsGrad(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), self(info).retains_grad());
}
Napi::Value isView(const Napi::CallbackInfo& info) { return Napi::Boolean::New(info.Env(), self(info).is_view()); }
Napi::Value version(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(self(info)._version()));
}
Napi::Value storageOffset(const Napi::CallbackInfo& info) {
  const int64_t offset = self(info).storage_offset();
  compile::Recorder::noteSizes(offset);
  return Napi::Number::New(info.Env(), static_cast<double>(offset));
}
Napi::Value elementSize(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(self(info).element_size()));
}
Napi::Value outputNr(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(self(info).output_nr()));
}

// isContiguous(tensor, memoryFormat)
Napi::Value isContiguous(const Napi::CallbackInfo& info) {
  auto format = c10::MemoryFormat::Contiguous;
  if (info[1].IsString()) {
    auto parsed = parseMemoryFormat(info[1].As<Napi::String>());
    if (!parsed)
      throwTypeError("isContiguous(): option 'memoryFormat' must be a memory format, not " +
                     inQuotes(info[1].As<Napi::String>()));
    format = *parsed;
  } else if (!info[1].IsUndefined()) {
    throwTypeError("isContiguous(): option 'memoryFormat' must be a memory format, not " +
                   describe(Environment::of(info.Env()), info[1]));
  }
  return Napi::Boolean::New(info.Env(), self(info).is_contiguous(format));
}

Napi::Value grad(const Napi::CallbackInfo& info) {
  compile::Recorder::noteGradient(self(info), "reads");
  return Napi::Value(info.Env(), wrapTensor(Environment::of(info.Env()), self(info).grad()));
}

// setGrad(tensor, grad or null), with the checks of PyTorch's binding.
Napi::Value setGrad(const Napi::CallbackInfo& info) {
  const at::Tensor& tensor = self(info);
  compile::Recorder::noteGradient(tensor, "sets");
  if (info[1].IsNull() || info[1].IsUndefined()) {
    tensor.mutable_grad().reset();
    return info.Env().Undefined();
  }
  const at::Tensor& value = toTensor(Environment::of(info.Env()), info[1], "grad");
  if (tensor.unsafeGetTensorImpl() == value.unsafeGetTensorImpl())
    throwRuntimeError("can't assign Variable as its own grad");
  if (tensor.scalar_type() != value.scalar_type()) {
    throwRuntimeError(std::string("attempting to assign a gradient with dtype '") + dtypeName(value.scalar_type()) +
                      "' to a tensor with grad_dtype '" + dtypeName(tensor.scalar_type()) +
                      "'. The gradient must match the tensor's grad_dtype (defaults to the tensor's dtype).");
  }
  if (tensor.device() != value.device()) {
    throwRuntimeError("attempting to assign a gradient located on device '" + value.device().str() +
                      "' to a tensor located on device '" + tensor.device().str() +
                      "'. Please ensure that the gradient and the tensor are on the same device");
  }
  if (!tensor.sizes().equals(value.sizes())) {
    std::ostringstream text;
    text << "attempting to assign a gradient of size '" << value.sizes() << "' to a tensor of size '" << tensor.sizes()
         << "'. Please ensure that the gradient and the tensor are the same size";
    throwRuntimeError(text.str());
  }
  tensor.mutable_grad() = value;
  return info.Env().Undefined();
}

}  // namespace

void defineProperties(Napi::Object exports) {
  define<shape>(exports, "shape");
  define<strides>(exports, "strides");
  define<sizes>(exports, "sizes");
  define<dim>(exports, "dim");
  define<numel>(exports, "numel");
  define<dtype>(exports, "dtype");
  define<layout>(exports, "layout");
  define<device>(exports, "device");
  define<requiresGrad>(exports, "requiresGrad");
  define<isLeaf>(exports, "isLeaf");
  define<retainsGrad>(exports, "retainsGrad");
  define<isView>(exports, "isView");
  define<version>(exports, "version");
  define<storageOffset>(exports, "storageOffset");
  define<elementSize>(exports, "elementSize");
  define<outputNr>(exports, "outputNr");
  define<isContiguous>(exports, "isContiguous");
  define<grad>(exports, "grad");
  define<setGrad>(exports, "setGrad");
}

}  // namespace torch_func
