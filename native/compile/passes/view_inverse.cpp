// Writes through views as functions of their base.

#include "compile/passes/view_inverse.h"

#include <algorithm>
#include <array>

#include "compile/passes/emit.h"
#include "compile/passes/rewriter.h"

namespace torch_func::compile {

// The same elements in the same order.
static bool keepsOrder(std::string_view name) {
  constexpr std::array<std::string_view, 9> kNames = {"aten::view",           "aten::_unsafe_view", "aten::reshape",
                                                      "aten::_reshape_alias", "aten::unsqueeze",    "aten::squeeze",
                                                      "aten::alias",          "aten::detach",       "aten::lift_fresh"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

ValueId scatterView(Graph& graph, const Node& node, ValueId view, ValueId parent, ValueId parentNow, ValueId contents) {
  const auto& name = node.op.operator_name().name;
  const Sizes sizes = graph.type(parent).sizes;
  const Sizes viewSizes = graph.type(view).sizes;
  const auto rank = sizes.size();
  const bool isWhole = graph.type(view).numel() == graph.type(parent).numel();
  if (keepsOrder(name) && !node.is("aten::view.dtype")) return reshaped(graph, contents, sizes);
  if (node.is("aten::permute")) {
    const auto order = node.arguments[1].toIntVector();
    std::vector<int64_t> inverse(order.size());
    for (size_t i = 0; i < order.size(); ++i) inverse[dimensionOf(order[i], rank)] = static_cast<int64_t>(i);
    return graph.call("aten::permute", "", {contents, c10::IValue(inverse)});
  }
  if (node.is("aten::transpose.int")) {
    return graph.call("aten::transpose", "int", {contents, node.arguments[1], node.arguments[2]});
  }
  if (node.is("aten::t")) return graph.call("aten::t", "", {contents});
  if (isWhole &&
      (name == "aten::expand" || name == "aten::select" || name == "aten::slice" || name == "aten::unbind")) {
    return reshaped(graph, contents, sizes);
  }
  if (node.is("aten::select.int")) {
    return graph.call("aten::select_scatter", "", {parentNow, contents, node.arguments[1], node.arguments[2]});
  }
  if (node.is("aten::slice.Tensor")) {
    return graph.call(
        "aten::slice_scatter", "",
        {parentNow, contents, node.arguments[1], node.arguments[2], node.arguments[3], node.arguments[4]});
  }
  if (node.is("aten::diagonal")) {
    return graph.call("aten::diagonal_scatter", "",
                      {parentNow, contents, node.arguments[1], node.arguments[2], node.arguments[3]});
  }
  if (node.is("aten::unbind.int")) {
    const auto index = std::find(node.results.begin(), node.results.end(), view) - node.results.begin();
    return graph.call("aten::select_scatter", "",
                      {parentNow, contents, node.arguments[1], c10::IValue(static_cast<int64_t>(index))});
  }
  if (name == "aten::split" || name == "aten::split_with_sizes") {
    const int64_t dimension = dimensionOf(node.arguments[2], rank);
    int64_t start = 0;
    for (size_t i = 0; node.results[i] != view; ++i) start += graph.type(node.results[i]).sizes[dimension];
    return graph.call(
        "aten::slice_scatter", "",
        {parentNow, contents, c10::IValue(dimension), c10::IValue(start), c10::IValue(start + viewSizes[dimension])});
  }
  if (node.is("aten::as_strided")) {
    const c10::IValue offset = node.arguments[3].isNone() ? c10::IValue(0) : node.arguments[3];
    return graph.call("aten::as_strided_scatter", "",
                      {parentNow, contents, node.arguments[1], node.arguments[2], offset});
  }
  throw Refusal("writes to a view that " + node.name() + " has made");
}

}  // namespace torch_func::compile
