#pragma once
// Changes to operators that exist only in TorchScript.

namespace torch_func::jit {

// Does nothing at a second call. See Note [Operators of TorchScript].
void adaptOperators();

}  // namespace torch_func::jit
