// See Note [Dynamic sizes].

#include "compile/call/dynamic_graph.h"

#include <ATen/Functions.h>
#include <ATen/core/LegacyTypeDispatch.h>

#include <bit>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace torch_func::compile {

namespace {

struct Difference : std::runtime_error {
  using std::runtime_error::runtime_error;
};

void require(bool holds, const std::string& what) {
  if (!holds) throw Difference(what);
}

// Walks over two graphs and a third that is to become the one for another size. `size` 0: only compares.
class Comparison {
 public:
  Comparison(const Graph& first, const Graph& second, TwoSizes sizes, int64_t size, Graph* result)
      : first_(first), second_(second), sizes_(sizes), size_(size), result_(result) {}

  void run() {
    require(first_.values.size() == second_.values.size() && first_.nodes.size() == second_.nodes.size(),
            "the number of operators depends on the size");
    require(first_.inputs == second_.inputs && first_.closures == second_.closures && first_.outputs == second_.outputs,
            "the results depend on the size in other ways than by their shapes");
    require(first_.writeBacks.empty() && second_.writeBacks.empty(), "the function writes to an argument");
    for (size_t id = 0; id < first_.values.size(); ++id) compareValue(id);
    for (size_t i = 0; i < first_.nodes.size(); ++i) compareNode(i);
  }

 private:
  int64_t number(int64_t a, int64_t b, const std::string& what) const {
    require(sizes_.generalizes(a, b), what + " is " + std::to_string(a) + " for size " + std::to_string(sizes_.first) +
                                          " and " + std::to_string(b) + " for size " + std::to_string(sizes_.second));
    return size_ == 0 ? b : sizes_.at(size_, a, b);
  }

  template <typename List>
  void numbers(const List& a, const List& b, const std::string& what, List* result) const {
    require(a.size() == b.size(), "the number of dimensions depends on the size");
    for (size_t i = 0; i < a.size(); ++i) {
      const int64_t now = number(a[i], b[i], what);
      if (result != nullptr) (*result)[i] = now;
    }
  }

  void compareValue(size_t id) {
    const Value &a = first_.values[id], &b = second_.values[id];
    const std::string name = "%" + std::to_string(id);
    require(a.kind == b.kind && a.base == b.base && a.producer == b.producer, "operators share memory in other ways");
    require(a.type.dtype == b.type.dtype && a.type.device == b.type.device && a.type.layout == b.type.layout &&
                a.type.isWrappedNumber == b.type.isWrappedNumber,
            "a dtype depends on the size");
    Value* result = result_ == nullptr ? nullptr : &result_->values[id];
    if (a.kind == Value::Kind::Constant) {
      compareConstant(a.tensor, b.tensor, result);
      return;
    }
    if (a.kind == Value::Kind::Closure) {
      require(a.tensor.is_same(b.tensor), "the function uses another tensor from outside");
      return;
    }
    numbers(a.type.sizes, b.type.sizes, "a size of " + name, result ? &result->type.sizes : nullptr);
    numbers(a.type.strides, b.type.strides, "a stride of " + name, result ? &result->type.strides : nullptr);
    const int64_t offset = number(a.offset, b.offset, "the offset of " + name);
    if (result != nullptr) result->offset = offset;
  }

  void compareConstant(const at::Tensor& a, const at::Tensor& b, Value* result) const {
    require(a.sizes() == b.sizes() && a.strides() == b.strides(), "the shape of a constant depends on the size");
    if (a.is_alias_of(b) && a.storage_offset() == b.storage_offset()) return;
    const at::Tensor x = a.contiguous(), y = b.contiguous();
    if (std::memcmp(x.const_data_ptr(), y.const_data_ptr(), x.nbytes()) == 0) return;
    require(a.numel() == 1 && !a.is_complex(), "the values of a constant depend on the size");
    const double now = multiple(a.item().toDouble(), b.item().toDouble());
    if (result == nullptr) return;
    result->tensor = at::full_like(b, now);
    if (result->type.isWrappedNumber) result->tensor.unsafeGetTensorImpl()->set_wrapped_number(true);
  }

  double multiple(double a, double b) const {
    constexpr double kLargest = 9007199254740992;  // integers up to here are exact
    require(std::abs(a) < kLargest && std::abs(b) < kLargest && a == std::trunc(a) && b == std::trunc(b),
            "a number depends on the size in another way than by a factor");
    return static_cast<double>(number(static_cast<int64_t>(a), static_cast<int64_t>(b), "a number"));
  }

  void compareNode(size_t i) {
    const Node &a = first_.nodes[i], &b = second_.nodes[i];
    require(a.op == b.op && a.results == b.results && a.tensors.size() == b.tensors.size(),
            "the operators depend on the size");
    const std::string name = a.name();
    for (size_t k = 0; k < a.tensors.size(); ++k) {
      require(a.tensors[k].argument == b.tensors[k].argument && a.tensors[k].element == b.tensors[k].element &&
                  a.tensors[k].value == b.tensors[k].value,
              "the operands of " + name + " depend on the size");
    }
    for (size_t k = 0; k < a.arguments.size(); ++k) {
      c10::IValue now = argument(a.arguments[k], b.arguments[k], name);
      if (result_ != nullptr) result_->nodes[i].arguments[k] = std::move(now);
    }
  }

  c10::IValue argument(const c10::IValue& a, const c10::IValue& b, const std::string& name) const {
    const std::string what = "an argument of " + name;
    require(a.tagKind() == b.tagKind(), what + " depends on the size");
    if (a.isInt()) return number(a.toInt(), b.toInt(), what);
    if (a.isIntList()) {
      auto result = b.toIntVector();
      numbers(a.toIntVector(), b.toIntVector(), what, &result);
      return c10::IValue(result);
    }
    if (a.isDouble()) {
      if (std::bit_cast<uint64_t>(a.toDouble()) == std::bit_cast<uint64_t>(b.toDouble())) return b;
      return multiple(a.toDouble(), b.toDouble());
    }
    if (a.isOptionalTensorList()) {
      require(a.toListRef().size() == b.toListRef().size(), what + " depends on the size");
      return b;
    }
    if (a.isBoolList()) {
      require(a.toBoolList() == b.toBoolList(), what + " depends on the size");
      return b;
    }
    if (a.isDoubleList()) {
      require(a.toDoubleVector() == b.toDoubleVector(), what + " depends on the size");
      return b;
    }
    const bool isComparable = a.isNone() || a.isBool() || a.isDevice() || a.isString() || a.isGenerator();
    require(isComparable && a == b, what + " depends on the size");
    return b;
  }

  const Graph& first_;
  const Graph& second_;
  TwoSizes sizes_;
  int64_t size_;
  Graph* result_;
};

// Runs the operators on tensors without data: their results must have the types of the graph.
void checkTypes(const Graph& graph) {
  const at::AutoDispatchBelowADInplaceOrView below;
  for (const Node& node : graph.nodes) {
    Graph single;
    std::vector<ValueId> numbers(graph.values.size(), kNoValue);
    Node copy = node;
    for (TensorArgument& given : copy.tensors) {
      ValueId& number = numbers[given.value];
      if (number == kNoValue) {
        const Value& value = graph.values[given.value];
        number = static_cast<ValueId>(single.values.size());
        Value operand;
        operand.kind = Value::Kind::Input;
        operand.type = value.type;
        operand.base = number;
        single.values.push_back(std::move(operand));
      }
      given.value = number;
    }
    single.append(std::move(copy));
    const auto& results = single.nodes.back().results;
    require(results.size() == node.results.size(), node.name() + " has another number of results");
    for (size_t i = 0; i < node.results.size(); ++i) {
      if (node.results[i] == kNoValue) continue;
      require(results[i] != kNoValue && single.type(results[i]).sizes == graph.type(node.results[i]).sizes &&
                  single.type(results[i]).dtype == graph.type(node.results[i]).dtype,
              node.name() + " has a result of another shape");
    }
  }
}

}  // namespace

std::unique_ptr<DynamicGraph> DynamicGraph::from(Graph first, Graph second, TwoSizes sizes, std::string& reason) {
  try {
    Comparison(first, second, sizes, 0, nullptr).run();
  } catch (const Difference& difference) {
    reason = difference.what();
    return nullptr;
  }
  return std::unique_ptr<DynamicGraph>(new DynamicGraph(std::move(first), std::move(second), sizes));
}

Graph DynamicGraph::at(int64_t size) const {
  Graph result = second_;
  Comparison(first_, second_, sizes_, size, &result).run();
  checkTypes(result);
  return result;
}

}  // namespace torch_func::compile
