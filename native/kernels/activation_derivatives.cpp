// Derivatives of activations and losses that libtorch lacks or computes wrongly.
//
// The reverse-mode derivative of the forward-mode rule of _safe_softmax is NaN for a row of -infinity: the rule
// contains the logarithm of a sum of zeros. Here the tangent is a function of the result, which is 0 in such a row.
//
// glu_jvp, glu_backward_jvp and hardsigmoid_backward have no derivative at all, soft_margin_loss_backward has none in
// forward mode (PyTorch 2.13). If they will be differentiated, they are decomposed. hardsigmoid_backward is decomposed
// for all float64 tensors: libtorch multiplies by 1/6 in single precision, which is wrong by 3e-8.
#include <ATen/ATen.h>
#include <ATen/core/Reduction.h>
#include <torch/library.h>

#include "kernels/corrections.h"
#include "kernels/kernel_override.h"
#include "kernels/op_math.h"

namespace torch_func {

namespace {

using at::Tensor;

// (self, dim, dtype)
void safeSoftmax(KernelCall& call) {
  const Tensor tangent = call.takeTangent(0);
  const int64_t dim = call.argument(1).toInt();
  call.callOriginal();
  if (!tangent.defined()) return;
  const Tensor result = call.primalOutput(0);
  const Tensor probabilities = toOpMath(result);
  const Tensor weighted = toOpMath(tangent).mul(probabilities);
  const Tensor mean = weighted.sum(dim, /*keepdim=*/true);
  call.setTangent(0, weighted.sub(probabilities.mul(mean)).to(result.scalar_type()));
}

// (grad_output, self)
Tensor hardsigmoidBackward(KernelCall& call) {
  const Tensor self = call.tensor(1);
  return call.tensor(0).div(6).masked_fill(at::logical_or(self <= -3, self >= 3), 0);
}

// (grad_output, self, target, reduction)
Tensor softMarginLossBackward(KernelCall& call) {
  const Tensor self = call.tensor(1);
  const Tensor target = call.tensor(2);
  const Tensor gradient = target.neg().mul(at::sigmoid(target.neg().mul(self))).mul(call.tensor(0));
  return call.argument(3).toInt() == at::Reduction::Mean ? gradient.div(self.numel()) : gradient;
}

// The gate of glu and the value that it multiplies.
struct Gate {
  Gate(const Tensor& input, int64_t dim) : value(input.chunk(2, dim)[0]), weight(input.chunk(2, dim)[1].sigmoid()) {}
  Tensor weightDerivative() const { return weight.mul(weight.neg().add(1)); }

  Tensor value, weight;
};

// (glu, x, dx, dim)
Tensor gluJvp(KernelCall& call) {
  const int64_t dim = call.argument(3).toInt();
  const Gate gate(call.tensor(1), dim);
  const auto tangents = call.tensor(2).chunk(2, dim);
  return tangents[0].mul(gate.weight).add(gate.value.mul(gate.weightDerivative()).mul(tangents[1]));
}

// (grad_output, self, dim)
Tensor gluBackward(KernelCall& call) {
  const int64_t dim = call.argument(2).toInt();
  const Tensor grad = call.tensor(0);
  const Gate gate(call.tensor(1), dim);
  return at::cat({grad.mul(gate.weight), grad.mul(gate.value).mul(gate.weightDerivative())}, dim);
}

template <Tensor (*decomposition)(KernelCall&)>
void decompose(KernelCall& call) {
  call.setOutputs(decomposition(call));
}

template <Tensor (*decomposition)(KernelCall&), bool alwaysForDouble = false>
void decomposeIfDifferentiated(KernelCall& call) {
  const Recording recording = call.recording();
  const bool isDouble = call.tensor(0).scalar_type() == at::kDouble;
  if (recording.gradient || recording.tangent || (alwaysForDouble && isDouble)) {
    call.setOutputs(decomposition(call));
  } else {
    call.callOriginal();
  }
}

}  // namespace

void registerActivationDerivatives() {
  // A registration lasts as long as its Library object.
  static torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::Autograd, __FILE__, __LINE__);
  const auto add = [&](const char* name, CallKernel::Function function) {
    overrideAutogradKernel(library, name, CallKernel::factory(function));
  };
  add("_safe_softmax", &safeSoftmax);
  add("hardsigmoid_backward", &decomposeIfDifferentiated<&hardsigmoidBackward, /*alwaysForDouble=*/true>);
  add("soft_margin_loss_backward", &decomposeIfDifferentiated<&softMarginLossBackward>);
  add("glu_jvp", &decomposeIfDifferentiated<&gluJvp>);
  add("glu_backward", &decomposeIfDifferentiated<&gluBackward>);

  // These have no batching rule either.
  static torch::Library vmap(torch::Library::IMPL, "aten", c10::DispatchKey::FuncTorchBatched, __FILE__, __LINE__);
  const auto addBatched = [&](const char* name, CallKernel::Function function) {
    overrideKernel(vmap, c10::DispatchKey::FuncTorchBatched, name, CallKernel::factory(function));
  };
  addBatched("soft_margin_loss_backward", &decompose<&softMarginLossBackward>);
  addBatched("glu_jvp", &decompose<&gluJvp>);
}

}  // namespace torch_func
