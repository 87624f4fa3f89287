// Composite operators as operators that can be fused.

#include "compile/passes/decompositions.h"

#include <algorithm>
#include <unordered_map>

#include "compile/passes/emit.h"
#include "compile/passes/rewriter.h"

namespace torch_func::compile {

namespace {

// How mse_loss and others reduce.
enum Reduction : int64_t { None, Mean, Sum };

class Decomposer {
 public:
  explicit Decomposer(Graph& graph) : rewriter_(graph), graph_(graph) {}

  void run() {
    for (Node& node : rewriter_.nodes) {
      const auto rule = rules().find(node.name());
      if (rule == rules().end() || !isSupported(node) || !(this->*rule->second)(node)) rewriter_.keep(std::move(node));
    }
    rewriter_.finish();
  }

 private:
  // Gives the results their replacements, or returns false.
  using Rule = bool (Decomposer::*)(const Node& node);

  // Half precision accumulates in float32 inside of the composite operators.
  bool isSupported(const Node& node) const {
    return std::all_of(node.results.begin(), node.results.end(), [&](ValueId result) {
      return result == kNoValue || graph_.type(result).dtype == at::kFloat || graph_.type(result).dtype == at::kDouble;
    });
  }

  ValueId operand(const Node& node, size_t argument) const {
    const ValueId value = node.tensor(argument);
    return value == kNoValue ? kNoValue : rewriter_[value];
  }
  ValueId call(const char* name, const char* overload, std::vector<Graph::Argument> arguments) {
    return graph_.call(name, overload, std::move(arguments));
  }
  ValueId add(ValueId a, ValueId b) { return call("aten::add", "Tensor", {a, b}); }
  ValueId sub(ValueId a, ValueId b) { return call("aten::sub", "Tensor", {a, b}); }
  ValueId mul(ValueId a, ValueId b) { return call("aten::mul", "Tensor", {a, b}); }
  ValueId exp(ValueId a) { return call("aten::exp", "", {a}); }
  ValueId number(double value) { return numberConstant(graph_, value); }
  ValueId sum(ValueId a, c10::IntArrayRef dimensions, bool keep = true) {
    return call("aten::sum", "dim_IntList", {a, listOf(dimensions), c10::IValue(keep)});
  }
  bool give(const Node& node, size_t result, ValueId value) {
    const ValueId old = node.results[result];
    if (old != kNoValue) rewriter_.replace(old, converted(graph_, value, graph_.type(old).dtype));
    return true;
  }

  static bool isOne(const c10::IValue& value) { return value.toScalar().toDouble() == 1; }

  template <char kind>
  bool addProduct(const Node& node) {
    if (!isOne(node.arguments[3]) || !isOne(node.arguments[4])) return false;
    const char* op = kind == 'm' ? "aten::mm" : kind == 'v' ? "aten::mv" : "aten::bmm";
    return give(node, 0, add(operand(node, 0), call(op, "", {operand(node, 1), operand(node, 2)})));
  }

  bool dot(const Node& node) { return give(node, 0, sum(mul(operand(node, 0), operand(node, 1)), {0}, false)); }

  bool mseLoss(const Node& node) {
    const ValueId difference = sub(operand(node, 0), operand(node, 1));
    const ValueId squares = mul(difference, difference);
    const int64_t reduction = node.arguments[2].toInt();
    if (reduction == Mean) return give(node, 0, call("aten::mean", "", {squares}));
    return give(node, 0, reduction == Sum ? call("aten::sum", "", {squares}) : squares);
  }

  bool mseLossBackward(const Node& node) {
    const ValueId difference = sub(operand(node, 1), operand(node, 2));
    const auto count = static_cast<double>(graph_.type(difference).numel());
    const double factor = node.arguments[3].toInt() == Mean ? 2 / count : 2;
    return give(node, 0, mul(mul(difference, number(factor)), operand(node, 0)));
  }

  // x - max
  ValueId shifted(const Node& node, int64_t dimension) {
    const ValueId x = operand(node, 0);
    return sub(x, call("aten::amax", "", {x, listOf({dimension}), c10::IValue(true)}));
  }

  bool canSoftmax(const Node& node) const {
    const auto& type = graph_.type(node.tensor(0));
    return type.dtype == graph_.type(node.results[0]).dtype && !type.sizes.empty() && type.numel() > 0;
  }

  bool softmax(const Node& node) {
    if (!canSoftmax(node)) return false;
    const int64_t dimension = node.arguments[1].toInt();
    const ValueId powers = exp(shifted(node, dimension));
    return give(node, 0, call("aten::div", "Tensor", {powers, sum(powers, {dimension})}));
  }

  bool logSoftmax(const Node& node) {
    if (!canSoftmax(node)) return false;
    const int64_t dimension = node.arguments[1].toInt();
    const ValueId x = shifted(node, dimension);
    return give(node, 0, sub(x, call("aten::log", "", {sum(exp(x), {dimension})})));
  }

  bool softmaxBackward(const Node& node) {
    if (!canSoftmax(node)) return false;
    const ValueId gradient = operand(node, 0), output = operand(node, 1);
    const ValueId total = sum(mul(gradient, output), {node.arguments[2].toInt()});
    return give(node, 0, mul(sub(gradient, total), output));
  }

  bool logSoftmaxBackward(const Node& node) {
    if (!canSoftmax(node)) return false;
    const ValueId gradient = operand(node, 0);
    return give(node, 0, sub(gradient, mul(exp(operand(node, 1)), sum(gradient, {node.arguments[2].toInt()}))));
  }

  // The last dimensions, over which a layer is normalized.
  static std::vector<int64_t> lastDimensions(size_t rank, size_t count) {
    std::vector<int64_t> dimensions;
    for (size_t d = rank - count; d < rank; ++d) dimensions.push_back(static_cast<int64_t>(d));
    return dimensions;
  }

  ValueId mean(ValueId a, c10::IntArrayRef dimensions) {
    return call("aten::mean", "dim", {a, listOf(dimensions), c10::IValue(true)});
  }

  bool layerNorm(const Node& node) {
    const ValueId x = operand(node, 0), weight = operand(node, 2), bias = operand(node, 3);
    if (graph_.type(x).numel() == 0) return false;
    const auto dimensions = lastDimensions(graph_.type(x).sizes.size(), node.arguments[1].toIntVector().size());
    const ValueId average = mean(x, dimensions);
    const ValueId centered = sub(x, average);
    const ValueId variance = mean(mul(centered, centered), dimensions);
    const ValueId scale = call("aten::rsqrt", "", {add(variance, number(node.arguments[4].toDouble()))});
    ValueId result = mul(centered, scale);
    if (weight != kNoValue) result = mul(result, weight);
    if (bias != kNoValue) result = add(result, bias);
    give(node, 1, average);
    give(node, 2, scale);
    return give(node, 0, result);
  }

  // (grad_out, input, normalized_shape, mean, rstd, weight, bias, output_mask)
  bool layerNormBackward(const Node& node) {
    const ValueId gradient = operand(node, 0), x = operand(node, 1), weight = operand(node, 5);
    const Sizes sizes = graph_.type(x).sizes;
    if (graph_.type(x).numel() == 0) return false;
    const size_t inner = node.arguments[2].toIntVector().size();
    const auto dimensions = lastDimensions(sizes.size(), inner);
    const ValueId scale = operand(node, 4);
    const ValueId normalized = mul(sub(x, operand(node, 3)), scale);
    if (node.results[0] != kNoValue) {
      const ValueId scaled = weight == kNoValue ? gradient : mul(gradient, weight);
      const ValueId average = mean(scaled, dimensions);
      const ValueId along = mul(normalized, mean(mul(scaled, normalized), dimensions));
      give(node, 0, mul(sub(sub(scaled, average), along), scale));
    }
    std::vector<int64_t> outer(sizes.size() - inner);
    for (size_t d = 0; d < outer.size(); ++d) outer[d] = static_cast<int64_t>(d);
    const auto total = [&](ValueId value) { return outer.empty() ? value : sum(value, outer, false); };
    if (node.results[1] != kNoValue) give(node, 1, total(mul(gradient, normalized)));
    if (node.results[2] != kNoValue) give(node, 2, total(gradient));
    return true;
  }

  static const std::unordered_map<std::string, Rule>& rules() {
    static const std::unordered_map<std::string, Rule> table = {
        {"aten::addmm", &Decomposer::addProduct<'m'>},
        {"aten::addmv", &Decomposer::addProduct<'v'>},
        {"aten::baddbmm", &Decomposer::addProduct<'b'>},
        {"aten::dot", &Decomposer::dot},
        {"aten::mse_loss", &Decomposer::mseLoss},
        {"aten::mse_loss_backward", &Decomposer::mseLossBackward},
        {"aten::_softmax", &Decomposer::softmax},
        {"aten::_log_softmax", &Decomposer::logSoftmax},
        {"aten::_softmax_backward_data", &Decomposer::softmaxBackward},
        {"aten::_log_softmax_backward_data", &Decomposer::logSoftmaxBackward},
        {"aten::native_layer_norm", &Decomposer::layerNorm},
        {"aten::native_layer_norm_backward", &Decomposer::layerNormBackward},
    };
    return table;
  }

  Rewriter rewriter_;
  Graph& graph_;
};

}  // namespace

void decompose(Graph& graph) { Decomposer(graph).run(); }

}  // namespace torch_func::compile
