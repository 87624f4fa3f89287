// Computes what depends on constants only.

#include "compile/passes/constant_folding.h"

#include <ATen/core/LegacyTypeDispatch.h>

#include <algorithm>

#include "compile/passes/emit.h"
#include "compile/passes/rewriter.h"

namespace torch_func::compile {

namespace {

constexpr int64_t kLargestConstant = 1 << 16;  // bytes

bool isConstant(const Rewriter& rewriter, ValueId value) {
  return rewriter.graph.values[rewriter[value]].kind == Value::Kind::Constant;
}

// What a tensor of equal numbers is made from; null for other operators.
const c10::IValue* filling(const Node& node) {
  if (node.is("aten::full") || node.is("aten::full_like")) return &node.arguments[1];
  if (node.is("aten::new_full")) return &node.arguments[2];
  return nullptr;
}

bool canFold(const Rewriter& rewriter, const Node& node) {
  const auto& name = node.op.operator_name().name;
  if (isRandom(node.op) || writesInPlace(node.op) || node.results.empty() || name.starts_with("aten::empty"))
    return false;
  for (ValueId result : node.results) {
    if (result == kNoValue) return false;
    const TensorType& type = rewriter.graph.type(result);
    const int64_t bytes = type.numel() * static_cast<int64_t>(c10::elementSize(type.dtype));
    if (bytes > kLargestConstant || type.layout != c10::kStrided || !type.device.is_cpu()) return false;
  }
  return std::all_of(node.tensors.begin(), node.tensors.end(),
                     [&](const TensorArgument& given) { return isConstant(rewriter, given.value); });
}

void fold(Rewriter& rewriter, const Node& node) {
  std::vector<at::Tensor> tensors;
  std::vector<TensorArgument> places = node.tensors;
  for (TensorArgument& given : places) {
    tensors.push_back(rewriter.graph.values[rewriter[given.value]].tensor);
    given.value = static_cast<ValueId>(tensors.size() - 1);
  }
  torch::jit::Stack stack;
  pushArguments(node.op, node.arguments, places, tensors, stack);
  {
    const at::AutoDispatchBelowADInplaceOrView below;
    node.op.callBoxed(stack);
  }
  size_t next = 0;
  const auto replace = [&](const at::Tensor& result) {
    // Lazy zeros have no memory that a program could read.
    const at::Tensor constant = result._is_zerotensor() ? at::zeros(result.sizes(), result.options()) : result;
    rewriter.replace(node.results[next++], rewriter.graph.addConstant(constant));
  };
  for (const c10::IValue& result : stack) {
    if (result.isTensor()) {
      replace(result.toTensor());
    } else {
      for (const at::Tensor& tensor : result.toTensorVector()) replace(tensor);
    }
  }
}

}  // namespace

void foldConstants(Graph& graph) {
  Rewriter rewriter(graph);
  for (Node& node : rewriter.nodes) {
    const c10::IValue* number = filling(node);
    const TensorType type =
        node.results.empty() || node.results[0] == kNoValue ? TensorType() : graph.type(node.results[0]);
    if (number != nullptr && number->isScalar() && type.numel() > 1 && type.device.is_cpu()) {
      // One element that is read for all.
      const std::vector<int64_t> sizes(type.sizes.size(), 1);
      const ValueId element = graph.addConstant(at::full(sizes, number->toScalar(), at::dtype(type.dtype)));
      rewriter.replace(node.results[0], expanded(graph, element, type.sizes));
    } else if (canFold(rewriter, node)) {
      fold(rewriter, node);
    } else {
      rewriter.keep(std::move(node));
    }
  }
  rewriter.finish();
}

}  // namespace torch_func::compile
