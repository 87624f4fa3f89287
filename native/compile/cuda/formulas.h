#pragma once
// The instructions of the vector machine as expressions of CUDA C++.

#include <string>

#include "compile/machine/program.h"

namespace torch_func::compile {

// A number, exactly.
std::string literal(double value, Lane lane);

// The value of an instruction whose operands have these names. Not for transfers.
std::string formulaOf(const Instruction& instruction, const std::string& a, const std::string& b, const std::string& c);

}  // namespace torch_func::compile
