#pragma once
// One call of an elementwise operator while its instructions are emitted: what the rules of pointwise.cpp work with.

#include <c10/core/Scalar.h>

#include <map>
#include <string_view>
#include <utility>

#include "compile/lowering/pointwise.h"

namespace torch_func::compile {

class Call {
 public:
  Call(Builder& builder, const Graph& graph, const Node& node, c10::ArrayRef<Id> operands, const Points& points)
      : builder(builder), graph(graph), node(node), operands(operands), points(points) {}

  // Chooses the type of the computation, as TensorIterator does: the common type of the tensors, or float32 for
  // integers and bool if `promotesIntegers`. False if the machine cannot compute in it.
  bool computeInCommonType(bool promotesIntegers);
  bool computeIn(c10::ScalarType type);
  // Whether the operands keep their values as integers of this type. ATen's conversion wraps around: 300 is 44 in
  // uint8.
  bool keepsValues(c10::ScalarType type) const;
  // Numbers of this type are exact, and the machine's operations on them too.
  bool isFloating() const { return dtype == c10::ScalarType::Float || dtype == c10::ScalarType::Double; }
  bool isBool() const { return dtype == c10::ScalarType::Bool; }

  bool has(size_t argument) const { return node.tensor(argument) != kNoValue; }
  const TensorType& type(size_t argument) const { return graph.type(node.tensor(argument)); }
  const TensorType& result() const { return graph.type(node.results[0]); }
  // ATen's CUDA kernels have only scalar loops, and formulas of their own for a few operators.
  bool isCuda() const { return result().device.is_cuda(); }
  const c10::IValue& argument(size_t index) const { return node.arguments[index]; }
  // An argument in the type of the computation: a tensor, or a number.
  Id operator[](size_t argument);
  // A tensor argument as it is.
  Id raw(size_t argument) const;
  // A number given as argument, rounded to the type of the computation; `missing` if it is None.
  double number(size_t argument, double missing = 0) const;
  double rounded(double value) const;

  Id constant(double value) { return builder.constant(lane, value); }
  Id emit(Opcode opcode, Id a, Id b = kNoId, Id c = kNoId, double immediate = 0) {
    return builder.emit(opcode, lane, a, b, c, immediate);
  }
  // Of a function with a vector and a scalar version.
  Id emitInLoop(Opcode opcode, Id a, Id b = kNoId, double immediate = 0) {
    return builder.emit(opcode, lane, a, b, kNoId, immediate, loop());
  }

  Id add(Id a, Id b) { return emit(Opcode::Add, a, b); }
  Id sub(Id a, Id b) { return emit(Opcode::Sub, a, b); }
  Id mul(Id a, Id b) { return emit(Opcode::Mul, a, b); }
  Id div(Id a, Id b) { return emit(Opcode::Div, a, b); }
  Id add(Id a, double b) { return add(a, constant(b)); }
  Id sub(Id a, double b) { return sub(a, constant(b)); }
  Id mul(Id a, double b) { return mul(a, constant(b)); }
  Id div(Id a, double b) { return div(a, constant(b)); }
  Id sub(double a, Id b) { return sub(constant(a), b); }
  Id div(double a, Id b) { return div(constant(a), b); }
  Id neg(Id a) { return emit(Opcode::Neg, a); }
  Id less(Id a, Id b) { return emit(Opcode::Less, a, b); }
  Id lessEqual(Id a, Id b) { return emit(Opcode::LessEqual, a, b); }
  Id less(Id a, double b) { return less(a, constant(b)); }
  Id lessEqual(Id a, double b) { return lessEqual(a, constant(b)); }
  Id greater(Id a, double b) { return less(constant(b), a); }
  Id greaterEqual(Id a, double b) { return lessEqual(constant(b), a); }
  Id where(Id condition, Id yes, Id no) { return emit(Opcode::Where, condition, yes, no); }

  // The loop of eager execution, for emit().
  uint16_t loop();
  // 1 for the elements that vector code computes, 0 for the others.
  Id isVectorLoop(Id like) { return emitInLoop(Opcode::IsVectorLoop, like); }
  // Whether x is NaN and scalar code computes the element.
  Id isNanInScalarLoop(Id x) { return emit(Opcode::And, emit(Opcode::IsNan, x), emit(Opcode::Not, isVectorLoop(x))); }
  // Whether the loop has vector code, and this tensor argument is the same number in each run of it.
  bool isScalarOfLoop(size_t argument);
  // That of a kernel without vector code.
  uint16_t scalarLoop();
  // Refuses the call.
  static constexpr Id kRefused = kNoId;

  Builder& builder;
  const Graph& graph;
  const Node& node;
  c10::ArrayRef<Id> operands;
  const Points& points;
  c10::ScalarType dtype = c10::ScalarType::Float;
  Lane lane = Lane::F32;
  bool hasAvx512Version = true;  // of the kernel of ATen
  Id second = kNoId;             // the second result, of the few operators with two

 private:
  int32_t knownLoop = -1;
  int32_t scalarOperand = -1;
};

// A rule emits the instructions of an operator and returns its first result, or kNoId to refuse the call.
struct Rule {
  enum class Type : uint8_t {
    Own,       // the rule chooses the type of the computation
    Common,    // floating point only
    Promoted,  // floating point; integers and bool become float32
    Any,       // also bool and integers of at most 32 bits, for operations that are exact on them
  };
  Type type;
  Id (*emit)(Call& call);
  bool hasAvx512Version = true;
};

using Rules = std::map<std::string_view, Rule>;

// By the subject of the operators.
void addArithmeticRules(Rules& rules);
void addFunctionRules(Rules& rules);
void addComparisonRules(Rules& rules);
void addActivationRules(Rules& rules);
void addCopyRules(Rules& rules);

}  // namespace torch_func::compile
