#pragma once
// Builds programs of the vector machine from values that are computed once (SSA): equal values are merged, constants
// folded, unused ones removed, and registers assigned.

#include <c10/util/ArrayRef.h>

#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include "compile/machine/program.h"

namespace torch_func::compile {

// A value in a Builder.
using Id = int32_t;
inline constexpr Id kNoId = -1;

class Builder {
 public:
  struct Options {
    // Take 0 * x = 0 and x + 0 = x also where x may be infinite, NaN or -0: for zeros that stand for "no dependence".
    bool finiteMath = false;
  };

  // While it exists, emit() takes the numbers as eager execution does.
  class ExactMath {
   public:
    ExactMath(Builder& builder, bool isNeeded) : builder_(builder), before_(builder.options.finiteMath) {
      if (isNeeded) builder.options.finiteMath = false;
    }
    ~ExactMath() { builder_.options.finiteMath = before_; }
    ExactMath(const ExactMath&) = delete;
    ExactMath& operator=(const ExactMath&) = delete;

   private:
    Builder& builder_;
    bool before_;
  };

  Builder() : Builder(Options{}) {}
  explicit Builder(Options options) : options(options) {}

  Id load(const Operand& operand);
  Id constant(Lane lane, double value);
  // The value of an instruction. Takes the general opcodes: constants become immediates here. `loop` comes from
  // addLoop(), for opcodes with a vector and a scalar version.
  Id emit(Opcode opcode, Lane lane, Id a, Id b = kNoId, Id c = kNoId, double immediate = 0, uint16_t loop = 0);
  // The value in another lane type, rounded to nearest. For a load, it is loaded in that type.
  Id convert(Id value, Lane lane);
  // Describes the loop of eager execution for emit(). The same description has the same number.
  uint16_t addLoop(const EagerLoop& loop);

  Lane lane(Id value) const { return values[value].lane; }
  bool isConstant(Id value) const { return values[value].kind == Value::Kind::Constant; }
  double constantOf(Id value) const { return values[value].immediate; }
  bool isConstant(Id value, double number) const;  // the same bits: 0.0 is not -0.0

  // operand.lane is that of the value.
  struct Store {
    Id value;
    Operand operand;
  };
  // The program that computes the stores for the points of the space, in row-major order. Throws if it needs more
  // registers than there can be (65,000).
  Program finish(c10::ArrayRef<int64_t> space, c10::ArrayRef<Store> stores) const;

  size_t size() const { return values.size(); }

 private:
  friend class Assembler;
  struct Value {
    enum class Kind : uint8_t { Load, Constant, Instruction };
    Kind kind;
    Lane lane;
    Opcode opcode{};
    uint16_t loop = 0;
    Id a = kNoId, b = kNoId, c = kNoId;  // of a load: a is the index of the operand
    double immediate = 0;

    bool operator==(const Value& other) const;
  };
  struct Hash {
    size_t operator()(const Value& value) const;
  };

  Id add(const Value& value);
  Id simplify(Opcode opcode, Lane lane, Id a, Id b, Id c, double immediate);
  Id fold(const Value& value);

  Options options;
  std::vector<Value> values;
  std::vector<Operand> operands;
  std::vector<EagerLoop> loops;
  std::unordered_map<Value, Id, Hash> known;
  std::unordered_map<uint64_t, Id> loads;  // by a hash of the operand
  std::map<std::vector<int64_t>, uint16_t> knownLoops;
};

}  // namespace torch_func::compile
