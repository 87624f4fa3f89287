// Norms and distances that are differentiated more than once.
//
// A norm has no derivative at zero; libtorch returns 0. Smooth functions of a norm, such as exp(-|a - b|^2) and every
// other even function, do have derivatives there. libtorch's first derivative of them is right, and the second is 0 in
// forward mode and NaN in reverse mode (pytorch/pytorch#92075, pytorch/functorch#1097): it is a product of 0 and
// infinity. So a norm that will be differentiated twice is computed as
//
//   sqrt(sum |x|^2 + e^2)
//
// with an e whose square is negligible beside any other number. At zero its value is e, its derivative 0 and its second
// derivative 1/e, so that the products are right. Other exponents than 2 are written out too: libtorch's rules write
// into tensors that reverse mode needs (pytorch/pytorch#149804).
//
// libtorch has no forward rule of cdist; here it is that of the norm.
#include <ATen/ATen.h>
#include <torch/library.h>

#include <cmath>
#include <optional>
#include <vector>

#include "kernels/kernel_override.h"
#include "kernels/mends.h"

namespace torch_func {

namespace {

using at::Tensor;

// The square of e: double precision has room for the fourth derivative at zero, single precision for the second.
double smallestSquare(at::ScalarType type) { return type == at::kDouble ? 1e-150 : 1e-36; }

bool isWrittenOut(const Tensor& x, double p) {
  const auto type = c10::toRealValueType(x.scalar_type());
  return (type == at::kDouble || type == at::kFloat) && x.numel() > 0 && p > 0;
}

bool isEven(double p) { return std::fmod(p, 2) == 0; }

Tensor squares(const Tensor& x) {
  if (!x.is_complex()) return x * x;
  const Tensor real = at::real(x);
  const Tensor imaginary = at::imag(x);
  return real * real + imaginary * imaginary;
}

// What is masked must not be a pole of the derivatives all the same: that would make them NaN.
Tensor powerWhereNonzero(const Tensor& x, double p) {
  const Tensor isZero = x == 0;
  return x.masked_fill(isZero, 1).pow(p).masked_fill(isZero, 0);
}

Tensor normOf(const Tensor& x, double p, const std::optional<std::vector<int64_t>>& dims, bool keepdim) {
  std::vector<int64_t> over = dims.value_or(std::vector<int64_t>());
  if (over.empty()) {
    for (int64_t dim = 0; dim < x.dim(); ++dim) over.push_back(dim);
  }
  if (p == 1) return x.abs().sum(over, keepdim);
  if (std::isinf(p)) return x.abs().amax(over, keepdim);
  if (p == 2) {
    const Tensor sum = squares(x).sum(over, keepdim);
    return (sum + smallestSquare(sum.scalar_type())).sqrt();
  }
  const Tensor powers = isEven(p) && !x.is_complex() ? x.pow(p) : powerWhereNonzero(x.abs(), p);
  return powerWhereNonzero(powers.sum(over, keepdim), 1 / p);
}

// How a call names what it computes.
struct Norm {
  Tensor x;
  double p;
  std::optional<std::vector<int64_t>> dims;
  bool keepdim = false;
};

double exponent(const c10::IValue& value) { return value.isNone() ? 2 : value.toScalar().toDouble(); }

std::optional<std::vector<int64_t>> dimensions(const c10::IValue& value) {
  if (value.isNone()) return std::nullopt;
  if (value.isInt()) return std::vector<int64_t>{value.toInt()};
  return value.toIntVector();
}

Tensor converted(const Tensor& x, const c10::IValue& dtype) { return dtype.isNone() ? x : x.to(dtype.toScalarType()); }

template <Norm (*read)(KernelCall&)>
void answer(KernelCall& call) {
  if (!call.recording().isDifferentiatedAgain()) {
    call.callOriginal();
    return;
  }
  const Norm norm = read(call);
  if (!isWrittenOut(norm.x, norm.p)) {
    call.callOriginal();
    return;
  }
  call.finish(normOf(norm.x, norm.p, norm.dims, norm.keepdim));
}

// (self, ord, dim, keepdim, dtype)
Norm linalgVectorNorm(KernelCall& call) {
  return {converted(call.tensor(0), call.argument(4)), exponent(call.argument(1)), dimensions(call.argument(2)),
          call.argument(3).toBool()};
}

Norm ofAll(KernelCall& call) { return {call.tensor(0), exponent(call.argument(1)), std::nullopt}; }

Norm ofAllWithDtype(KernelCall& call) {
  return {converted(call.tensor(0), call.argument(2)), exponent(call.argument(1)), std::nullopt};
}

Norm ofDimensions(KernelCall& call) {
  return {call.tensor(0), exponent(call.argument(1)), dimensions(call.argument(2)), call.argument(3).toBool()};
}

Norm ofDimensionsWithDtype(KernelCall& call) {
  return {converted(call.tensor(0), call.argument(4)), exponent(call.argument(1)), dimensions(call.argument(2)),
          call.argument(3).toBool()};
}

// (self, other, p)
Norm dist(KernelCall& call) { return {call.tensor(0) - call.tensor(1), exponent(call.argument(2)), std::nullopt}; }

// (x1, x2) or (x1, x2, p, compute_mode): all pairs of rows.
template <bool isEuclidean>
void pairs(KernelCall& call) {
  const Recording recording = call.recording();
  const double p = isEuclidean ? 2 : call.argument(2).toDouble();
  const Tensor x1 = call.tensor(0);
  const Tensor x2 = call.tensor(1);
  if (!(recording.tangent || recording.isDifferentiatedAgain()) || !isWrittenOut(x1, p) || !isWrittenOut(x2, p)) {
    call.callOriginal();
    return;
  }
  const Tensor distances = normOf(x1.unsqueeze(-2) - x2.unsqueeze(-3), p, std::vector<int64_t>{-1}, /*keepdim=*/false);
  if (recording.isDifferentiatedAgain()) {
    call.finish(distances);
    return;
  }
  // A distance that is differentiated once keeps libtorch's value, which is 0 at zero.
  call.takeTangent(0);
  call.takeTangent(1);
  call.callOriginal();
  call.setTangent(0, distances._fw_grad(/*level=*/0));
}

}  // namespace

void registerVectorNorms() {
  // A registration lasts as long as its Library object.
  static torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::Autograd, __FILE__, __LINE__);
  const auto add = [&](const char* name, CallKernel::Answer answer) {
    overrideAutogradKernel(library, name, CallKernel::maker(answer));
  };
  add("linalg_vector_norm", &answer<&linalgVectorNorm>);
  add("norm.Scalar", &answer<&ofAll>);
  add("norm.ScalarOpt_dtype", &answer<&ofAllWithDtype>);
  add("norm.ScalarOpt_dim", &answer<&ofDimensions>);
  add("norm.ScalarOpt_dim_dtype", &answer<&ofDimensionsWithDtype>);
  add("dist", &answer<&dist>);
  add("_euclidean_dist", &pairs<true>);
  add("_cdist_forward", &pairs<false>);
}

}  // namespace torch_func
