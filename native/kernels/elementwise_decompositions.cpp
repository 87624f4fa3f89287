// Elementwise operators that are computed by other operators if they are differentiated, because libtorch's derivative
// is wrong (PyTorch 2.13):
//
// - polar: the gradient of abs has the wrong sign where abs is negative, and is 0 where abs is 0.
// - softshrink, hardshrink with lambd = 0: they are the identity, but the derivative at 0 is 0.
// - sgn of complex numbers: the rule masks 0 / 0, which is NaN in the derivative of the rule.
#include <ATen/ATen.h>
#include <torch/library.h>

#include "kernels/corrections.h"
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
  add("sgn_", &decomposeInPlace);
}

}  // namespace torch_func
