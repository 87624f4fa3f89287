// Reads JavaScript values into Arguments, and the names of dtypes, layouts and memory formats.

#include "core/arguments.h"

#include <ATen/Context.h>

#include <cmath>
#include <cstring>
#include <utility>

#include "core/call_arguments.h"
#include "core/errors.h"
#include "core/plain_object.h"
#include "core/safe_integers.h"

namespace torch_func {

bool isPlainObject(Environment& environment, napi_value value) {
  napi_env env = environment.env;
  napi_value prototype;
  check(env, napi_get_prototype(env, value, &prototype));
  napi_valuetype type;
  check(env, napi_typeof(env, prototype, &type));
  if (type == napi_null) {
    // A Proxy can have a null prototype as well. One around a tensor is not an options object.
    bool isTensor = false;
    check(env, napi_instanceof(env, value, environment.tensorClass(), &isTensor));
    return !isTensor;
  }
  bool same = false;
  check(env, napi_strict_equals(env, prototype, environment.objectPrototype(), &same));
  if (same) return true;
  // Another realm (a vm context) has its own Object.prototype: the one whose prototype is null.
  check(env, napi_get_prototype(env, prototype, &prototype));
  check(env, napi_typeof(env, prototype, &type));
  return type == napi_null;
}

namespace {

using Kind = Argument::Kind;

// No operator takes deeper lists. Also ends the reading of a cyclic array.
constexpr int kMaxDepth = 8;

std::string readString(napi_env env, napi_value value) {
  size_t length = 0;
  check(env, napi_get_value_string_utf8(env, value, nullptr, 0, &length));
  std::string text(length, '\0');
  check(env, napi_get_value_string_utf8(env, value, text.data(), length + 1, &length));
  return text;
}

void readNumber(double number, Argument& argument) {
  if (std::trunc(number) == number && std::abs(number) <= kMaxExactInteger) {
    argument.kind = Kind::Integer;
    argument.integer = static_cast<int64_t>(number);
    argument.isNegativeZero = number == 0 && std::signbit(number);
  } else {
    argument.kind = Kind::Float;
    argument.number = number;
  }
}

// An object { re, im } with two numbers is a complex scalar, whatever its class.
bool readComplex(napi_env env, napi_value value, Argument& argument) {
  double parts[2];
  const char* names[2] = {"re", "im"};
  for (int i = 0; i < 2; ++i) {
    bool has = false;
    check(env, napi_has_named_property(env, value, names[i], &has));
    if (!has) return false;
    napi_value part;
    check(env, napi_get_named_property(env, value, names[i], &part));
    if (napi_get_value_double(env, part, &parts[i]) != napi_ok) return false;
  }
  argument.kind = Kind::Complex;
  argument.number = parts[0];
  argument.imaginary = parts[1];
  return true;
}

// An instance of Float (lib/float.ts), which has the number `float`, is a float even if that is integral.
bool readFloat(napi_env env, napi_value value, Argument& argument) {
  bool has = false;
  check(env, napi_has_named_property(env, value, "float", &has));
  if (!has) return false;
  napi_value number;
  check(env, napi_get_named_property(env, value, "float", &number));
  if (napi_get_value_double(env, number, &argument.number) != napi_ok) return false;
  argument.kind = Kind::Float;
  return true;
}

void readObject(Environment& environment, napi_value value, Argument& argument, int depth) {
  napi_env env = environment.env;
  bool isArray = false;
  check(env, napi_is_array(env, value, &isArray));
  if (isArray) {
    argument.kind = Kind::List;
    argument.items.clear();
    if (depth >= kMaxDepth) throwValueError("an array is nested too deeply, or contains itself");
    uint32_t length = 0;
    check(env, napi_get_array_length(env, value, &length));
    for (uint32_t i = 0; i < length; ++i) {
      napi_value item;
      check(env, napi_get_element(env, value, i, &item));
      readArgument(environment, item, argument.items.emplace_back(), depth + 1);
      // No operator takes a list with holes, and an array of nothing but holes may have 2^32 of them.
      if (argument.items.back().isAbsent()) return;
    }
    return;
  }
  if (TensorHandle* handle = tensorHandleOf(environment, value)) {
    argument.kind = Kind::Tensor;
    argument.tensor = handle;
    return;
  }
  void* data = nullptr;
  if (napi_unwrap(env, value, &data) == napi_ok && environment.generators().count(data) != 0) {
    argument.kind = Kind::Generator;
    argument.generator = static_cast<at::Generator*>(data);
    return;
  }
  bool isDevice = false;
  check(env, napi_instanceof(env, value, environment.deviceClass(), &isDevice));
  if (isDevice) {
    argument.kind = Kind::Device;
  } else if (readComplex(env, value, argument)) {
    return;
  } else if (isPlainObject(environment, value)) {
    argument.kind = Kind::Options;
  } else if (!readFloat(env, value, argument)) {
    argument.kind = Kind::Other;
  }
}

template <typename Type>
struct Name {
  Type value;
  const char* name;
};

constexpr Name<c10::ScalarType> kDtypes[] = {
    {c10::ScalarType::Bool, "bool"},
    {c10::ScalarType::Byte, "uint8"},
    {c10::ScalarType::Char, "int8"},
    {c10::ScalarType::Short, "int16"},
    {c10::ScalarType::Int, "int32"},
    {c10::ScalarType::Long, "int64"},
    {c10::ScalarType::UInt16, "uint16"},
    {c10::ScalarType::UInt32, "uint32"},
    {c10::ScalarType::UInt64, "uint64"},
    {c10::ScalarType::Half, "float16"},
    {c10::ScalarType::BFloat16, "bfloat16"},
    {c10::ScalarType::Float, "float32"},
    {c10::ScalarType::Double, "float64"},
    {c10::ScalarType::ComplexHalf, "complex32"},
    {c10::ScalarType::ComplexFloat, "complex64"},
    {c10::ScalarType::ComplexDouble, "complex128"},
    {c10::ScalarType::Float8_e4m3fn, "float8_e4m3fn"},
    {c10::ScalarType::Float8_e4m3fnuz, "float8_e4m3fnuz"},
    {c10::ScalarType::Float8_e5m2, "float8_e5m2"},
    {c10::ScalarType::Float8_e5m2fnuz, "float8_e5m2fnuz"},
    {c10::ScalarType::Float8_e8m0fnu, "float8_e8m0fnu"},
    {c10::ScalarType::QInt8, "qint8"},
    {c10::ScalarType::QUInt8, "quint8"},
    {c10::ScalarType::QInt32, "qint32"},
};

constexpr Name<c10::Layout> kLayouts[] = {
    {c10::Layout::Strided, "strided"},      {c10::Layout::Sparse, "sparse_coo"},
    {c10::Layout::SparseCsr, "sparse_csr"}, {c10::Layout::SparseCsc, "sparse_csc"},
    {c10::Layout::SparseBsr, "sparse_bsr"}, {c10::Layout::SparseBsc, "sparse_bsc"},
    {c10::Layout::Mkldnn, "_mkldnn"},       {c10::Layout::Jagged, "jagged"},
};

constexpr Name<c10::MemoryFormat> kMemoryFormats[] = {
    {c10::MemoryFormat::Contiguous, "contiguous_format"},
    {c10::MemoryFormat::Preserve, "preserve_format"},
    {c10::MemoryFormat::ChannelsLast, "channels_last"},
    {c10::MemoryFormat::ChannelsLast3d, "channels_last_3d"},
};

template <typename Type, size_t size>
std::optional<Type> valueOf(const Name<Type> (&names)[size], const std::string& name) {
  for (const auto& entry : names) {
    if (name == entry.name) return entry.value;
  }
  return std::nullopt;
}

template <typename Type, size_t size>
const char* nameOf(const Name<Type> (&names)[size], Type value) {
  for (const auto& entry : names) {
    if (entry.value == value) return entry.name;
  }
  return "undefined";
}

}  // namespace

void readArgument(Environment& environment, napi_value value, Argument& argument, int depth) {
  napi_env env = environment.env;
  argument.value = value;
  napi_valuetype type;
  check(env, napi_typeof(env, value, &type));
  switch (type) {
    case napi_undefined: argument.kind = Kind::Undefined; return;
    case napi_null: argument.kind = Kind::Null; return;
    case napi_boolean:
      argument.kind = Kind::Boolean;
      check(env, napi_get_value_bool(env, value, &argument.boolean));
      return;
    case napi_number: {
      double number;
      check(env, napi_get_value_double(env, value, &number));
      readNumber(number, argument);
      return;
    }
    case napi_bigint: {
      bool lossless = false;
      check(env, napi_get_value_bigint_int64(env, value, &argument.integer, &lossless));
      if (lossless) {
        argument.kind = Kind::BigInt;
        return;
      }
      uint64_t bits = 0;
      check(env, napi_get_value_bigint_uint64(env, value, &bits, &lossless));
      argument.kind = lossless ? Kind::HugeUint : Kind::HugeInt;
      argument.integer = static_cast<int64_t>(bits);
      return;
    }
    case napi_string:
      argument.kind = Kind::String;
      argument.text = readString(env, value);
      return;
    case napi_object: readObject(environment, value, argument, depth); return;
    default: argument.kind = Kind::Other; return;
  }
}

std::vector<NamedArgument> readOptions(Environment& environment, napi_value object) {
  napi_env env = environment.env;
  napi_value names;
  // Own names only: what a library adds to Object.prototype is no option.
  check(env, napi_get_all_property_names(env, object, napi_key_own_only,
                                         static_cast<napi_key_filter>(napi_key_enumerable | napi_key_skip_symbols),
                                         napi_key_numbers_to_strings, &names));
  uint32_t length = 0;
  check(env, napi_get_array_length(env, names, &length));
  std::vector<NamedArgument> options(length);
  for (uint32_t i = 0; i < length; ++i) {
    napi_value name, value;
    check(env, napi_get_element(env, names, i, &name));
    check(env, napi_get_property(env, object, name, &value));
    options[i].name = readString(env, name);
    readArgument(environment, value, options[i].argument);
  }
  return options;
}

std::string describe(Environment& environment, const Argument& argument) {
  switch (argument.kind) {
    case Kind::Undefined: return "undefined";
    case Kind::Null: return "null";
    case Kind::Boolean: return "boolean";
    case Kind::Integer: return "int";
    case Kind::Float:
      if (!std::isfinite(argument.number)) return describe(environment, argument.value);
      // Only here is an integral number not an integer; the message says why.
      return std::trunc(argument.number) == argument.number ? "float (an integer beyond 2^53 must be a bigint)"
                                                            : "float";
    case Kind::BigInt: return "bigint";
    case Kind::HugeUint:
    case Kind::HugeInt: return "bigint beyond int64";
    case Kind::String: return "string";
    case Kind::Complex: return "complex";
    case Kind::Device: return "Device";
    case Kind::Generator: return "Generator";
    case Kind::Tensor:
    case Kind::Options:
    case Kind::Other: return describe(environment, argument.value);
    case Kind::List: {
      std::string text = "array of [";
      for (size_t i = 0; i < argument.items.size(); ++i) {
        if (i == 4) {
          text += ", ...";
          break;
        }
        text += (i > 0 ? ", " : "") + describe(environment, argument.items[i]);
      }
      return text + "]";
    }
  }
  return "unknown";
}

c10::Scalar toScalar(const Argument& argument, bool keepSign) {
  if (keepSign && argument.isNegativeZero) return -0.0;
  switch (argument.kind) {
    case Kind::Boolean: return argument.boolean;
    case Kind::Integer:
    case Kind::BigInt: return argument.integer;
    case Kind::HugeUint: return static_cast<uint64_t>(argument.integer);
    case Kind::Float: return argument.number;
    case Kind::Complex: return c10::complex<double>(argument.number, argument.imaginary);
    // Python converts a 0-d tensor to its value. Inside vmap this throws the error of .item().
    case Kind::Tensor: return operandOf(*argument.tensor, "scalar").item();
    default: throwTypeError("expected a number");
  }
}

std::optional<c10::ScalarType> parseDtype(const std::string& name) { return valueOf(kDtypes, name); }
const char* dtypeName(c10::ScalarType type) { return nameOf(kDtypes, type); }
std::optional<c10::Layout> parseLayout(const std::string& name) { return valueOf(kLayouts, name); }
const char* layoutName(c10::Layout layout) { return nameOf(kLayouts, layout); }
std::optional<c10::MemoryFormat> parseMemoryFormat(const std::string& name) { return valueOf(kMemoryFormats, name); }
const char* memoryFormatName(c10::MemoryFormat format) { return nameOf(kMemoryFormats, format); }

static c10::Device deviceOf(const std::string& text) {
  constexpr size_t kLongest = 64;
  if (text.size() > kLongest) throwRuntimeError("Invalid device string: " + inQuotes(text));
  return c10::Device(text);
}

std::optional<c10::Device> parseDevice(Environment& environment, const Argument& argument) {
  napi_env env = environment.env;
  if (argument.kind == Kind::String) return deviceOf(argument.text);
  if (argument.kind != Kind::Device && argument.kind != Kind::Options) return std::nullopt;
  napi_value typeValue, indexValue;
  check(env, napi_get_named_property(env, argument.value, "type", &typeValue));
  check(env, napi_get_named_property(env, argument.value, "index", &indexValue));
  Argument type, index;
  readArgument(environment, typeValue, type);
  readArgument(environment, indexValue, index);
  if (type.kind != Kind::String) return std::nullopt;
  if (index.kind == Kind::Undefined || index.kind == Kind::Null) return deviceOf(type.text);
  if (!index.isInteger() || index.integer < 0 || index.integer > 127) return std::nullopt;
  return deviceOf(type.text + ":" + std::to_string(index.integer));
}

void checkDeviceAvailable(const c10::Device& device) {
  if (!device.is_cuda()) return;
  if (!at::globalContext().hasCUDA()) {
    throwRuntimeError(
        "Torch not compiled with CUDA enabled: the libtorch that was found has no CUDA, or this machine has no CUDA "
        "device (asked for '" +
        device.str() + "'; `torch-func doctor` shows which libtorch is used)");
  }
}

std::string camelCase(const std::string& name) {
  size_t start = name.find_first_not_of('_');
  size_t end = name.find_last_not_of('_');
  if (start == std::string::npos) return name;
  std::string result = name.substr(0, start);
  bool upper = false;
  for (size_t i = start; i <= end; ++i) {
    if (name[i] == '_') {
      upper = true;
    } else {
      result += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(name[i]))) : name[i];
      upper = false;
    }
  }
  return result + name.substr(end + 1);
}

}  // namespace torch_func
