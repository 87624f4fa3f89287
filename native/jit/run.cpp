// Note [How scripts run]
// Scripts run in libtorch's interpreter without its optimisations: no profiling, no fusion, no symbolic
// differentiation. Every operator then goes through the dispatcher, where transforms, autograd and recordings see it.
// torch.jit.fork runs its function at once, on this thread: the threads of libtorch's pool have neither the levels of
// the transforms nor the modes of this thread.

#include "jit/run.h"

#include <c10/core/GradMode.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/runtime/interpreter.h>
#include <torch/csrc/jit/runtime/jit_exception.h>

#include <functional>
#include <string>

#include "core/errors.h"

namespace torch_func::jit {

namespace {

// The interpreter does not leave the modes that a script has entered when an error ends it.
class KeepsGradMode {
 public:
  ~KeepsGradMode() { c10::GradMode::set_enabled(enabled_); }

 private:
  bool enabled_ = c10::GradMode::is_enabled();
};

// The class of an error that the script raised itself.
ErrorClass classOf(const torch::jit::JITException& error) {
  const std::string name = error.getPythonClassName().value_or("");
  if (name == "builtins.ValueError" || name == "builtins.KeyError") return ErrorClass::Value;
  if (name == "builtins.TypeError") return ErrorClass::Type;
  if (name == "builtins.IndexError") return ErrorClass::Index;
  if (name == "builtins.NotImplementedError") return ErrorClass::NotImplemented;
  return ErrorClass::Runtime;
}

}  // namespace

void runScript(torch::jit::Function& function, std::vector<c10::IValue>& stack) {
  const KeepsGradMode keepsGradMode;
  const torch::jit::GraphOptimizerEnabledGuard withoutOptimisation(false);
  try {
    const auto& plan = torch::jit::toGraphFunction(function).get_executor().getPlanFor(stack);
    torch::jit::InterpreterState(plan.code, [](std::function<void()> task) { task(); }).run(stack);
  } catch (const torch::jit::JITException& error) {
    throw ArgumentError(classOf(error), error.what());
  }
}

}  // namespace torch_func::jit
