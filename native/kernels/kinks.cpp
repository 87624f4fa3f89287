// Forward-mode rules that disagree with reverse mode at a kink (PyTorch 2.13). The derivative there is a convention:
// here forward mode follows reverse mode.
//
// - clamp with one bound, a tensor: where self equals it, the tangent is that of the bound, but the gradient goes to
//   self. The rules of clamp_min and clamp_max agree with the gradient.
// - fmax: where the arguments are equal, the tangent is that of other, but the gradient goes to self.
// - prelu: at 0 the tangent has the slope 1, but the gradient the weight.
#include <ATen/ATen.h>
#include <torch/library.h>

#include "kernels/corrections.h"
#include "kernels/kernel_override.h"

namespace torch_func {

namespace {

using at::Tensor;

// (self, min, max)
template <bool isInPlace>
void clamp(KernelCall& call) {
  const bool hasMin = !call.argument(1).isNone();
  const bool hasMax = !call.argument(2).isNone();
  if (hasMin == hasMax || !call.recording().tangent) {
    call.callOriginal();
    return;
  }
  const Tensor self = call.tensor(0);
  const Tensor bound = call.tensor(hasMin ? 1 : 2);
  if constexpr (isInPlace) {
    if (hasMin) {
      self.clamp_min_(bound);
    } else {
      self.clamp_max_(bound);
    }
    call.setOutputs(self);
  } else {
    call.setOutputs(hasMin ? self.clamp_min(bound) : self.clamp_max(bound));
  }
}

// (self, other)
void fmax(KernelCall& call) {
  if (!call.recording().tangent) {
    call.callOriginal();
    return;
  }
  const Tensor self = call.primal(0);
  const Tensor other = call.primal(1);
  const Tensor tangents[] = {call.takeTangent(0), call.takeTangent(1)};
  call.callOriginal();
  const auto options = call.output(0).toTensor().options();
  const auto tangent = [&](size_t index) {
    return tangents[index].defined() ? tangents[index].to(options) : at::zeros({}, options);
  };
  const Tensor isSelf = at::logical_or(self >= other, other.isnan());
  call.setTangent(0, at::where(isSelf, tangent(0), tangent(1)));
}

// (self, weight)
void prelu(KernelCall& call) {
  if (!call.recording().tangent) {
    call.callOriginal();
    return;
  }
  const Tensor self = call.primal(0);
  const Tensor weight = call.primal(1);
  const Tensor selfTangent = call.takeTangent(0);
  const Tensor weightTangent = call.takeTangent(1);
  call.callOriginal();
  const Tensor isPositive = self > 0;
  Tensor tangent;
  if (selfTangent.defined()) tangent = at::where(isPositive, selfTangent, weight * selfTangent);
  if (weightTangent.defined()) {
    const Tensor part = (weightTangent * self).masked_fill(isPositive, 0);
    tangent = tangent.defined() ? tangent + part : part;
  }
  call.setTangent(0, tangent);
}

}  // namespace

void registerKinks() {
  // A registration lasts as long as its Library object.
  static torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::Autograd, __FILE__, __LINE__);
  const auto add = [&](const char* name, CallKernel::Function function) {
    overrideAutogradKernel(library, name, CallKernel::factory(function));
  };
  add("clamp.Tensor", &clamp<false>);
  add("clamp_.Tensor", &clamp<true>);
  add("fmax", &fmax);
  add("_prelu_kernel", &prelu);
}

}  // namespace torch_func
