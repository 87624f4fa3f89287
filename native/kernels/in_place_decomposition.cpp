// The generic kernel of in-place operators: `op_` is `op` of a copy, written back.
#include "kernels/in_place_decomposition.h"

#include <ATen/ATen.h>

namespace torch_func {

void decomposeInPlace(KernelCall& call) {
  if (!call.isDifferentiated()) {
    call.callOriginal();
    return;
  }
  const at::Tensor self = call.tensor(0);
  torch::jit::Stack stack = call.arguments().vec();
  // The derivative needs the previous values.
  stack[0] = self.clone();
  const c10::OperatorName& name = call.name();
  const std::string functional = name.name.substr(0, name.name.size() - 1);
  c10::Dispatcher::singleton().findSchemaOrThrow(functional.c_str(), name.overload_name.c_str()).callBoxed(stack);
  self.copy_(stack[0].toTensor());
  call.setOutputs(self);
}

void decomposeInPlaceForSecond(KernelCall& call) {
  if (call.recording().isDifferentiatedAgain()) {
    decomposeInPlace(call);
  } else {
    call.callOriginal();
  }
}

}  // namespace torch_func
