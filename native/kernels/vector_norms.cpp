// Higher derivatives of norms and distances, and cdist and pdist in forward mode.
//
// A norm has no derivative at zero; libtorch returns 0. Smooth even functions of a norm, such as exp(-|a - b|^2), do
// have derivatives there. libtorch's first derivative of them is right. The second derivative is a product of 0 and
// infinity: it is 0 in forward mode and NaN in reverse mode (pytorch/pytorch#92075, pytorch/functorch#1097). A norm
// that will be differentiated twice is therefore computed as
//
//   sqrt(sum |x|^2 + e^2)
//
// where e^2 is negligible beside the square of any other number. At zero the value is e, the derivative 0 and the
// second derivative 1/e, so that the products are right. Norms with p other than 2 are decomposed too: libtorch's rules
// modify tensors in place that reverse mode needs (pytorch/pytorch#149804).
//
// For finite p > 1 other than 2, libtorch's backward divides by a power of the norm, and masks the quotient where the
// norm is 0. Its derivative in the gradient, which linearize takes, is NaN there. A norm with a gradient is therefore
// decomposed too.
//
// For p < 0 the norm is 0 if any element is 0, and has a kink there, as |x| has at 0. libtorch's gradient is 0, but the
// power of 0 makes its derivative NaN. Here all derivatives are 0, as those of |x| are.
//
// libtorch has no forward-mode rule for cdist and pdist; here the tangent is the tangent of the norm.
//
// renorm scales the rows whose norm is too large. libtorch's rule computes the slope for all rows and masks the others:
// at a row of zeros its derivative is NaN. Here the norms are computed of the scaled rows only.
#include <ATen/ATen.h>
#include <ATen/WrapDimUtils.h>
#include <torch/library.h>

#include <cmath>
#include <optional>
#include <vector>

#include "kernels/corrections.h"
#include "kernels/decomposed_output.h"
#include "kernels/in_place_decomposition.h"
#include "kernels/kernel_override.h"

namespace torch_func {

namespace {

using at::Tensor;

// The square of e. The derivatives at zero are powers of 1 / e: float64 can represent them up to the fourth order,
// float32 up to the second.
double smallestSquare(at::ScalarType type) { return type == at::kDouble ? 1e-150 : 1e-36; }

bool isFloatOrDouble(const Tensor& x) { return x.scalar_type() == at::kDouble || x.scalar_type() == at::kFloat; }

bool isDecomposable(const Tensor& x, double p) {
  const auto type = c10::toRealValueType(x.scalar_type());
  return (type == at::kDouble || type == at::kFloat) && x.numel() > 0 && p != 0;
}

bool hasMaskedQuotient(double p) { return (p < 0 || (p > 1 && p != 2)) && std::isfinite(p); }

bool isEven(double p) { return std::fmod(p, 2) == 0; }

Tensor squares(const Tensor& x) {
  if (!x.is_complex()) return x * x;
  const Tensor real = at::real(x);
  const Tensor imaginary = at::imag(x);
  return real * real + imaginary * imaginary;
}

// x^p, and 0 where x is 0. Zeros are masked before the power: its derivatives there may be infinite, and would become
// NaN.
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
  if (std::isinf(p)) return p > 0 ? x.abs().amax(over, keepdim) : x.abs().amin(over, keepdim);
  if (p == 2) {
    const Tensor sum = squares(x).sum(over, keepdim);
    return (sum + smallestSquare(sum.scalar_type())).sqrt();
  }
  if (p < 0) {
    const Tensor hasZero = x.detach().abs().amin(over, keepdim) == 0;
    return x.abs().masked_fill(x == 0, 1).pow(p).sum(over, keepdim).pow(1 / p).masked_fill(hasZero, 0);
  }
  const Tensor powers = isEven(p) && !x.is_complex() ? x.pow(p) : powerWhereNonzero(x.abs(), p);
  return powerWhereNonzero(powers.sum(over, keepdim), 1 / p);
}

// The arguments of a norm, read from a call.
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

// Whether x may be converted to the dtype. libtorch reports the errors of all others.
bool isConvertible(const Tensor& x, const c10::IValue& dtype) {
  if (dtype.isNone()) return true;
  const auto type = dtype.toScalarType();
  return x.is_complex() == at::isComplexType(type) && at::promoteTypes(x.scalar_type(), type) == type;
}

// The position of the argument `dtype`, or 0.
template <Norm (*read)(KernelCall&), size_t dtype = 0>
void decompose(KernelCall& call) {
  const Recording recording = call.recording();
  if (!(recording.gradient || recording.isDifferentiatedAgain()) ||
      (dtype > 0 && !isConvertible(call.tensor(0), call.argument(dtype)))) {
    call.callOriginal();
    return;
  }
  const Norm norm = read(call);
  if (!isDecomposable(norm.x, norm.p) || !(recording.isDifferentiatedAgain() || hasMaskedQuotient(norm.p))) {
    call.callOriginal();
    return;
  }
  call.setOutputs(normOf(norm.x, norm.p, norm.dims, norm.keepdim));
}

// (self, ord, dim, keepdim, dtype)
Norm linalgVectorNorm(KernelCall& call) {
  return {converted(call.tensor(0), call.argument(4)), exponent(call.argument(1)), dimensions(call.argument(2)),
          call.argument(3).toBool()};
}

Norm norm(KernelCall& call) { return {call.tensor(0), exponent(call.argument(1)), std::nullopt}; }

Norm normWithDtype(KernelCall& call) {
  return {converted(call.tensor(0), call.argument(2)), exponent(call.argument(1)), std::nullopt};
}

Norm normOfDims(KernelCall& call) {
  return {call.tensor(0), exponent(call.argument(1)), dimensions(call.argument(2)), call.argument(3).toBool()};
}

Norm normOfDimsWithDtype(KernelCall& call) {
  return {converted(call.tensor(0), call.argument(4)), exponent(call.argument(1)), dimensions(call.argument(2)),
          call.argument(3).toBool()};
}

// (self, other, p)
Norm dist(KernelCall& call) { return {call.tensor(0) - call.tensor(1), exponent(call.argument(2)), std::nullopt}; }

// (x1, x2) or (x1, x2, p, compute_mode) -> the distances of all pairs of rows.
template <bool isEuclidean>
void pairwiseDistances(KernelCall& call) {
  const Recording recording = call.recording();
  const double p = isEuclidean ? 2 : call.argument(2).toDouble();
  const Tensor x1 = call.tensor(0);
  const Tensor x2 = call.tensor(1);
  const bool fits = x1.dim() >= 2 && x2.dim() >= 2 && x1.size(-1) == x2.size(-1) && p >= 0 && isFloatOrDouble(x1) &&
                    isFloatOrDouble(x2);
  if (!(recording.tangent || recording.isDifferentiatedAgain()) || !fits) {
    call.callOriginal();
    return;
  }
  if (p == 0 || x1.numel() == 0 || x2.numel() == 0) {
    // The distances are constants.
    call.argument(0) = x1.detach();
    call.argument(1) = x2.detach();
    call.callOriginal();
    if (recording.tangent) call.setTangent(0, at::zeros_like(call.primalOutput(0)));
    return;
  }
  const Tensor distances = normOf(x1.unsqueeze(-2) - x2.unsqueeze(-3), p, std::vector<int64_t>{-1}, /*keepdim=*/false);
  if (recording.isDifferentiatedAgain()) {
    call.setOutputs(distances);
    return;
  }
  // For a first derivative the value is libtorch's, which is 0 for equal rows.
  call.takeTangent(0);
  call.takeTangent(1);
  call.callOriginal();
  call.setTangent(0, distances._fw_grad(/*level=*/0));
}

// (self, p) -> the distances of all pairs of different rows.
Tensor distancesOfRows(c10::ArrayRef<c10::IValue> arguments, c10::ArrayRef<c10::IValue> outputs) {
  const Tensor x = arguments[0].toTensor();
  const double p = arguments[1].toDouble();
  // Constants.
  if (p == 0 || x.numel() == 0) return outputs[0].toTensor();
  const Tensor pairs = at::triu_indices(x.size(0), x.size(0), /*offset=*/1, x.options().dtype(at::kLong));
  const Tensor difference = x.index_select(0, pairs.select(0, 0)) - x.index_select(0, pairs.select(0, 1));
  return at::linalg_vector_norm(difference, p, at::IntArrayRef{-1});
}

// (self, p, dim, maxnorm). The result is libtorch's: a scaled row is multiplied by maxnorm / (norm + 1e-7).
void renorm(KernelCall& call) {
  const Tensor self = call.tensor(0);
  const auto type = c10::toRealValueType(self.scalar_type());
  if (!call.recording().isDifferentiatedAgain() || (type != at::kDouble && type != at::kFloat)) {
    call.callOriginal();
    return;
  }
  call.checkArguments();
  const at::Scalar p = call.argument(1).toScalar();
  const int64_t row = at::maybe_wrap_dim(call.argument(2).toInt(), self.dim());
  const double maxnorm = call.argument(3).toScalar().toDouble();
  std::vector<int64_t> dims;
  for (int64_t dim = 0; dim < self.dim(); ++dim) {
    if (dim != row) dims.push_back(dim);
  }
  const auto norms = [&](const Tensor& rows) { return at::linalg_vector_norm(rows, p, dims, /*keepdim=*/true); };
  const Tensor isKept = norms(self) <= maxnorm;
  const Tensor scaled = self * (maxnorm / (norms(self.masked_fill(isKept, 1)) + 1e-7));
  call.setOutputs(at::where(isKept, self, scaled));
}

}  // namespace

void registerVectorNorms() {
  // A registration lasts as long as its Library object.
  static torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::Autograd, __FILE__, __LINE__);
  const auto add = [&](const char* name, CallKernel::Function function) {
    overrideAutogradKernel(library, name, CallKernel::factory(function));
  };
  add("linalg_vector_norm", &decompose<&linalgVectorNorm, 4>);
  add("norm.Scalar", &decompose<&norm>);
  add("norm.ScalarOpt_dtype", &decompose<&normWithDtype, 2>);
  add("norm.ScalarOpt_dim", &decompose<&normOfDims>);
  add("norm.ScalarOpt_dim_dtype", &decompose<&normOfDimsWithDtype, 4>);
  add("dist", &decompose<&dist>);
  add("_euclidean_dist", &pairwiseDistances<true>);
  add("_cdist_forward", &pairwiseDistances<false>);
  add("_pdist_forward", &decomposeOutput<&distancesOfRows>);
  add("renorm", &renorm);
  add("renorm_", &decomposeInPlaceForSecond);
}

}  // namespace torch_func
