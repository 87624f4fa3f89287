#pragma once
// The operators without writes that do the same as those that write in place.

#include <optional>

#include "compile/graph/graph.h"

namespace torch_func::compile {

struct FunctionalForm {
  c10::OperatorHandle op;
  // For each argument of the functional form the argument of the operator in place, or -1.
  std::vector<int32_t> arguments;
};

// Returns new contents of the arguments that the operator writes, after the results that are new tensors anyway.
std::optional<FunctionalForm> functionalForm(const c10::OperatorHandle& op);

}  // namespace torch_func::compile
