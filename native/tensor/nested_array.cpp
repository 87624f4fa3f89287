// Creates tensors from numbers and nested arrays of numbers.

#include <c10/util/TypeCast.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "addon/exports.h"
#include "core/arguments.h"
#include "core/errors.h"
#include "core/recording.h"
#include "functorch/wrappers.h"
#include "tensor/tensor_creation.h"

namespace torch_func {

namespace {

using Kind = Argument::Kind;

// The shape of a nested array and the kinds of its leaves, from one walk that also checks that it is rectangular. Works
// on napi_values, because an Argument for each element would cost more than the walk.
class NestedArray {
 public:
  explicit NestedArray(Environment& environment) : environment_(environment), env_(environment.env) {}

  void measure(napi_value value, size_t depth = 0) {
    Napi::HandleScope scope(env_);
    bool isArray = false;
    check(env_, napi_is_array(env_, value, &isArray));
    if (!isArray) {
      if (depthKnown_ && depth != shape.size()) throwRagged(depth);
      depthKnown_ = true;
      return noteLeaf(value);
    }
    if (depth >= kMaxDims)
      throwValueError("tensor(): the array is nested more than " + std::to_string(kMaxDims) +
                      " deep, or contains itself");
    uint32_t length = 0;
    check(env_, napi_get_array_length(env_, value, &length));
    if (depth == shape.size()) {
      if (depthKnown_) throwRagged(depth);
      shape.push_back(length);
    } else if (shape[depth] != length) {
      throwValueError("expected sequence of length " + std::to_string(shape[depth]) + " at dim " +
                      std::to_string(depth) + " (got " + std::to_string(length) + ")");
    }
    if (length == 0) depthKnown_ = true;
    for (uint32_t i = 0; i < length; ++i) {
      napi_value item;
      check(env_, napi_get_element(env_, value, i, &item));
      measure(item, depth + 1);
    }
  }

  c10::ScalarType inferredDtype() const {
    const auto standard = c10::get_default_dtype_as_scalartype();
    if (hasComplex_) return c10::toComplexType(standard);
    if (hasNumber_ || !(hasBigint_ || hasBoolean_)) return standard;
    return hasBigint_ ? c10::ScalarType::Long : c10::ScalarType::Bool;
  }

  // Writes the leaves in order, in a type that represents each exactly: double, int64 or complex double. The array is
  // read a second time, and a getter or a Proxy may change it in between; its shape is checked again, because `out` has
  // room for the measured shape only.
  template <typename Element, typename Read>
  void fill(napi_value value, Element*& out, Read read, size_t depth = 0) {
    Napi::HandleScope scope(env_);
    if (depth == shape.size()) {
      *out++ = read(value);
      return;
    }
    bool isArray = false;
    check(env_, napi_is_array(env_, value, &isArray));
    uint32_t length = 0;
    if (isArray) check(env_, napi_get_array_length(env_, value, &length));
    if (!isArray || length != shape[depth])
      throwValueError("tensor(): argument 'data' changed while it was being read");
    for (uint32_t i = 0; i < length; ++i) {
      napi_value item;
      check(env_, napi_get_element(env_, value, i, &item));
      fill(item, out, read, depth + 1);
    }
  }

  Argument leaf(napi_value value) {
    Argument argument;
    readArgument(environment_, value, argument);
    return argument;
  }

  std::vector<int64_t> shape;

 private:
  static constexpr size_t kMaxDims = 64;

  [[noreturn]] void throwRagged(size_t depth) {
    throwValueError("tensor(): the nested arrays have different depths at dim " + std::to_string(depth));
  }

  void noteLeaf(napi_value value) {
    napi_valuetype type;
    check(env_, napi_typeof(env_, value, &type));
    switch (type) {
      case napi_number: hasNumber_ = true; return;
      case napi_bigint: hasBigint_ = true; return;
      case napi_boolean: hasBoolean_ = true; return;
      default: break;
    }
    if (leaf(value).kind == Kind::Complex) {
      hasComplex_ = true;
      return;
    }
    throwTypeError("tensor(): argument 'data' must contain numbers, bigints, booleans or complex numbers, not " +
                   describe(environment_, value));
  }

  Environment& environment_;
  napi_env env_;
  bool depthKnown_ = false;
  bool hasNumber_ = false, hasBigint_ = false, hasBoolean_ = false, hasComplex_ = false;
};

[[noreturn]] void throwOverflow(Environment& environment, napi_value value, c10::ScalarType dtype) {
  throwRuntimeError("value cannot be converted to type " + std::string(dtypeName(dtype)) +
                    " without overflow: " + describe(environment, value));
}

// As in Python, a fraction is truncated if it is within the range of the dtype, and a negative integer whose absolute
// value an unsigned dtype holds becomes its two's complement.
template <typename Integer>
bool fits(const Argument& argument) {
  switch (argument.kind) {
    case Kind::Float: return !c10::overflows<Integer, double>(argument.number);
    case Kind::Integer:
    case Kind::BigInt: return !c10::overflows<Integer, int64_t>(argument.integer);
    default: return argument.kind == Kind::Boolean;
  }
}

bool fits(const Argument& argument, c10::ScalarType dtype) {
  switch (dtype) {
    case c10::ScalarType::Byte: return fits<uint8_t>(argument);
    case c10::ScalarType::Char: return fits<int8_t>(argument);
    case c10::ScalarType::Short: return fits<int16_t>(argument);
    case c10::ScalarType::Int: return fits<int32_t>(argument);
    case c10::ScalarType::UInt16: return fits<uint16_t>(argument);
    case c10::ScalarType::UInt32: return fits<uint32_t>(argument);
    case c10::ScalarType::UInt64:
      return argument.kind == Kind::HugeUint || argument.kind == Kind::Boolean ||
             (argument.isInteger() && argument.integer >= 0);
    default: return fits<int64_t>(argument);
  }
}

int64_t integerLeaf(NestedArray& array, Environment& environment, napi_value value, c10::ScalarType dtype) {
  const Argument argument = array.leaf(value);
  if (argument.kind == Kind::Complex) throwTypeError("'complex' object cannot be interpreted as an integer");
  if (dtype == c10::ScalarType::UInt64 && argument.kind == Kind::Float) {
    throwTypeError("an integer is required for type uint64, but got " + describe(environment, value) +
                   "; an integer beyond 2^53 must be a bigint");
  }
  if (argument.isBeyondInt64() && dtype != c10::ScalarType::UInt64)
    throwValueError("Overflow when unpacking long long");
  if (!fits(argument, dtype)) throwOverflow(environment, value, dtype);
  if (argument.kind == Kind::Float) return static_cast<int64_t>(argument.number);
  return argument.kind == Kind::Boolean ? argument.boolean : argument.integer;
}

// The nearest double of a bigint of any size. The two upper words hold at least 65 bits, and the last of them notes
// whether any lower bit is set, so that the conversion rounds as it would with all bits.
double doubleOfBigint(Environment& environment, napi_value value, c10::ScalarType dtype) {
  napi_env env = environment.env;
  size_t count = 0;
  check(env, napi_get_value_bigint_words(env, value, nullptr, &count, nullptr));
  std::vector<uint64_t> words(std::max<size_t>(count, 2), 0);
  int isNegative = 0;
  check(env, napi_get_value_bigint_words(env, value, &isNegative, &count, words.data()));
  const size_t upper = words.size() - 1;
  unsigned __int128 head = static_cast<unsigned __int128>(words[upper]) << 64 | words[upper - 1];
  for (size_t i = 0; i + 1 < upper; ++i) head |= words[i] != 0;
  const double result = std::ldexp(static_cast<double>(head), static_cast<int>(64 * (upper - 1)));
  // Python: int too large to convert to float.
  if (std::isinf(result)) throwOverflow(environment, value, dtype);
  return isNegative != 0 ? -result : result;
}

// Keeps the sign of -0, which an Argument does not: it is an integer there.
c10::complex<double> complexLeaf(NestedArray& array, Environment& environment, napi_value value,
                                 c10::ScalarType dtype) {
  double number = 0;
  napi_valuetype type;
  check(environment.env, napi_typeof(environment.env, value, &type));
  switch (type) {
    case napi_number: check(environment.env, napi_get_value_double(environment.env, value, &number)); return number;
    case napi_bigint: return doubleOfBigint(environment, value, dtype);
    default: return toScalar(array.leaf(value)).toComplexDouble();
  }
}

double realLeaf(NestedArray& array, Environment& environment, napi_value value, c10::ScalarType dtype) {
  double number;
  if (napi_get_value_double(environment.env, value, &number) == napi_ok) return number;
  if (array.leaf(value).kind == Kind::Complex) throwTypeError("must be real number, not complex");
  return complexLeaf(array, environment, value, dtype).real();
}

// tensorFromList(data, dtype or null, device): a scalar or a nested array.
Napi::Value tensorFromList(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  NestedArray array(environment);
  array.measure(info[0]);
  const bool given = !info[1].IsUndefined() && !info[1].IsNull();
  const c10::ScalarType dtype = given ? dtypeArgument(info[1], "dtype") : array.inferredDtype();
  const c10::Device device = deviceArgument(environment, info[2]);

  at::Tensor tensor;
  // Reads the leaves in the type that `leaf` returns, into a tensor of this dtype.
  const auto read = [&](c10::ScalarType type, auto leaf) {
    tensor = plainEmpty(array.shape, type);
    auto* out = static_cast<decltype(leaf(napi_value{}))*>(tensor.mutable_data_ptr());
    array.fill(info[0], out, leaf);
  };
  if (c10::isIntegralType(dtype, /*includeBool=*/false)) {
    read(c10::ScalarType::Long, [&](napi_value value) { return integerLeaf(array, environment, value, dtype); });
  } else if (c10::isComplexType(dtype)) {
    read(c10::ScalarType::ComplexDouble,
         [&](napi_value value) { return complexLeaf(array, environment, value, dtype); });
  } else if (dtype == c10::ScalarType::Bool) {
    read(dtype,
         [&](napi_value value) { return complexLeaf(array, environment, value, dtype) != c10::complex<double>(0, 0); });
  } else {
    read(c10::ScalarType::Double, [&](napi_value value) { return realLeaf(array, environment, value, dtype); });
  }
  if (tensor.scalar_type() != dtype) {
    BelowTransforms below;
    NotRecorded notRecorded;
    tensor = tensor.to(dtype);
  }
  return Napi::Value(info.Env(), wrapTensor(environment, lift(std::move(tensor), device)));
}

}  // namespace

void defineNestedArrays(Napi::Object exports) { define<tensorFromList>(exports, "tensorFromList"); }

}  // namespace torch_func
