#pragma once
// The instructions of reductions over a few values.

#include <vector>

#include "compile/lowering/loops.h"
#include "compile/machine/builder.h"

namespace torch_func::compile {

// Whether a loop along a dimension has one result for each element, instead of one for all.
bool isElementwiseReduction(Loop::Kind kind);

struct Reduction {
  Builder& builder;
  const Loop& loop;
  Lane lane;
  bool finiteMath;

  // One value from those of the first operand, of the second one (if it has one) and the added term (or kNoId).
  Id combine(const std::vector<Id>& a, const std::vector<Id>& b, Id added);
  // Replaces the values of the first operand by the results.
  void along(std::vector<Id>& a, const std::vector<Id>& b);

 private:
  Id emit(Opcode opcode, Id a, Id b = kNoId, Id c = kNoId) { return builder.emit(opcode, lane, a, b, c); }
  Id with(Opcode opcode, Id a, double number) { return emit(opcode, a, builder.constant(lane, number)); }
  Id fold(Opcode opcode, const std::vector<Id>& values, double empty);
  Id sum(const std::vector<Id>& values) { return fold(Opcode::Add, values, 0); }
  Id products(const std::vector<Id>& a, const std::vector<Id>& b);
  Id multiplyAdd(Id a, Id b, Id sum);
  Id norm(const std::vector<Id>& values);
  Id variance(const std::vector<Id>& values);
};

}  // namespace torch_func::compile
