// The instructions of the vector machine: target = f(a, b, c), where i is the instruction's immediate number. Truth
// values are 0 and 1 in the lane type; any other number counts as true, NaN too. Not a header: included for its list.
// clang-format off

// Transfers between memory and registers: `immediate` is the index of the transfer.
TORCH_FUNC_OPCODE(Load)
TORCH_FUNC_OPCODE(Store)

TORCH_FUNC_OPCODE(Add)
TORCH_FUNC_OPCODE(Sub)
TORCH_FUNC_OPCODE(Mul)
TORCH_FUNC_OPCODE(Div)
TORCH_FUNC_OPCODE(AddImmediate)   // a + i
TORCH_FUNC_OPCODE(RsubImmediate)  // i - a
TORCH_FUNC_OPCODE(MulImmediate)   // a * i
TORCH_FUNC_OPCODE(DivImmediate)   // a / i
TORCH_FUNC_OPCODE(RdivImmediate)  // i / a
// Rounded once where ATen's kernels are compiled for processors with fused multiply-add, else twice, as there.
TORCH_FUNC_OPCODE(MulAdd)           // a * b + c
TORCH_FUNC_OPCODE(NegMulAdd)        // c - a * b
TORCH_FUNC_OPCODE(MulSub)           // a * b - c
TORCH_FUNC_OPCODE(MulAddImmediate)  // a * i + b

TORCH_FUNC_OPCODE(Neg)
TORCH_FUNC_OPCODE(Abs)
TORCH_FUNC_OPCODE(Sign)  // 0 for NaN
TORCH_FUNC_OPCODE(Reciprocal)
TORCH_FUNC_OPCODE(Rsqrt)
TORCH_FUNC_OPCODE(Floor)
TORCH_FUNC_OPCODE(Ceil)
TORCH_FUNC_OPCODE(Round)  // half to even
TORCH_FUNC_OPCODE(Trunc)

// NaN if one of the two is. Of two zeros the second one in vector loops, the first one in scalar loops.
TORCH_FUNC_OPCODE(Maximum)
TORCH_FUNC_OPCODE(Minimum)
TORCH_FUNC_OPCODE(MaximumImmediate)
TORCH_FUNC_OPCODE(MinimumImmediate)
// NaN if a is; i must be a number.
TORCH_FUNC_OPCODE(ClampMinImmediate)
TORCH_FUNC_OPCODE(ClampMaxImmediate)
// The C library's: the other number if one of the two is NaN.
TORCH_FUNC_OPCODE(Fmax)
TORCH_FUNC_OPCODE(Fmin)
TORCH_FUNC_OPCODE(Copysign)
TORCH_FUNC_OPCODE(Nextafter)

TORCH_FUNC_OPCODE(Less)
TORCH_FUNC_OPCODE(LessEqual)
TORCH_FUNC_OPCODE(Equal)
TORCH_FUNC_OPCODE(NotEqual)
TORCH_FUNC_OPCODE(LessImmediate)          // a < i
TORCH_FUNC_OPCODE(LessEqualImmediate)     // a <= i
TORCH_FUNC_OPCODE(GreaterImmediate)       // a > i
TORCH_FUNC_OPCODE(GreaterEqualImmediate)  // a >= i
TORCH_FUNC_OPCODE(EqualImmediate)
TORCH_FUNC_OPCODE(NotEqualImmediate)
TORCH_FUNC_OPCODE(IsNan)

TORCH_FUNC_OPCODE(And)
TORCH_FUNC_OPCODE(Or)
TORCH_FUNC_OPCODE(Xor)
TORCH_FUNC_OPCODE(Not)
TORCH_FUNC_OPCODE(Where)  // a ? b : c

TORCH_FUNC_OPCODE(Convert)  // from the other lane type
TORCH_FUNC_OPCODE(ToInt64)  // to an integer, as the C++ conversion to int64 and back
TORCH_FUNC_OPCODE(ToInt32)

// Functions of whole tensors in ATen (vml.h): MKL's where libtorch has it, otherwise at::vec's.
TORCH_FUNC_OPCODE(Exp)
TORCH_FUNC_OPCODE(Sqrt)  // MKL's is not always rounded correctly
TORCH_FUNC_OPCODE(Log)
TORCH_FUNC_OPCODE(Log2)
TORCH_FUNC_OPCODE(Log10)
TORCH_FUNC_OPCODE(Sin)
TORCH_FUNC_OPCODE(Cos)
TORCH_FUNC_OPCODE(Tan)
TORCH_FUNC_OPCODE(Asin)
TORCH_FUNC_OPCODE(Acos)
TORCH_FUNC_OPCODE(Atan)
TORCH_FUNC_OPCODE(Tanh)
TORCH_FUNC_OPCODE(Erf)
TORCH_FUNC_OPCODE(Erfc)
TORCH_FUNC_OPCODE(Erfinv)

// Functions with a vector and a scalar version: see Note [Vector loops and scalar loops]. The first ones are those that
// ATen's kernels call for a part of their formula, and differ from the ones above.
TORCH_FUNC_OPCODE(LoopExp)
TORCH_FUNC_OPCODE(LoopExp2)
TORCH_FUNC_OPCODE(LoopLog)
TORCH_FUNC_OPCODE(LoopTanh)
TORCH_FUNC_OPCODE(LoopErf)
TORCH_FUNC_OPCODE(Expm1)
TORCH_FUNC_OPCODE(Log1p)
TORCH_FUNC_OPCODE(Sinh)
TORCH_FUNC_OPCODE(Cosh)
TORCH_FUNC_OPCODE(Asinh)
TORCH_FUNC_OPCODE(Acosh)
TORCH_FUNC_OPCODE(Atanh)
TORCH_FUNC_OPCODE(Lgamma)
TORCH_FUNC_OPCODE(Pow)
TORCH_FUNC_OPCODE(PowImmediate)  // the scalar version computes in float64, with i as it was given
TORCH_FUNC_OPCODE(Atan2)
TORCH_FUNC_OPCODE(Hypot)
TORCH_FUNC_OPCODE(Fmod)
// 1 in vector loops, 0 in scalar ones.
TORCH_FUNC_OPCODE(IsVectorLoop)
