// Elementwise operators that are computed by other operators if they are differentiated, because libtorch's derivative
// is wrong (PyTorch 2.13):
//
// - polar: the gradient of abs has the wrong sign where abs is negative, and is 0 where abs is 0.
// - softshrink, hardshrink with lambd = 0: they are the identity, but the derivative at 0 is 0.
// - sgn of complex numbers: the rule masks 0 / 0, which is NaN in the derivative of the rule.
// - hypot: the gradient at the origin is 0 / 0. It is a norm of two numbers, and treated as norms are: the gradient is
// 0
//   there, and if it will be differentiated again, hypot is sqrt(x^2 + y^2 + e^2) (vector_norms.cpp). All three are
//   divided by a constant first, so that the squares of large numbers do not overflow.
#include <ATen/ATen.h>
#include <torch/library.h>

#include "kernels/corrections.h"
#include "kernels/elementwise_rule.h"
#include "kernels/in_place_decomposition.h"

namespace torch_func {

namespace {

using at::Tensor;

// (abs, angle)
void polar(KernelCall& call) {
  const Tensor length = call.tensor(0);
  const Tensor angle = call.tensor(1);
  if (!call.isDifferentiated() || length.scalar_type() != angle.scalar_type()) {
    call.callOriginal();
    return;
  }
  call.setOutputs(at::complex(length * angle.cos(), length * angle.sin()));
}

// (self, lambd)
void shrink(KernelCall& call) {
  if (!call.isDifferentiated() || call.argument(1).toScalar().toDouble() != 0) {
    call.callOriginal();
    return;
  }
  call.setOutputs(call.tensor(0).clone());
}

// z / |z|, and 0 at 0.
void sgn(KernelCall& call) {
  const Tensor z = call.tensor(0);
  if (!z.is_complex() || !call.isDifferentiated()) {
    call.callOriginal();
    return;
  }
  const Tensor isZero = z == 0;
  const Tensor safe = z.masked_fill(isZero, 1);
  call.setOutputs((safe / at::hypot(at::real(safe), at::imag(safe))).masked_fill(isZero, 0));
}

Tensor slopeOfHypot(const RuleArguments& arguments, size_t input) {
  const Tensor length = at::hypot(arguments[0].toTensor(), arguments[1].toTensor());
  return arguments[input].toTensor() / length.masked_fill(length == 0, 1);
}

constexpr ElementwiseRule hypotenuse = {"HypotBackward0", 2, &slopeOfHypot};

// (self, other)
void hypot(KernelCall& call) {
  const Tensor x = call.tensor(0);
  const Tensor y = call.tensor(1);
  const auto type = x.scalar_type();
  if (!call.recording().isDifferentiatedAgain() || type != y.scalar_type() ||
      (type != at::kDouble && type != at::kFloat)) {
    differentiateBy(call, hypotenuse);
    return;
  }
  const double e = type == at::kDouble ? 1e-75 : 1e-18;
  const Tensor largest = at::maximum(x.abs(), y.abs()).detach().clamp_min(e);
  const Tensor scale = largest.masked_fill(largest.isinf(), 1);
  const auto square = [&](const Tensor& part) { return (part / scale).square(); };
  call.setOutputs((square(x) + square(y) + (e / scale).square()).sqrt() * scale);
}

}  // namespace

void registerElementwiseDecompositions() {
  // A registration lasts as long as its Library object.
  static torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::Autograd, __FILE__, __LINE__);
  const auto add = [&](const char* name, CallKernel::Function function) {
    overrideAutogradKernel(library, name, CallKernel::factory(function));
  };
  add("polar", &polar);
  add("softshrink", &shrink);
  add("hardshrink", &shrink);
  add("sgn", &sgn);
  add("hypot", &hypot);
  for (const char* name : {"sgn_", "hypot_"}) add(name, &decomposeInPlace);
}

}  // namespace torch_func
