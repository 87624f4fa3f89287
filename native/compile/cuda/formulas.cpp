// The formulas of generated kernels: those of ATen's CUDA kernels.

#include "compile/cuda/formulas.h"

#include <cmath>
#include <cstdio>
#include <stdexcept>

namespace torch_func::compile {

namespace {

// In a formula, $a, $b and $c are the operands, $i is the immediate number, T the type, and name$ the function of the
// C library for the type: sinf or sin.
const char* formulaOf(Opcode opcode) {
  switch (opcode) {
    case Opcode::Load:
    case Opcode::Store: break;
    case Opcode::Add: return "$a + $b";
    case Opcode::Sub: return "$a - $b";
    case Opcode::Mul: return "$a * $b";
    case Opcode::Div: return "$a / $b";
    case Opcode::AddImmediate: return "$a + $i";
    case Opcode::RsubImmediate: return "$i - $a";
    case Opcode::MulImmediate: return "$a * $i";
    case Opcode::DivImmediate: return "$a / $i";
    case Opcode::RdivImmediate: return "$i / $a";
    case Opcode::MulAdd: return "fma$($a, $b, $c)";
    case Opcode::NegMulAdd: return "fma$(-$a, $b, $c)";
    case Opcode::MulSub: return "fma$($a, $b, -$c)";
    case Opcode::MulAddImmediate: return "fma$($a, $i, $b)";
    case Opcode::Neg: return "-$a";
    case Opcode::Abs: return "fabs$($a)";
    case Opcode::Sign: return "(T)((0 < $a) - ($a < 0))";
    case Opcode::Reciprocal: return "1 / $a";
    case Opcode::Rsqrt: return "rsqrt$($a)";
    case Opcode::Floor: return "floor$($a)";
    case Opcode::Ceil: return "ceil$($a)";
    case Opcode::Round: return "nearbyint$($a)";
    case Opcode::Trunc: return "trunc$($a)";
    case Opcode::Maximum: return "$a != $a ? $a : $b != $b ? $b : fmax$($a, $b)";
    case Opcode::Minimum: return "$a != $a ? $a : $b != $b ? $b : fmin$($a, $b)";
    case Opcode::MaximumImmediate: return "$a != $a ? $a : $i != $i ? $i : fmax$($a, $i)";
    case Opcode::MinimumImmediate: return "$a != $a ? $a : $i != $i ? $i : fmin$($a, $i)";
    case Opcode::ClampMinImmediate: return "$a != $a ? $a : fmax$($a, $i)";
    case Opcode::ClampMaxImmediate: return "$a != $a ? $a : fmin$($a, $i)";
    case Opcode::Fmax: return "fmax$($a, $b)";
    case Opcode::Fmin: return "fmin$($a, $b)";
    case Opcode::Copysign: return "copysign$($a, $b)";
    case Opcode::Nextafter: return "nextafter$($a, $b)";
    case Opcode::Less: return "$a < $b";
    case Opcode::LessEqual: return "$a <= $b";
    case Opcode::Equal: return "$a == $b";
    case Opcode::NotEqual: return "$a != $b";
    case Opcode::LessImmediate: return "$a < $i";
    case Opcode::LessEqualImmediate: return "$a <= $i";
    case Opcode::GreaterImmediate: return "$a > $i";
    case Opcode::GreaterEqualImmediate: return "$a >= $i";
    case Opcode::EqualImmediate: return "$a == $i";
    case Opcode::NotEqualImmediate: return "$a != $i";
    case Opcode::IsNan: return "$a != $a";
    case Opcode::And: return "$a != 0 && $b != 0";
    case Opcode::Or: return "$a != 0 || $b != 0";
    case Opcode::Xor: return "($a != 0) != ($b != 0)";
    case Opcode::Not: return "$a == 0";
    case Opcode::Where: return "$a != 0 ? $b : $c";
    case Opcode::Convert: return "(T)$a";
    case Opcode::ToInt64: return "(T)(long long)$a";
    case Opcode::ToInt32: return "(T)(int)$a";
    case Opcode::Exp:
    case Opcode::LoopExp: return "exp$($a)";
    case Opcode::Sqrt: return "sqrt$($a)";
    case Opcode::Log:
    case Opcode::LoopLog: return "log$($a)";
    case Opcode::Log2: return "log2$($a)";
    case Opcode::Log10: return "log10$($a)";
    case Opcode::Sin: return "sin$($a)";
    case Opcode::Cos: return "cos$($a)";
    case Opcode::Tan: return "tan$($a)";
    case Opcode::Asin: return "asin$($a)";
    case Opcode::Acos: return "acos$($a)";
    case Opcode::Atan: return "atan$($a)";
    case Opcode::Tanh:
    case Opcode::LoopTanh: return "tanh$($a)";
    case Opcode::Erf:
    case Opcode::LoopErf: return "erf$($a)";
    case Opcode::Erfc: return "erfc$($a)";
    case Opcode::Erfinv: return "erfinv$($a)";
    case Opcode::LoopExp2: return "exp2$($a)";
    case Opcode::Expm1: return "expm1$($a)";
    case Opcode::Log1p: return "log1p$($a)";
    case Opcode::Sinh: return "sinh$($a)";
    case Opcode::Cosh: return "cosh$($a)";
    case Opcode::Asinh: return "asinh$($a)";
    case Opcode::Acosh: return "acosh$($a)";
    case Opcode::Atanh: return "atanh$($a)";
    case Opcode::Lgamma: return "lgamma$($a)";
    case Opcode::Pow: return "pow$($a, $b)";
    case Opcode::PowImmediate: return "pow$($a, $i)";
    case Opcode::Atan2: return "atan2$($a, $b)";
    case Opcode::Hypot: return "hypot$($a, $b)";
    case Opcode::Fmod: return "fmod$($a, $b)";
    case Opcode::IsVectorLoop: return "0";
  }
  throw std::logic_error("an opcode without a formula");
}

}  // namespace

std::string literal(double value, Lane lane) {
  const bool isFloat = lane == Lane::F32;
  if (isFloat) value = static_cast<float>(value);
  if (std::isnan(value)) return isFloat ? "__int_as_float(0x7fc00000)" : "__longlong_as_double(0x7ff8000000000000ll)";
  if (std::isinf(value)) {
    const std::string infinity = isFloat ? "__int_as_float(0x7f800000)" : "__longlong_as_double(0x7ff0000000000000ll)";
    return value < 0 ? "-" + infinity : infinity;
  }
  char text[48];
  std::snprintf(text, sizeof(text), isFloat ? "%af" : "%a", value);
  return text;
}

std::string formulaOf(const Instruction& instruction, const std::string& a, const std::string& b,
                      const std::string& c) {
  const bool isFloat = instruction.lane == Lane::F32;
  std::string text;
  for (const char* at = formulaOf(instruction.opcode); *at != '\0'; ++at) {
    if (*at == 'T') {
      text += isFloat ? "float" : "double";
    } else if (*at != '$') {
      text += *at;
    } else if (at[1] == '(') {
      if (isFloat) text += 'f';
    } else {
      switch (*++at) {
        case 'a': text += a; break;
        case 'b': text += b; break;
        case 'c': text += c; break;
        default: text += literal(instruction.immediate, instruction.lane);
      }
    }
  }
  return text;
}

}  // namespace torch_func::compile
