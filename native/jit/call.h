#pragma once
// A call of a method, during which the module has the tensors of JavaScript's.

#include <ATen/core/function.h>
#include <napi.h>

#include <utility>
#include <vector>

#include "jit/script.h"

namespace torch_func::jit {

// Empties the slots of the parameters and buffers of a module that has just been read.
void clearTensors(const Script& script);

// While it lives, the slots hold the tensors and modes: see Note [Tensors of a scripted module]. Calls nest: a hook of
// a tensor may call the module again.
class ScriptCall {
 public:
  // `tensors` and `modes` are arrays in the order of the script's.
  ScriptCall(Environment& environment, Script& script, napi_value tensors, napi_value modes);
  ~ScriptCall();
  ScriptCall(const ScriptCall&) = delete;
  ScriptCall& operator=(const ScriptCall&) = delete;

  c10::IValue run(torch::jit::Function& method, std::vector<c10::IValue> stack);

  // Runs `forward` between the hooks that the script has for the module, as a call of the module does in Python.
  c10::IValue runWithHooks(torch::jit::Function& forward, std::vector<c10::IValue> stack);

  // The tensors that the script has assigned, with their positions; undefined for None.
  std::vector<std::pair<size_t, at::Tensor>> assigned() const;

 private:
  Script& script_;
  std::vector<c10::IValue> given_;
  std::vector<c10::IValue> before_;
};

}  // namespace torch_func::jit
