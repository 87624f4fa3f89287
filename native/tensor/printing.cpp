// The data that lib/format needs to print a tensor.

#include <ATen/ATen.h>
#include <torch/csrc/autograd/function.h>

#include <cstring>
#include <string>
#include <vector>

#include "addon/exports.h"
#include "autograd/graph_node.h"
#include "core/arguments.h"
#include "core/call_arguments.h"
#include "core/errors.h"
#include "core/recording.h"
#include "core/tensor_handle.h"
#include "functorch/wrappers.h"
#include "operators/results.h"

namespace torch_func {

namespace {

// Both ends of each dimension that is too long to print. Copies only these: an expanded tensor may be far larger than
// the memory.
at::Tensor endsOf(const at::Tensor& tensor, int64_t edgeItems, int64_t dim = 0) {
  if (dim == tensor.dim()) return tensor;
  const int64_t size = tensor.size(dim);
  if (size <= 2 * edgeItems) return endsOf(tensor, edgeItems, dim + 1);
  return at::cat({endsOf(tensor.narrow(dim, 0, edgeItems), edgeItems, dim + 1),
                  endsOf(tensor.narrow(dim, size - edgeItems, edgeItems), edgeItems, dim + 1)},
                 dim);
}

template <typename Element>
Napi::Value toTypedArray(napi_env env, const at::Tensor& tensor, napi_typedarray_type type, size_t count) {
  napi_value buffer, array;
  void* bytes = nullptr;
  check(env, napi_create_arraybuffer(env, count * sizeof(Element), &bytes, &buffer));
  if (count > 0) std::memcpy(bytes, tensor.const_data_ptr(), count * sizeof(Element));
  check(env, napi_create_typedarray(env, type, count, buffer, 0, &array));
  return Napi::Value(env, array);
}

// The elements in a type that represents each exactly; complex numbers as pairs.
Napi::Value elementsOf(napi_env env, at::Tensor tensor) {
  const auto type = tensor.scalar_type();
  const size_t count = static_cast<size_t>(tensor.numel());
  const auto converted = [&](at::ScalarType target) { return tensor.to(at::kCPU, target).contiguous(); };
  if (tensor.is_complex())
    return toTypedArray<double>(env, converted(at::kComplexDouble), napi_float64_array, 2 * count);
  if (tensor.is_floating_point()) return toTypedArray<double>(env, converted(at::kDouble), napi_float64_array, count);
  if (type == at::kBool) return toTypedArray<uint8_t>(env, converted(at::kBool), napi_uint8_array, count);
  if (type == at::kUInt64) return toTypedArray<uint64_t>(env, converted(at::kUInt64), napi_biguint64_array, count);
  return toTypedArray<int64_t>(env, converted(at::kLong), napi_bigint64_array, count);
}

// printedElements(tensor, edgeItems): the elements to print, in row-major order; with edgeItems >= 0 only the ends of
// long dimensions. The tensor must have no wrapper of a transform.
Napi::Value printedElements(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  at::Tensor tensor = toTensor(environment, info[0], "input");
  cannotBeRepeated("toString() reads values of a tensor in JavaScript");
  const int64_t edgeItems = integerParameter(info, 1, "printedElements", "edgeItems");
  BelowTransforms below;
  tensor = tensor.detach();
  if (tensor.is_quantized()) {
    tensor = tensor.dequantize();
  } else if (tensor.layout() != at::kStrided) {
    tensor = tensor.to_dense();
  }
  if (tensor._is_zerotensor()) tensor = tensor.clone();
  if (edgeItems >= 0) tensor = endsOf(tensor, edgeItems);
  return elementsOf(info.Env(), tensor.resolve_conj().resolve_neg());
}

// The parts of a sparse or nested tensor, with labels.
std::vector<std::pair<const char*, at::Tensor>> partsOf(const at::Tensor& tensor) {
  switch (tensor.layout()) {
    case at::kSparse: return {{"indices", tensor._indices()}, {"values", tensor._values()}};
    case at::kSparseCsr:
    case at::kSparseBsr:
      return {
          {"crow_indices", tensor.crow_indices()}, {"col_indices", tensor.col_indices()}, {"values", tensor.values()}};
    case at::kSparseCsc:
    case at::kSparseBsc:
      return {
          {"ccol_indices", tensor.ccol_indices()}, {"row_indices", tensor.row_indices()}, {"values", tensor.values()}};
    default: break;
  }
  std::vector<std::pair<const char*, at::Tensor>> parts;
  if (tensor.is_nested()) {
    for (at::Tensor& part : tensor.unbind(0)) parts.emplace_back("", std::move(part));
  }
  return parts;
}

std::string gradFnName(const at::Tensor& tensor) {
  try {
    const auto node = tensor.grad_fn();
    if (!node) return "";
    return nodeName(*node);
  } catch (const c10::Error&) {
    // A view that was created under noGrad and changed in place has no valid node; reading it throws.
    return "Invalid";
  }
}

const char* kindOf(const at::Tensor& tensor) {
  if (tensor.is_complex()) return "complex";
  if (tensor.is_floating_point() || tensor.is_quantized()) return "float";
  return tensor.scalar_type() == at::kBool ? "bool" : "int";
}

// printingInfo(tensor): everything that is printed besides the elements.
Napi::Value printingInfo(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Environment& environment = Environment::of(env);
  const at::Tensor& tensor = toTensor(environment, info[0], "input");
  auto result = Napi::Object::New(env);
  const std::string node = gradFnName(tensor);
  result.Set("gradFn", node.empty() ? env.Null() : Napi::Value(Napi::String::New(env, node)));
  result.Set("requiresGrad", tensor.requires_grad());
  result.Set("dtype", dtypeName(tensor.scalar_type()));
  result.Set("layout", layoutName(tensor.layout()));
  result.Set("device", tensor.device().str());
  result.Set("isMeta", tensor.is_meta());
  result.Set("isNested", tensor.is_nested());
  result.Set("isSparse", tensor.is_sparse());
  result.Set("kind", kindOf(tensor));

  const at::Tensor& tangent = tensor._fw_grad(0);
  result.Set("tangent", Napi::Value(env, wrapTensor(environment, tangent)));

  BelowTransforms below;
  if (!tensor.is_nested()) {
    auto shape = Napi::Array::New(env, tensor.dim());
    for (int64_t dim = 0; dim < tensor.dim(); ++dim)
      shape.Set(static_cast<uint32_t>(dim), wrapInteger(env, tensor.size(dim)));
    result.Set("shape", shape);
  }
  if (!tensor.is_meta() && (tensor.is_sparse() || tensor.is_sparse_csr() || tensor.layout() == at::kSparseCsc ||
                            tensor.layout() == at::kSparseBsr || tensor.layout() == at::kSparseBsc))
    result.Set("nnz", Napi::Value(env, wrapInteger(env, tensor._nnz())));
  auto parts = Napi::Array::New(env);
  uint32_t count = 0;
  for (const auto& [label, part] : partsOf(tensor.detach())) {
    auto entry = Napi::Array::New(env, 2);
    entry.Set(0u, label);
    entry.Set(1u, Napi::Value(env, wrapTensor(environment, part)));
    parts.Set(count++, entry);
  }
  result.Set("parts", parts);
  return result;
}

}  // namespace

void definePrinting(Napi::Object exports) {
  define<printingInfo>(exports, "printingInfo");
  define<printedElements>(exports, "printedElements");
}

}  // namespace torch_func
