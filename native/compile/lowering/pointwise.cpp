// Finds the rule of a call, and the type that it computes in.

#include "compile/lowering/pointwise.h"

#include <c10/core/DefaultDtype.h>
#include <c10/core/ScalarType.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "compile/lowering/call.h"
#include "compile/lowering/eager_loop.h"
#include "compile/machine/kernels.h"
#include "compile/machine/walk.h"

namespace torch_func::compile {

namespace {

const Rules& rules() {
  static const Rules all = [] {
    Rules result;
    addArithmeticRules(result);
    addFunctionRules(result);
    addComparisonRules(result);
    addActivationRules(result);
    addCopyRules(result);
    return result;
  }();
  return all;
}

// Of ATen: tensors decide, then tensors without dimensions, then numbers, unless a later one is of a higher kind.
class CommonType {
 public:
  void add(const TensorType& type) {
    if (type.isWrappedNumber) {
      const bool isFloating = c10::isFloatingType(type.dtype);
      promote(&numbers, isFloating ? c10::get_default_dtype_as_scalartype() : type.dtype);
    } else {
      promote(type.sizes.empty() ? &scalars : &tensors, type.dtype);
    }
  }

  c10::ScalarType get() const { return combine(tensors, combine(scalars, numbers)); }

 private:
  static constexpr c10::ScalarType kNone = c10::ScalarType::Undefined;
  static void promote(c10::ScalarType* state, c10::ScalarType type) {
    *state = *state == kNone ? type : c10::promoteTypes(*state, type);
  }
  static c10::ScalarType combine(c10::ScalarType higher, c10::ScalarType lower) {
    if (higher == kNone) return lower;
    if (lower == kNone || c10::isFloatingType(higher)) return higher;
    if (higher == c10::ScalarType::Bool || c10::isFloatingType(lower)) return c10::promoteTypes(higher, lower);
    return higher;
  }

  c10::ScalarType tensors = kNone, scalars = kNone, numbers = kNone;
};

bool hasMachineType(const TensorType& type) {
  return isMachineDevice(type.device) && type.layout == c10::kStrided && isMachineType(type.dtype);
}

bool hasMachineTypes(const Graph& graph, const Node& node) {
  const auto isSupported = [&](ValueId value) { return hasMachineType(graph.type(value)); };
  for (const TensorArgument& given : node.tensors) {
    if (!isSupported(given.value)) return false;
  }
  for (ValueId result : node.results) {
    if (result == kNoValue || !isSupported(result)) return false;
  }
  return !node.results.empty();
}

// A zero that the function writes as a number is no missing dependence: 0 * NaN is NaN.
bool hasZeroNumber(const Builder& builder, const Graph& graph, const Node& node, c10::ArrayRef<Id> operands) {
  for (size_t i = 0; i < operands.size(); ++i) {
    if (graph.type(node.tensors[i].value).isWrappedNumber && builder.isConstant(operands[i]) &&
        builder.constantOf(operands[i]) == 0) {
      return true;
    }
  }
  const auto& parameters = node.op.schema().arguments();
  for (size_t i = 0; i < parameters.size(); ++i) {
    const c10::IValue& value = node.arguments[i];
    const bool isNumber = parameters[i].type()->kind() == c10::TypeKind::NumberType && value.isScalar();
    if (isNumber && !value.isComplexDouble() && value.toScalar().to<double>() == 0) return true;
  }
  return false;
}

}  // namespace

bool Call::computeIn(c10::ScalarType type) {
  dtype = type;
  lane = laneOf(type);
  return isMachineType(type) && keepsValues(type);
}

bool Call::keepsValues(c10::ScalarType type) const {
  if (!c10::isIntegralType(type, /*includeBool=*/false) || type == c10::ScalarType::Long) return true;
  const int bits = static_cast<int>(8 * c10::elementSize(type));
  const bool isSigned = type != c10::ScalarType::Byte;
  const auto holds = [&](const c10::Scalar& number) {
    const double value = number.toDouble();
    return value >= (isSigned ? -std::ldexp(1, bits - 1) : 0) && value < std::ldexp(1, isSigned ? bits - 1 : bits);
  };
  for (const TensorArgument& given : node.tensors) {
    const Value& value = graph.values[given.value];
    if (c10::promoteTypes(value.type.dtype, type) == type) continue;
    const bool isNumber = value.kind == Value::Kind::Constant && value.type.numel() == 1;
    if (!isNumber || !holds(value.tensor.item())) return false;
  }
  return std::all_of(node.arguments.begin(), node.arguments.end(), [&](const c10::IValue& argument) {
    return !argument.isScalar() || argument.isComplexDouble() || holds(argument.toScalar());
  });
}

bool Call::computeInCommonType(bool promotesIntegers) {
  CommonType common;
  for (const TensorArgument& given : node.tensors) common.add(graph.type(given.value));
  c10::ScalarType type = common.get();
  // A number as argument takes part like a tensor of a number.
  if (c10::isIntegralType(type, true) && (promotesIntegers || c10::isFloatingType(result().dtype))) {
    type = c10::get_default_dtype_as_scalartype();
  }
  return computeIn(type);
}

Id Call::raw(size_t argument) const {
  for (size_t i = 0; i < node.tensors.size(); ++i) {
    if (node.tensors[i].argument == argument && node.tensors[i].element < 0) return operands[i];
  }
  return kNoId;
}

Id Call::operator[](size_t index) {
  const Id tensor = raw(index);
  return tensor != kNoId ? builder.convert(tensor, lane) : constant(number(index));
}

double Call::rounded(double value) const {
  return lane == Lane::F32 ? static_cast<double>(static_cast<float>(value)) : value;
}

double Call::number(size_t index, double missing) const {
  const c10::IValue& value = argument(index);
  return rounded(value.isNone() ? missing : value.toScalar().to<double>());
}

uint16_t Call::loop() {
  if (isCuda()) return scalarLoop();
  if (knownLoop < 0) {
    std::vector<const TensorType*> types;
    std::vector<TensorType> converted;
    converted.reserve(node.tensors.size());
    for (const TensorArgument& given : node.tensors) {
      types.push_back(&graph.type(given.value));
      if (types.back()->dtype == dtype) continue;
      // TensorIterator walks over a converted copy, which has other strides where the operand is not dense.
      converted.push_back(typeOf(metaOf(*types.back()).to(dtype)));
      types.back() = &converted.back();
    }
    const int64_t vectorSize = eagerVectorSize(lane, hasAvx512Version);
    knownLoop = builder.addLoop(eagerLoop(result(), types, points, vectorSize, &scalarOperand));
  }
  return static_cast<uint16_t>(knownLoop);
}

bool Call::isScalarOfLoop(size_t argument) {
  loop();
  return scalarOperand >= 0 && node.tensors[scalarOperand].argument == argument;
}

uint16_t Call::scalarLoop() {
  EagerLoop loop;
  loop.strides.resize(points.spaceDimensions, 0);
  return builder.addLoop(loop);
}

std::optional<Results> emitPointwise(Builder& builder, const Graph& graph, const Node& node, c10::ArrayRef<Id> operands,
                                     const Points& points) {
  const auto found = rules().find(node.name());
  if (found == rules().end() || !hasMachineTypes(graph, node)) return std::nullopt;
  const Rule& rule = found->second;
  Call call(builder, graph, node, operands, points);
  call.hasAvx512Version = rule.hasAvx512Version;
  if (rule.type != Rule::Type::Own) {
    if (!call.computeInCommonType(rule.type == Rule::Type::Promoted)) return std::nullopt;
    if (!call.isFloating() && (rule.type != Rule::Type::Any || call.dtype == c10::ScalarType::Long)) {
      return std::nullopt;
    }
  }
  const Builder::ExactMath exact(builder, hasZeroNumber(builder, graph, node, operands));
  const Id first = rule.emit(call);
  if (first == kNoId) return std::nullopt;
  Results results{builder.convert(first, laneOf(call.result().dtype))};
  if (call.second != kNoId) results.push_back(builder.convert(call.second, laneOf(graph.type(node.results[1]).dtype)));
  return results.size() == node.results.size() ? std::optional(std::move(results)) : std::nullopt;
}

std::string whyNotPointwise(const Graph& graph, const Node& node) {
  if (isPointwise(graph, node)) return "";
  if (isRandom(node.op)) return "it draws random numbers";
  if (rules().count(node.name()) == 0) {
    return node.op.hasTag(at::Tag::pointwise) ? "the vector machine has no instructions for it"
                                              : "it is not elementwise";
  }
  const auto refused = [&](ValueId id) { return id != kNoValue && !hasMachineType(graph.type(id)); };
  const auto why = [&](ValueId id) {
    return std::string("the vector machine has no numbers of dtype ") + c10::toString(graph.type(id).dtype);
  };
  for (const TensorArgument& given : node.tensors) {
    if (refused(given.value)) return why(given.value);
  }
  for (ValueId id : node.results) {
    if (refused(id)) return why(id);
  }
  return "the vector machine has no instructions for it with these dtypes and arguments";
}

bool isPointwise(const Graph& graph, const Node& node) {
  if (rules().count(node.name()) == 0 || !hasMachineTypes(graph, node)) return false;
  Builder builder;
  std::vector<Id> operands;
  for (const TensorArgument& given : node.tensors) {
    const TensorType& type = graph.type(given.value);
    Operand operand;
    operand.buffer = given.value;
    operand.dtype = type.dtype;
    operand.lane = laneOf(type.dtype);
    operands.push_back(builder.load(operand));
  }
  const Points points = Points::all(graph.type(node.results[0]).sizes.size());
  return emitPointwise(builder, graph, node, operands, points).has_value();
}

}  // namespace torch_func::compile
