// linspace and logspace of tensors under vmap.
//
// libtorch's decompositions round integers differently from its kernels, and have no complex logspace. The ones below
// compute what the kernels compute: from the start up to the middle, and from the end after it.
#include "kernels/range_batching.h"

#include <ATen/ATen.h>
#include <ATen/OpMathType.h>

#include <optional>

namespace torch_func {

namespace {

using at::Scalar;
using at::ScalarType;
using at::Tensor;

Tensor toTensor(const Tensor& value) { return value; }
Tensor toTensor(const Scalar& value) { return at::scalar_tensor(value, at::dtype(value.type())); }

ScalarType resultType(const Tensor& start, const Tensor& end, std::optional<ScalarType> dtype) {
  if (dtype) return *dtype;
  const ScalarType real = c10::typeMetaToScalarType(c10::get_default_dtype());
  return start.is_complex() || end.is_complex() ? c10::toComplexType(real) : real;
}

// Values from start to end in the dtype `compute`. Start and end are first converted to the dtype of the result.
Tensor valuesOf(const char* name, const Tensor& start, const Tensor& end, int64_t steps, ScalarType dtype,
                ScalarType compute) {
  TORCH_CHECK(start.dim() == 0 && end.dim() == 0, name, " only supports 0-dimensional start and end tensors, but got ",
              "start with ", start.dim(), " dimension(s) and end with ", end.dim(), " dimension(s).");
  TORCH_CHECK(steps >= 0, "number of steps must be non-negative");
  const Tensor first = start.to(dtype).to(compute);
  const Tensor last = end.to(dtype).to(compute);
  if (steps <= 1) return first.expand({steps});
  const Tensor step = (last - first) / (steps - 1);
  const int64_t middle = steps / 2;
  const auto options = first.options().dtype(c10::toRealValueType(compute));
  const Tensor up = at::arange(middle, options);
  const Tensor down = at::arange(steps - 1 - middle, -1, -1, options);
  return at::cat({first + step * up, last - step * down});
}

c10::TensorOptions optionsOf(const Tensor& start, ScalarType dtype, std::optional<at::Layout> layout,
                             std::optional<at::Device> device, std::optional<bool> pinMemory) {
  TORCH_CHECK(!pinMemory.value_or(false), "vmap: pinned memory is not supported");
  return c10::TensorOptions().dtype(dtype).layout(layout).device(device.value_or(start.device()));
}

template <typename Start, typename End>
Tensor linspace(const Start& start, const End& end, int64_t steps, std::optional<ScalarType> dtype,
                std::optional<at::Layout> layout, std::optional<at::Device> device, std::optional<bool> pinMemory) {
  const Tensor first = toTensor(start);
  const Tensor last = toTensor(end);
  const ScalarType result = resultType(first, last, dtype);
  const ScalarType compute = at::isIntegralType(result, /*includeBool=*/true) ? at::kDouble : at::toOpMathType(result);
  return valuesOf("linspace", first, last, steps, result, compute)
      .to(optionsOf(first, result, layout, device, pinMemory));
}

template <typename Start, typename End>
Tensor logspace(const Start& start, const End& end, int64_t steps, double base, std::optional<ScalarType> dtype,
                std::optional<at::Layout> layout, std::optional<at::Device> device, std::optional<bool> pinMemory) {
  const Tensor first = toTensor(start);
  const Tensor last = toTensor(end);
  const ScalarType result = resultType(first, last, dtype);
  const ScalarType compute = at::isComplexType(result) ? result : at::kDouble;
  const Tensor exponents = valuesOf("logspace", first, last, steps, result, compute);
  return at::pow(base, exponents).to(optionsOf(first, result, layout, device, pinMemory));
}

}  // namespace

void registerRangeBatching(torch::Library& vmap) {
  vmap.impl("linspace.Tensor_Tensor", &linspace<Tensor, Tensor>);
  vmap.impl("linspace.Tensor_Scalar", &linspace<Tensor, Scalar>);
  vmap.impl("linspace.Scalar_Tensor", &linspace<Scalar, Tensor>);
  vmap.impl("logspace.Tensor_Tensor", &logspace<Tensor, Tensor>);
  vmap.impl("logspace.Tensor_Scalar", &logspace<Tensor, Scalar>);
  vmap.impl("logspace.Scalar_Tensor", &logspace<Scalar, Tensor>);
}

}  // namespace torch_func
