// Identities that are exact for NaN, infinities and signed zeros.

#include "compile/passes/algebra.h"

#include <ATen/TensorUtils.h>

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "compile/passes/emit.h"
#include "compile/passes/rewriter.h"

namespace torch_func::compile {

namespace {

class Algebra {
 public:
  explicit Algebra(Graph& graph) : rewriter_(graph), graph_(graph) {}

  void run() {
    for (Node& node : rewriter_.nodes) {
      const auto rule = rules().find(node.name());
      const bool isSingle = node.results.size() == 1 && node.results[0] != kNoValue;
      ValueId result = kNoValue;
      if (rule != rules().end() && isSingle && !isComplex(node)) result = (this->*rule->second)(node);
      if (result != kNoValue) {
        rewriter_.replace(node.results[0], result);
      } else {
        rewriter_.keep(std::move(node));
      }
    }
    rewriter_.finish();
  }

 private:
  // A rule returns what takes the place of the result, or kNoValue.
  using Rule = ValueId (Algebra::*)(const Node& node);

  ValueId operand(const Node& node, size_t argument) const {
    const ValueId value = node.tensor(argument);
    return value == kNoValue ? kNoValue : rewriter_[value];
  }
  const TensorType& resultType(const Node& node) const { return graph_.type(node.results[0]); }

  // Views as complex numbers, conjugates: types do not tell them apart.
  bool isComplex(const Node& node) const { return c10::isComplexType(resultType(node).dtype); }

  // Whether the value can take the place of the result as it is.
  ValueId ifSame(const Node& node, ValueId value) const {
    const TensorType& type = graph_.type(value);
    const TensorType& result = resultType(node);
    const bool same = type.dtype == result.dtype && type.device == result.device && type.sizes == result.sizes &&
                      type.isWrappedNumber == result.isWrappedNumber && type.layout == result.layout;
    return same ? value : kNoValue;
  }

  const Node* producer(ValueId value) const {
    const Value& given = graph_.values[value];
    return given.kind == Value::Kind::Result ? &graph_.nodes[given.producer] : nullptr;
  }

  bool isNumber(ValueId value, double number) const {
    const Value& given = graph_.values[value];
    if (given.kind != Value::Kind::Constant || given.type.numel() != 1 || c10::isComplexType(given.type.dtype))
      return false;
    const double element = given.tensor.item().toDouble();
    return element == number && std::signbit(element) == std::signbit(number);
  }

  ValueId same(const Node& node) { return ifSame(node, operand(node, 0)); }

  ValueId mul(const Node& node) {
    for (size_t i = 0; i < 2; ++i) {
      if (isNumber(operand(node, i), 1)) return ifSame(node, operand(node, 1 - i));
    }
    return kNoValue;
  }
  ValueId div(const Node& node) { return isNumber(operand(node, 1), 1) ? same(node) : kNoValue; }
  // x - 0 is x for both zeros; x + 0 is not.
  ValueId sub(const Node& node) {
    return isNumber(operand(node, 1), 0) && node.arguments[2].toScalar().toDouble() == 1 ? same(node) : kNoValue;
  }
  ValueId ofOne(const Node& node) {
    const c10::Scalar number = node.arguments[1].toScalar();
    return !number.isComplex() && number.toDouble() == 1 ? same(node) : kNoValue;
  }
  ValueId neg(const Node& node) {
    const Node* inner = producer(operand(node, 0));
    return inner != nullptr && inner->is("aten::neg") ? ifSame(node, inner->tensor(0)) : kNoValue;
  }

  // The dimensions of the operand in the order of the result.
  static std::vector<int64_t> orderOf(const Node& node, size_t rank) {
    std::vector<int64_t> order(rank);
    std::iota(order.begin(), order.end(), 0);
    if (node.is("aten::permute")) {
      const auto given = node.arguments[1].toIntVector();
      for (size_t i = 0; i < rank; ++i) order[i] = dimensionOf(given[i], rank);
    } else if (rank > 1) {
      const bool isT = node.is("aten::t");
      std::swap(order[isT ? 0 : dimensionOf(node.arguments[1], rank)],
                order[isT ? 1 : dimensionOf(node.arguments[2], rank)]);
    }
    return order;
  }
  static bool permutes(const Node& node) {
    return node.is("aten::permute") || node.is("aten::transpose.int") || node.is("aten::t");
  }

  ValueId permute(const Node& node) {
    const ValueId value = operand(node, 0);
    std::vector<int64_t> order = orderOf(node, graph_.type(value).sizes.size());
    if (std::is_sorted(order.begin(), order.end())) return ifSame(node, value);
    const Node* inner = producer(value);
    if (inner == nullptr || !permutes(*inner)) return kNoValue;
    const std::vector<int64_t> first = orderOf(*inner, order.size());
    for (int64_t& d : order) d = first[d];
    return permuted(graph_, inner->tensor(0), order);
  }

  static bool reshapes(const Node& node) {
    const auto& name = node.op.operator_name().name;
    return (name == "aten::view" && node.op.operator_name().overload_name.empty()) || name == "aten::_unsafe_view" ||
           name == "aten::unsqueeze" || name == "aten::squeeze";
  }

  // A view with the same elements in the same order: of the first tensor of a chain of such views.
  ValueId reshape(const Node& node) {
    ValueId value = operand(node, 0);
    const Sizes sizes = resultType(node).sizes;
    bool isInner = false;
    for (const Node* inner = producer(value); inner != nullptr && reshapes(*inner); inner = producer(value)) {
      value = inner->tensor(0);
      isInner = true;
    }
    const TensorType& type = graph_.type(value);
    if (type.sizes == sizes) return ifSame(node, value);
    const bool isPlain = node.is("aten::view") && !isInner;
    if (isPlain || !at::detail::computeStride(type.sizes, type.strides, sizes)) return kNoValue;
    return graph_.call("aten::view", "", {value, listOf(sizes)});
  }

  // Nothing to add up. The sum of -0.0 alone is 0.0 in eager execution, and -0.0 here.
  ValueId sum(const Node& node) {
    const TensorType& type = graph_.type(operand(node, 0));
    if (type.numel() != resultType(node).numel() || type.dtype != resultType(node).dtype) return kNoValue;
    return reshaped(graph_, operand(node, 0), Sizes(resultType(node).sizes));
  }

  // Products of a column and a row.
  ValueId product(const Node& node) {
    const ValueId left = operand(node, 0), right = operand(node, 1);
    if (graph_.type(left).sizes.back() != 1) return kNoValue;
    return graph_.call("aten::mul", "Tensor", {left, right});
  }

  // grad * (1 - y * y) with the factor at the places of y, where grad has more. One grad gives the factor as it is.
  ValueId tanhBackward(const Node& node) {
    const ValueId gradient = operand(node, 0), output = operand(node, 1);
    const TensorType& type = graph_.type(output);
    const bool isRounded = type.dtype != at::kFloat && type.dtype != at::kDouble;
    if (isRounded || type.dtype != resultType(node).dtype || type.numel() >= resultType(node).numel()) return kNoValue;
    const ValueId one = filled(graph_, Sizes(type.sizes.size(), 1), 1, type);
    const ValueId factor = graph_.call("aten::tanh_backward", "", {one, output});
    return graph_.call("aten::mul", "Tensor", {gradient, factor});
  }

  ValueId select(const Node& node) {
    const ValueId value = operand(node, 0);
    const Node* inner = producer(value);
    if (inner == nullptr || !inner->is("aten::stack")) return kNoValue;
    const size_t rank = graph_.type(value).sizes.size();
    const int64_t dimension = dimensionOf(node.arguments[1], rank);
    if (dimension != dimensionOf(inner->arguments[1], rank)) return kNoValue;
    int64_t index = node.arguments[2].toInt();
    if (index < 0) index += static_cast<int64_t>(inner->tensors.size());
    return ifSame(node, inner->tensors[index].value);
  }

  static const std::unordered_map<std::string, Rule>& rules() {
    static const std::unordered_map<std::string, Rule> table = {
        {"aten::alias", &Algebra::same},
        {"aten::detach", &Algebra::same},
        {"aten::lift_fresh", &Algebra::same},
        {"aten::clone", &Algebra::same},
        {"aten::_to_copy", &Algebra::same},
        {"aten::expand", &Algebra::same},
        {"aten::slice.Tensor", &Algebra::same},
        {"aten::positive", &Algebra::same},
        {"aten::mul.Tensor", &Algebra::mul},
        {"aten::div.Tensor", &Algebra::div},
        {"aten::sub.Tensor", &Algebra::sub},
        {"aten::mul.Scalar", &Algebra::ofOne},
        {"aten::div.Scalar", &Algebra::ofOne},
        {"aten::pow.Tensor_Scalar", &Algebra::ofOne},
        {"aten::neg", &Algebra::neg},
        {"aten::permute", &Algebra::permute},
        {"aten::transpose.int", &Algebra::permute},
        {"aten::t", &Algebra::permute},
        {"aten::view", &Algebra::reshape},
        {"aten::_unsafe_view", &Algebra::reshape},
        {"aten::unsqueeze", &Algebra::reshape},
        {"aten::squeeze", &Algebra::reshape},
        {"aten::squeeze.dim", &Algebra::reshape},
        {"aten::squeeze.dims", &Algebra::reshape},
        {"aten::sum", &Algebra::sum},
        {"aten::sum.dim_IntList", &Algebra::sum},
        {"aten::mm", &Algebra::product},
        {"aten::bmm", &Algebra::product},
        {"aten::select.int", &Algebra::select},
        {"aten::tanh_backward", &Algebra::tanhBackward},
    };
    return table;
  }

  Rewriter rewriter_;
  Graph& graph_;
};

}  // namespace

void simplifyAlgebra(Graph& graph) { Algebra(graph).run(); }

}  // namespace torch_func::compile
