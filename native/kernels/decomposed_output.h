// Operators whose first output is computed by other operators if libtorch cannot differentiate it.
#pragma once

#include "kernels/kernel_override.h"

namespace torch_func {

// Computes the first output of a call from the arguments and from libtorch's outputs, with differentiable operators.
using DecomposedOutput = at::Tensor (*)(c10::ArrayRef<c10::IValue> arguments, c10::ArrayRef<c10::IValue> outputs);

// A kernel for the Autograd key of an operator without a forward-mode rule and whose backward has no derivative.
// libtorch's kernel checks the arguments and computes the other outputs, which have no derivatives.
template <DecomposedOutput compute>
void decomposeOutput(KernelCall& call) {
  const Recording recording = call.recording();
  if (!recording.tangent && !recording.isDifferentiatedAgain()) {
    call.callOriginal();
    return;
  }
  const torch::jit::Stack arguments = call.arguments().vec();
  call.callWithoutDerivatives();
  call.output(0) = compute(arguments, call.outputs());
}

}  // namespace torch_func
