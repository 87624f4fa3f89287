#pragma once
// Runs a method of TorchScript on this thread.

#include <ATen/core/function.h>
#include <ATen/core/ivalue.h>

#include <vector>

namespace torch_func::jit {

// Takes the arguments off the stack and leaves the result. See Note [How scripts run].
void runScript(torch::jit::Function& function, std::vector<c10::IValue>& stack);

}  // namespace torch_func::jit
