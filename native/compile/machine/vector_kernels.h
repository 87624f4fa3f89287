// The kernels, as at::vec computes them: compiled once for each kind of processor, with CPU_CAPABILITY defined as ATen
// defines it. Everything is local to the file that includes this one, so that no version calls code of another.

#pragma once

#include <ATen/cpu/vec/vec.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "compile/machine/column_kernels.h"
#include "compile/machine/kernels.h"
#include "compile/machine/row_kernels.h"

namespace torch_func::compile {
namespace {

using at::vec::Vectorized;

// f(number of a, ...) for n numbers.
template <typename T, typename F>
void unaryKernel(void* target, const void* a, const void*, const void*, int64_t n, double immediate) {
  using V = Vectorized<T>;
  const F f{};
  auto* to = static_cast<T*>(target);
  const auto* x = static_cast<const T*>(a);
  [[maybe_unused]] const V number(static_cast<T>(immediate));
  const auto apply = [&](V value) {
    if constexpr (std::is_invocable_v<F, V, V>) {
      return f(value, number);
    } else {
      return f(value);
    }
  };
  int64_t i = 0;
  for (; i + V::size() <= n; i += V::size()) apply(V::loadu(x + i)).store(to + i);
  if (i < n) apply(V::loadu(x + i, n - i)).store(to + i, static_cast<int>(n - i));
}

template <typename T, typename F>
void binaryKernel(void* target, const void* a, const void* b, const void*, int64_t n, double immediate) {
  using V = Vectorized<T>;
  const F f{};
  auto* to = static_cast<T*>(target);
  const auto* x = static_cast<const T*>(a);
  const auto* y = static_cast<const T*>(b);
  [[maybe_unused]] const V number(static_cast<T>(immediate));
  const auto apply = [&](V first, V second) {
    if constexpr (std::is_invocable_v<F, V, V, V>) {
      return f(first, second, number);
    } else {
      return f(first, second);
    }
  };
  int64_t i = 0;
  for (; i + V::size() <= n; i += V::size()) apply(V::loadu(x + i), V::loadu(y + i)).store(to + i);
  if (i < n) apply(V::loadu(x + i, n - i), V::loadu(y + i, n - i)).store(to + i, static_cast<int>(n - i));
}

template <typename T, typename F>
void ternaryKernel(void* target, const void* a, const void* b, const void* c, int64_t n, double) {
  using V = Vectorized<T>;
  const F f{};
  auto* to = static_cast<T*>(target);
  const auto* x = static_cast<const T*>(a);
  const auto* y = static_cast<const T*>(b);
  const auto* z = static_cast<const T*>(c);
  int64_t i = 0;
  for (; i + V::size() <= n; i += V::size()) {
    f(V::loadu(x + i), V::loadu(y + i), V::loadu(z + i)).store(to + i);
  }
  if (i < n) {
    f(V::loadu(x + i, n - i), V::loadu(y + i, n - i), V::loadu(z + i, n - i)).store(to + i, static_cast<int>(n - i));
  }
}

// One number after the other.
template <typename T, typename F>
void scalarUnaryKernel(void* target, const void* a, const void*, const void*, int64_t n, double immediate) {
  const F f{};
  auto* to = static_cast<T*>(target);
  const auto* x = static_cast<const T*>(a);
  for (int64_t i = 0; i < n; ++i) {
    if constexpr (std::is_invocable_v<F, T, T>) {
      to[i] = f(x[i], static_cast<T>(immediate));
    } else {
      to[i] = f(x[i]);
    }
  }
}

template <typename T, typename F>
void scalarBinaryKernel(void* target, const void* a, const void* b, const void*, int64_t n, double) {
  const F f{};
  auto* to = static_cast<T*>(target);
  const auto* x = static_cast<const T*>(a);
  const auto* y = static_cast<const T*>(b);
  for (int64_t i = 0; i < n; ++i) to[i] = f(x[i], y[i]);
}

template <typename T>
void scalarPowKernel(void* target, const void* a, const void*, const void*, int64_t n, double immediate) {
  auto* to = static_cast<T*>(target);
  const auto* x = static_cast<const T*>(a);
  for (int64_t i = 0; i < n; ++i) to[i] = static_cast<T>(std::pow(static_cast<double>(x[i]), immediate));
}

template <typename T, typename From>
void convertKernel(void* target, const void* a, const void*, const void*, int64_t n, double) {
  auto* to = static_cast<T*>(target);
  const auto* x = static_cast<const From*>(a);
  for (int64_t i = 0; i < n; ++i) to[i] = static_cast<T>(x[i]);
}

template <Opcode opcode, Lane lane, typename T>
void vectorMathKernel(void* target, const void* a, const void*, const void*, int64_t n, double) {
  static const VectorMath::Function function = VectorMath::find(opcode, lane);
  function(n, a, target);
}

template <typename T>
class Table {
 public:
  explicit Table(Kernels& kernels) : kernels(kernels) {}

  void fill() {
    fillArithmetic();
    fillComparisons();
    fillFunctions();
    fillLoopFunctions();
  }

 private:
  using V = Vectorized<T>;
  static constexpr Lane lane = std::is_same_v<T, float> ? Lane::F32 : Lane::F64;
  static constexpr int kLane = static_cast<int>(lane);

  template <typename F>
  void unary(Opcode opcode, F) {
    kernels.vector[static_cast<size_t>(opcode)][kLane] = unaryKernel<T, F>;
  }
  template <typename F>
  void binary(Opcode opcode, F) {
    kernels.vector[static_cast<size_t>(opcode)][kLane] = binaryKernel<T, F>;
  }
  template <typename F>
  void ternary(Opcode opcode, F) {
    kernels.vector[static_cast<size_t>(opcode)][kLane] = ternaryKernel<T, F>;
  }
  template <typename F>
  void scalar(Opcode opcode, F) {
    if constexpr (std::is_invocable_v<F, T> || std::is_same_v<F, void>) {
      kernels.scalar[static_cast<size_t>(opcode)][kLane] = scalarUnaryKernel<T, F>;
    } else {
      kernels.scalar[static_cast<size_t>(opcode)][kLane] = scalarBinaryKernel<T, F>;
    }
  }

  void fillArithmetic() {
    binary(Opcode::Add, [](V a, V b) { return a + b; });
    binary(Opcode::Sub, [](V a, V b) { return a - b; });
    binary(Opcode::Mul, [](V a, V b) { return a * b; });
    binary(Opcode::Div, [](V a, V b) { return a / b; });
    unary(Opcode::AddImmediate, [](V a, V i) { return a + i; });
    unary(Opcode::RsubImmediate, [](V a, V i) { return i - a; });
    unary(Opcode::MulImmediate, [](V a, V i) { return a * i; });
    unary(Opcode::DivImmediate, [](V a, V i) { return a / i; });
    unary(Opcode::RdivImmediate, [](V a, V i) { return i / a; });
    ternary(Opcode::MulAdd, [](V a, V b, V c) { return at::vec::fmadd(a, b, c); });
    ternary(Opcode::NegMulAdd, [](V a, V b, V c) { return at::vec::fnmadd(a, b, c); });
    ternary(Opcode::MulSub, [](V a, V b, V c) { return at::vec::fmsub(a, b, c); });
    binary(Opcode::MulAddImmediate, [](V a, V b, V i) { return at::vec::fmadd(a, i, b); });
    unary(Opcode::Neg, [](V a) { return a.neg(); });
    unary(Opcode::Abs, [](V a) { return a.abs(); });
    unary(Opcode::Sign, [](V a) {
      const V zero(0), one(1);
      return V::blendv(zero, one, zero < a) - V::blendv(zero, one, a < zero);
    });
    unary(Opcode::Reciprocal, [](V a) { return a.reciprocal(); });
    unary(Opcode::Rsqrt, [](V a) { return a.rsqrt(); });
    unary(Opcode::Floor, [](V a) { return a.floor(); });
    unary(Opcode::Ceil, [](V a) { return a.ceil(); });
    unary(Opcode::Round, [](V a) { return a.round(); });
    unary(Opcode::Trunc, [](V a) { return a.trunc(); });
    binary(Opcode::Maximum, [](V a, V b) { return at::vec::maximum(a, b); });
    binary(Opcode::Minimum, [](V a, V b) { return at::vec::minimum(a, b); });
    unary(Opcode::MaximumImmediate, [](V a, V i) { return at::vec::maximum(a, i); });
    unary(Opcode::MinimumImmediate, [](V a, V i) { return at::vec::minimum(a, i); });
    unary(Opcode::ClampMinImmediate, [](V a, V i) { return at::vec::clamp_min(a, i); });
    unary(Opcode::ClampMaxImmediate, [](V a, V i) { return at::vec::clamp_max(a, i); });
    binary(Opcode::Copysign, [](V a, V b) { return a.copysign(b); });
    binary(Opcode::Nextafter, [](V a, V b) { return a.nextafter(b); });
    binary(Opcode::Fmax, [](V a, V b) { return V::blendv(at::vec::clamp_min(a, b), b, a.isnan()); });
    binary(Opcode::Fmin, [](V a, V b) { return V::blendv(at::vec::clamp_max(a, b), b, a.isnan()); });
    using From = std::conditional_t<std::is_same_v<T, float>, double, float>;
    kernels.vector[static_cast<size_t>(Opcode::Convert)][kLane] = convertKernel<T, From>;
    kernels.vector[static_cast<size_t>(Opcode::ToInt64)][kLane] =
        scalarUnaryKernel<T, decltype([](T a) { return static_cast<T>(static_cast<int64_t>(a)); })>;
    kernels.vector[static_cast<size_t>(Opcode::ToInt32)][kLane] =
        scalarUnaryKernel<T, decltype([](T a) { return static_cast<T>(static_cast<int32_t>(a)); })>;
  }

  void fillComparisons() {
    binary(Opcode::Less, [](V a, V b) { return a.lt(b); });
    binary(Opcode::LessEqual, [](V a, V b) { return a.le(b); });
    binary(Opcode::Equal, [](V a, V b) { return a.eq(b); });
    binary(Opcode::NotEqual, [](V a, V b) { return a.ne(b); });
    unary(Opcode::LessImmediate, [](V a, V i) { return a.lt(i); });
    unary(Opcode::LessEqualImmediate, [](V a, V i) { return a.le(i); });
    unary(Opcode::GreaterImmediate, [](V a, V i) { return a.gt(i); });
    unary(Opcode::GreaterEqualImmediate, [](V a, V i) { return a.ge(i); });
    unary(Opcode::EqualImmediate, [](V a, V i) { return a.eq(i); });
    unary(Opcode::NotEqualImmediate, [](V a, V i) { return a.ne(i); });
    unary(Opcode::IsNan, [](V a) { return a.ne(a); });
    binary(Opcode::And, [](V a, V b) { return a.ne(V(0)) & b.ne(V(0)); });
    binary(Opcode::Or, [](V a, V b) { return a.ne(V(0)) | b.ne(V(0)); });
    binary(Opcode::Xor, [](V a, V b) { return a.ne(V(0)).ne(b.ne(V(0))); });
    unary(Opcode::Not, [](V a) { return a.eq(V(0)); });
    ternary(Opcode::Where, [](V a, V b, V c) { return V::blendv(c, b, a != V(0)); });
  }

  template <Opcode opcode, typename F>
  void function(F f) {
    if (VectorMath::find(opcode, lane) != nullptr) {
      kernels.vector[static_cast<size_t>(opcode)][kLane] = vectorMathKernel<opcode, lane, T>;
    } else {
      unary(opcode, f);
    }
  }

  void fillFunctions() {
    function<Opcode::Exp>([](V a) { return a.exp(); });
    function<Opcode::Sqrt>([](V a) { return a.sqrt(); });
    function<Opcode::Log>([](V a) { return a.log(); });
    function<Opcode::Log2>([](V a) { return a.log2(); });
    function<Opcode::Log10>([](V a) { return a.log10(); });
    function<Opcode::Sin>([](V a) { return a.sin(); });
    function<Opcode::Cos>([](V a) { return a.cos(); });
    function<Opcode::Tan>([](V a) { return a.tan(); });
    function<Opcode::Asin>([](V a) { return a.asin(); });
    function<Opcode::Acos>([](V a) { return a.acos(); });
    function<Opcode::Atan>([](V a) { return a.atan(); });
    function<Opcode::Tanh>([](V a) { return a.tanh(); });
    function<Opcode::Erf>([](V a) { return a.erf(); });
    function<Opcode::Erfc>([](V a) { return a.erfc(); });
    function<Opcode::Erfinv>([](V a) { return a.erfinv(); });
  }

  void fillLoopFunctions() {
    scalar(Opcode::Maximum,
           [](T a, T b) { return a != a || b != b ? std::numeric_limits<T>::quiet_NaN() : std::max(a, b); });
    scalar(Opcode::Minimum,
           [](T a, T b) { return a != a || b != b ? std::numeric_limits<T>::quiet_NaN() : std::min(a, b); });
    unary(Opcode::LoopExp, [](V a) { return a.exp(); });
    scalar(Opcode::LoopExp, [](T a) { return std::exp(a); });
    unary(Opcode::LoopExp2, [](V a) { return a.exp2(); });
    scalar(Opcode::LoopExp2, [](T a) { return std::exp2(a); });
    unary(Opcode::LoopLog, [](V a) { return a.log(); });
    scalar(Opcode::LoopLog, [](T a) { return std::log(a); });
    unary(Opcode::LoopTanh, [](V a) { return a.tanh(); });
    scalar(Opcode::LoopTanh, [](T a) { return std::tanh(a); });
    unary(Opcode::LoopErf, [](V a) { return a.erf(); });
    scalar(Opcode::LoopErf, [](T a) { return std::erf(a); });
    unary(Opcode::Expm1, [](V a) { return a.expm1(); });
    scalar(Opcode::Expm1, [](T a) { return std::expm1(a); });
    unary(Opcode::Log1p, [](V a) { return a.log1p(); });
    scalar(Opcode::Log1p, [](T a) { return std::log1p(a); });
    unary(Opcode::Sinh, [](V a) { return a.sinh(); });
    scalar(Opcode::Sinh, [](T a) { return std::sinh(a); });
    unary(Opcode::Cosh, [](V a) { return a.cosh(); });
    scalar(Opcode::Cosh, [](T a) { return std::cosh(a); });
    unary(Opcode::Asinh, [](V a) { return a.asinh(); });
    scalar(Opcode::Asinh, [](T a) { return std::asinh(a); });
    unary(Opcode::Acosh, [](V a) { return a.acosh(); });
    scalar(Opcode::Acosh, [](T a) { return std::acosh(a); });
    unary(Opcode::Atanh, [](V a) { return a.atanh(); });
    scalar(Opcode::Atanh, [](T a) { return std::atanh(a); });
    unary(Opcode::Lgamma, [](V a) { return a.lgamma(); });
    scalar(Opcode::Lgamma, [](T a) { return std::lgamma(a); });
    unary(Opcode::IsVectorLoop, [](V) { return V(1); });
    scalar(Opcode::IsVectorLoop, [](T) { return T(0); });
    binary(Opcode::Pow, [](V a, V b) { return a.pow(b); });
    scalar(Opcode::Pow, [](T a, T b) { return std::pow(a, b); });
    unary(Opcode::PowImmediate, [](V a, V i) { return a.pow(i); });
    kernels.scalar[static_cast<size_t>(Opcode::PowImmediate)][kLane] = scalarPowKernel<T>;
    binary(Opcode::Atan2, [](V a, V b) { return a.atan2(b); });
    scalar(Opcode::Atan2, [](T a, T b) { return std::atan2(a, b); });
    binary(Opcode::Hypot, [](V a, V b) { return a.hypot(b); });
    scalar(Opcode::Hypot, [](T a, T b) { return std::hypot(a, b); });
    binary(Opcode::Fmod, [](V a, V b) { return a.fmod(b); });
    scalar(Opcode::Fmod, [](T a, T b) { return std::fmod(a, b); });
  }

  Kernels& kernels;
};

void fillKernels(Kernels& kernels) {
  Table<float>(kernels).fill();
  Table<double>(kernels).fill();
  kernels.loadColumns[0] = loadColumns<float>;
  kernels.loadColumns[1] = loadColumns<double>;
  kernels.storeColumns[0] = storeColumns<float>;
  kernels.storeColumns[1] = storeColumns<double>;
  kernels.loadRows[0] = loadRows<float>;
  kernels.loadRows[1] = loadRows<double>;
  kernels.storeRows[0] = storeRows<float>;
  kernels.storeRows[1] = storeRows<double>;
}

}  // namespace
}  // namespace torch_func::compile
