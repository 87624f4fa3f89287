// See Note [Functionalization].

#include "compile/passes/functionalize.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "compile/execute/plan.h"
#include "compile/passes/emit.h"
#include "compile/passes/functional_forms.h"
#include "compile/passes/rewriter.h"
#include "compile/passes/view_inverse.h"

namespace torch_func::compile {

namespace {

// They change the memory that a tensor has, or write without saying so in their schema.
constexpr std::array<std::string_view, 8> kRefused = {"aten::set_",
                                                      "aten::resize_",
                                                      "aten::resize_as_",
                                                      "aten::cudnn_batch_norm",
                                                      "aten::as_strided_",
                                                      "aten::miopen_batch_norm",
                                                      "aten::batch_norm_update_stats",
                                                      "aten::_resize_output_"};

bool isWritten(const c10::Argument& argument) { return argument.alias_info() && argument.alias_info()->isWrite(); }

class Functionalizer {
 public:
  explicit Functionalizer(Graph& graph)
      : rewriter_(graph),
        graph_(graph),
        oldCount_(graph.values.size()),
        version_(oldCount_),
        seen_(oldCount_),
        producer_(oldCount_) {
    for (size_t id = 0; id < oldCount_; ++id) {
      base_.push_back(graph.values[id].base);
      producer_[id] = graph.values[id].producer;
    }
  }

  void run() {
    for (Node& node : rewriter_.nodes) visit(node);
    std::vector<Graph::WriteBack> writeBacks;
    for (size_t id = 0; id < oldCount_; ++id) {
      if (version_[id] == 0 || graph_.values[id].kind == Value::Kind::Result) continue;
      writeBacks.push_back({static_cast<ValueId>(id), rewriter_[static_cast<ValueId>(id)]});
    }
    for (ValueId output : graph_.outputs) {
      if (output == kNoValue) continue;
      const ValueId base = base_[output];
      // The memory of the input itself.
      if (graph_.values[base].kind != Value::Kind::Result && version_[base] > 0) {
        rewriter_.replace(base, base);
        ++version_[base];
        seen_[base] = version_[base];
      }
      read(output);
    }
    rewriter_.finish();
    for (Graph::WriteBack& write : writeBacks) {
      const ValueId base = graph_.values[write.value].base;
      // The memory of an input may change while the inputs are written.
      if (graph_.values[base].kind != Value::Kind::Result) write.value = contiguous(graph_, write.value);
      graph_.writeBacks.push_back(write);
    }
  }

 private:
  // Makes the rewriter's replacement of the value its newest version.
  void read(ValueId value) {
    const int32_t version = version_[base_[value]];
    std::vector<ValueId> chain;
    for (; seen_[value] != version; value = parentOf(value)) chain.push_back(value);
    for (; !chain.empty(); chain.pop_back()) {
      if (seen_[chain.back()] == version) continue;
      const Node& view = rewriter_.nodes[producer_[chain.back()]];
      Node again = view;
      if (again.is("aten::as_strided")) ownMemory(again);
      for (TensorArgument& given : again.tensors) given.value = rewriter_[given.value];
      graph_.append(std::move(again));
      const auto& results = graph_.nodes.back().results;
      for (size_t i = 0; i < results.size(); ++i) {
        if (view.results[i] == kNoValue) continue;
        rewriter_.replace(view.results[i], results[i]);
        seen_[view.results[i]] = version;
      }
    }
  }

  // The operand that a value is a view of.
  ValueId parentOf(ValueId value) const {
    for (const TensorArgument& given : rewriter_.nodes[producer_[value]].tensors) {
      if (base_[given.value] == base_[value]) return given.value;
    }
    throw Refusal("a view has no operand that it is a view of");
  }

  // as_strided reads memory, not elements.
  void ownMemory(const Node& node) {
    const ValueId value = node.tensors.front().value;
    if (graph_.values[base_[value]].kind != Value::Kind::Result && !node.arguments[3].isNone()) {
      throw Refusal("as_strided reads the memory of an argument from an offset, and the function writes to it");
    }
    const ValueId now = rewriter_[value];
    const bool isSame = graph_.type(now).strides == graph_.type(value).strides;
    if (graph_.values[now].kind == Value::Kind::Result && !graph_.isView(now) && isSame) return;
    rewriter_.replace(value, rewriter_.copyWithStrides(now, graph_.type(value).strides));
  }

  void visit(Node& node) {
    const auto& name = node.op.operator_name().name;
    if (std::find(kRefused.begin(), kRefused.end(), name) != kRefused.end()) throw Refusal(name + " writes in place");
    if (node.is("aten::native_batch_norm") && node.arguments[5].toBool() && node.tensor(3) != kNoValue) {
      throw Refusal("native_batch_norm updates running statistics");
    }
    if (writesInPlace(node.op)) return write(node);
    if (node.is("aten::as_strided")) {
      // Tensors without elements share no memory: such a view is its own base.
      const ValueId view = node.results.front(), base = base_[view];
      ValueId& operand = node.tensors.front().value;
      if (base != view && operand != base && graph_.values[base].kind == Value::Kind::Result) {
        // Without an offset, the view starts where the operand does.
        if (node.arguments[3].isNone()) node.arguments[3] = c10::IValue(graph_.values[operand].offset);
        operand = base;
      }
    }
    for (const TensorArgument& given : node.tensors) read(given.value);
    const auto isOperand = [&](ValueId id) { return id == kNoValue || !isNew(node, id); };
    if (!node.results.empty() && std::all_of(node.results.begin(), node.results.end(), isOperand)) return;
    for (ValueId result : node.results) {
      if (result != kNoValue) seen_[result] = version_[base_[result]];
    }
    rewriter_.keep(node);
  }

  bool isNew(const Node& node, ValueId result) const {
    return std::none_of(node.tensors.begin(), node.tensors.end(),
                        [&](const TensorArgument& given) { return given.value == result; });
  }

  std::vector<ValueId> targetsOf(const Node& node) const {
    std::vector<ValueId> targets;
    for (const TensorArgument& given : node.tensors) {
      if (isWritten(node.op.schema().arguments()[given.argument])) targets.push_back(given.value);
    }
    return targets;
  }

  void checkTarget(const Node& node, ValueId target) const {
    const TensorType& type = graph_.type(target);
    if (graph_.inputsShareStorage && graph_.values[base_[target]].kind != Value::Kind::Result) {
      throw Refusal("arguments share memory, and " + node.name() + " writes to it");
    }
    // The target, or what it is a view of: a write to one element shows in others.
    for (ValueId value = target;; value = parentOf(value)) {
      const bool isStrided = graph_.type(value).layout == c10::kStrided;
      if (!isStrided || !isInjective(graph_.type(value))) throw Refusal(node.name() + " writes to an expanded tensor");
      if (value == base_[value]) break;
    }
    if (!isRandom(node.op) || !graph_.isView(target)) return;
    // The order in which a generator fills a tensor depends on its strides, which the functional form has to keep.
    if (!metaOf(type).is_non_overlapping_and_dense()) throw Refusal(node.name() + " fills a view with gaps");
  }

  void write(const Node& node) {
    const std::vector<ValueId> targets = targetsOf(node);
    for (ValueId target : targets) checkTarget(node, target);
    for (const TensorArgument& given : node.tensors) read(given.value);
    if (targets.empty()) return;
    if (node.is("aten::copy_"))
      return assign(targets[0], converted(graph_, copyOf(rewriter_[node.tensor(1)]), dtypeOf(targets[0])));
    if (node.is("aten::zero_") || node.is("aten::fill_.Scalar")) {
      const auto number = node.is("aten::zero_") ? c10::Scalar(0) : node.arguments[1].toScalar();
      const TensorType type = graph_.type(targets[0]);
      return assign(targets[0], filled(graph_, type.sizes, number, type));
    }
    if (node.is("aten::fill_.Tensor"))
      return assign(targets[0], converted(graph_, rewriter_[node.tensor(1)], dtypeOf(targets[0])));
    const auto form = functionalForm(node.op);
    if (!form) throw Refusal(node.name() + " has no functional form");
    if (node.is("aten::bernoulli_.float")) return bernoulli(node, *form, targets.front());
    const auto fresh = callForm(node, *form, targets.front());
    for (size_t i = 0; i < targets.size(); ++i) assign(targets[i], fresh[fresh.size() - targets.size() + i]);
    size_t next = 0;
    for (ValueId result : node.results) {
      if (result != kNoValue && isNew(node, result)) rewriter_.replace(result, fresh[next++]);
    }
  }

  // The elements of a tensor. The view of a conjugate has them without its conjugate bit, which some operators refuse.
  ValueId copyOf(ValueId value) {
    const bool mayBeConjugate = c10::isComplexType(graph_.type(value).dtype) && graph_.isView(value);
    return mayBeConjugate ? graph_.call("aten::clone", "", {value, c10::IValue()}) : value;
  }

  // Its functional form fills a contiguous tensor, whatever the strides are: the dimensions are put in the order of
  // memory.
  void bernoulli(const Node& node, const FunctionalForm& form, ValueId target) {
    const Sizes strides = graph_.type(target).strides;
    Sizes order(strides.size()), inverse(strides.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return strides[a] > strides[b]; });
    for (size_t d = 0; d < order.size(); ++d) inverse[order[d]] = static_cast<int64_t>(d);
    const ValueId before = rewriter_[target];
    rewriter_.replace(target, permuted(graph_, before, order));
    const ValueId drawn = callForm(node, form, target).front();
    rewriter_.replace(target, before);
    assign(target, permuted(graph_, drawn, inverse));
  }

  c10::ScalarType dtypeOf(ValueId value) const { return graph_.type(value).dtype; }

  std::vector<ValueId> callForm(const Node& node, const FunctionalForm& form, ValueId target) {
    Node functional{form.op, {}, {}, {}};
    const auto& parameters = form.op.schema().arguments();
    for (size_t i = 0; i < form.arguments.size(); ++i) {
      if (form.arguments[i] < 0) {
        functional.arguments.push_back(*parameters[i].default_value());
        // A factory: of what the tensor that it fills is made of.
        if (parameters[i].name() == "dtype") functional.arguments.back() = c10::IValue(dtypeOf(target));
        if (parameters[i].name() == "device") functional.arguments.back() = c10::IValue(graph_.type(target).device);
        continue;
      }
      functional.arguments.push_back(node.arguments[form.arguments[i]]);
      for (const TensorArgument& given : node.tensors) {
        if (given.argument != form.arguments[i]) continue;
        functional.tensors.push_back({static_cast<uint16_t>(i), given.element, rewriter_[given.value]});
      }
    }
    graph_.append(std::move(functional));
    return graph_.nodes.back().results;
  }

  // The contents of the target from now on. It is broadcast and converted to the target's type.
  void assign(ValueId target, ValueId contents) {
    contents = expanded(graph_, converted(graph_, contents, dtypeOf(target)), graph_.type(target).sizes);
    if (graph_.type(contents).isWrappedNumber) contents = contiguous(graph_, contents);
    const ValueId base = base_[target];
    for (ValueId view = target; view != base;) {
      const Node& node = rewriter_.nodes[producer_[view]];
      const ValueId parent = parentOf(view);
      read(parent);
      if (node.is("aten::as_strided")) ownMemory(node);
      contents = scatterView(graph_, node, view, parent, rewriter_[parent], contents);
      view = parent;
    }
    if (graph_.type(contents).strides != graph_.type(base).strides) {
      contents = rewriter_.copyWithStrides(contents, graph_.type(base).strides);
    }
    rewriter_.replace(base, contents);
    ++version_[base];
    seen_[base] = version_[base];
  }

  Rewriter rewriter_;
  Graph& graph_;
  size_t oldCount_;
  std::vector<ValueId> base_;      // of the old values
  std::vector<int32_t> version_;   // of an old base: how often it was written
  std::vector<int32_t> seen_;      // of an old value: the version that its replacement was derived from
  std::vector<int32_t> producer_;  // of an old value: the old node
};

}  // namespace

void functionalize(Graph& graph) { Functionalizer(graph).run(); }

}  // namespace torch_func::compile
