// The statistics of normalizations, mean and reciprocal standard deviation, as results that have derivatives.
//
// native_layer_norm and native_batch_norm return the statistics beside the result. libtorch gives them no derivative in
// reverse mode; the backward of native_group_norm ignores the gradient of one if the other has none (PyTorch 2.13).
// jvp and vjp of a function of the statistics then disagree.
//
// The operators below have the names and schemas of libtorch's, in the namespace torch_func, and are what JavaScript
// calls. They call libtorch's operator, and recompute the statistics if a level differentiates the input. layer_norm,
// batch_norm and group_norm call libtorch's operators directly and discard the statistics: they cost nothing more.
#include <ATen/ATen.h>
#include <torch/library.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "kernels/corrections.h"
#include "kernels/kernel_override.h"
#include "kernels/norm_arguments.h"

namespace torch_func {

namespace {

bool isDifferentiated(const at::Tensor& tensor) {
  const Recording recording = recordingOf({c10::IValue(tensor)});
  return recording.gradient || recording.tangent || recording.below;
}

class StatisticsKernel final : public c10::OperatorKernel {
 public:
  explicit StatisticsKernel(c10::OperatorHandle original) : original_(std::move(original)) {}

  void operator()(const c10::OperatorHandle& op, c10::DispatchKeySet /*keys*/, torch::jit::Stack* stack) {
    if (!isDifferentiated(NormCall(op.schema(), *stack).tensor("input"))) {
      original_.callBoxed(stack);
      return;
    }
    const torch::jit::Stack arguments = torch::jit::last(*stack, op.schema().arguments().size()).vec();
    // Checks the arguments too.
    original_.callBoxed(stack);
    const std::optional<Norm> norm = normOf(NormCall(op.schema(), arguments));
    if (!norm) return;
    const auto [mean, rstd] = statisticsOf(*norm);
    c10::IValue* outputs = stack->data() + (stack->size() - op.schema().returns().size());
    replaceOutput(outputs[1], mean);
    replaceOutput(outputs[2], rstd);
  }

 private:
  c10::OperatorHandle original_;
};

}  // namespace

void registerNormStatistics() {
  // A registration lasts as long as its Library object.
  static torch::Library library(torch::Library::FRAGMENT, "torch_func", std::nullopt, __FILE__, __LINE__);
  const auto add = [&](const char* name) {
    const c10::OperatorHandle original = findOperator(name);
    const c10::FunctionSchema& schema = original.schema();
    const std::string base = schema.name().substr(std::string("aten::").size());
    library.def(schema.cloneWithName("torch_func::" + base, schema.overload_name()));
    for (const auto key : {c10::DispatchKey::CompositeImplicitAutograd, c10::DispatchKey::FuncTorchBatched,
                           c10::DispatchKey::Functionalize}) {
      auto kernel = c10::BoxedKernel::makeFromFunctor(std::make_unique<StatisticsKernel>(original));
      library.impl(name, torch::dispatch(key, torch::CppFunction::makeFromBoxedKernel(std::move(kernel))));
    }
  };
  for (const char* name :
       {"native_layer_norm", "native_group_norm", "native_batch_norm", "_native_batch_norm_legit",
        "_native_batch_norm_legit.no_stats", "_batch_norm_with_update", "cudnn_batch_norm", "miopen_batch_norm"}) {
    add(name);
  }
}

}  // namespace torch_func
