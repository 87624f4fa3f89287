// Note [Operators of TorchScript]
// Some operators exist only in TorchScript, outside of the dispatcher. Those that create tensors from numbers write to
// the memory of the new tensor: below all transforms and unseen by recordings. As in Python, the tensor enters the
// transforms through lift_fresh. tolist() reads memory, which a recording cannot repeat. torch.save writes files, and a
// program that comes from a file must not.

#include "jit/operators.h"

#include <ATen/Functions.h>
#include <ATen/functorch/DynamicLayer.h>
#include <torch/csrc/jit/runtime/operator.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/recording.h"
#include "functorch/wrappers.h"

namespace torch_func::jit {

namespace {

using torch::jit::Operation;
using torch::jit::Operator;
using torch::jit::Stack;
using Operators = std::vector<std::shared_ptr<Operator>>;
using Wrap = Operation (*)(Operation, size_t);

// Takes the operators of this name out of the registry. Graphs refer to them, so they live as long as the process.
Operators takeOperators(const char* name) {
  static auto* taken = new Operators();
  const Operators found = torch::jit::getAllOperatorsFor(c10::Symbol::fromQualString(name));
  Operators result;
  for (const auto& op : found) {
    if (op->isC10Op()) continue;
    torch::jit::deregisterOperator(op->schema());
    taken->push_back(op);
    result.push_back(op);
  }
  return result;
}

void replaceOperators(const char* name, Wrap wrap) {
  for (const auto& op : takeOperators(name)) {
    const c10::FunctionSchema& schema = op->schema();
    torch::jit::registerOperator(Operator(schema.name(), schema.overload_name(), schema.arguments(), schema.returns(),
                                          wrap(op->getOperation(), schema.arguments().size()),
                                          op->aliasAnalysisKind()));
  }
}

bool holdsTensor(const Stack& stack, size_t count) {
  return std::any_of(stack.end() - static_cast<std::ptrdiff_t>(count), stack.end(),
                     [](const c10::IValue& value) { return value.isTensor() || value.isTensorList(); });
}

// tensor(data, dtype, device, requires_grad)
Operation creating(Operation create, size_t count) {
  return [create = std::move(create), count](Stack& stack) mutable {
    const bool isPlain = !at::functorch::maybeCurrentDynamicLayer() && !isRecording();
    if (isPlain || holdsTensor(stack, count)) {
      create(stack);
      return;
    }
    {
      const BelowTransforms below;
      const NotRecorded notRecorded;
      create(stack);
    }
    stack.back() = at::lift_fresh(stack.back().toTensor());
  };
}

Operation reading(Operation read, size_t) {
  return [read = std::move(read)](Stack& stack) mutable {
    cannotBeRepeated("the script reads the values of a tensor with tolist()");
    read(stack);
  };
}

}  // namespace

void adaptOperators() {
  static std::once_flag once;
  std::call_once(once, [] {
    replaceOperators("aten::tensor", creating);
    replaceOperators("aten::as_tensor", creating);
    replaceOperators("prim::tolist", reading);
    takeOperators("aten::save");
  });
}

}  // namespace torch_func::jit
