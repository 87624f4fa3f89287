#pragma once
// The arguments of an operator call, read from JavaScript once. Overload resolution then tries one schema after
// another without further calls to Node-API.

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/Layout.h>
#include <c10/core/MemoryFormat.h>
#include <c10/core/Scalar.h>
#include <c10/core/ScalarType.h>
#include <napi.h>

#include <optional>
#include <string>
#include <vector>

#include "core/environment.h"
#include "core/tensor_handle.h"

namespace torch_func {

struct Argument {
  enum class Kind : uint8_t {
    Undefined,
    Null,
    Boolean,
    Integer,   // a safe integral number: Python's int
    Float,     // any other number: Python's float
    BigInt,    // within int64
    HugeUint,  // a bigint that only uint64 can hold; `integer` has its bits
    HugeInt,   // a bigint outside of both
    String,
    Tensor,
    List,
    Complex,
    Device,     // an instance of Device
    Options,    // a plain object
    Generator,  // torch.Generator
    Other,
  };

  Kind kind = Kind::Undefined;
  // An Integer that JavaScript holds as -0.
  bool isNegativeZero = false;
  napi_value value = nullptr;
  union {
    bool boolean;
    int64_t integer;
    double number;
    TensorHandle* tensor;
    at::Generator* generator;
  };
  double imaginary = 0;
  std::string text;             // of a String
  std::vector<Argument> items;  // of a List

  Argument() : integer(0) {}

  void setTensor(napi_value object, TensorHandle* handle) {
    kind = Kind::Tensor;
    value = object;
    tensor = handle;
  }

  bool isAbsent() const { return kind == Kind::Undefined; }
  bool isInteger() const { return kind == Kind::Integer || kind == Kind::BigInt; }
  bool isBeyondInt64() const { return kind == Kind::HugeUint || kind == Kind::HugeInt; }
  bool isNumber() const { return isInteger() || kind == Kind::Float || kind == Kind::HugeUint; }
};

// Reads a value. Reads lists recursively, to a limited depth, so that a cyclic array ends in an error.
void readArgument(Environment& environment, napi_value value, Argument& argument, int depth = 0);

// One entry of a trailing options object.
struct NamedArgument {
  std::string name;
  Argument argument;
  bool used = false;
};
std::vector<NamedArgument> readOptions(Environment& environment, napi_value object);

// The type of an Argument, named as Python's argument parser names it.
std::string describe(Environment& environment, const Argument& argument);

// With `keepSign`, -0 is the floating-point number, not the integer.
c10::Scalar toScalar(const Argument& argument, bool keepSign = false);

// Names as PyTorch spells them: 'float32', 'strided', 'channels_last', 'cuda:1'.
std::optional<c10::ScalarType> parseDtype(const std::string& name);
const char* dtypeName(c10::ScalarType type);
std::optional<c10::Layout> parseLayout(const std::string& name);
const char* layoutName(c10::Layout layout);
std::optional<c10::MemoryFormat> parseMemoryFormat(const std::string& name);
const char* memoryFormatName(c10::MemoryFormat format);
// Device strings and Device objects; nullopt for any other value. Throws libtorch's error for an invalid device string.
std::optional<c10::Device> parseDevice(Environment& environment, const Argument& argument);
// Throws PyTorch's error for a device that this libtorch does not have.
void checkDeviceAvailable(const c10::Device& device);

// snake_case -> camelCase. Keeps leading and trailing underscores.
std::string camelCase(const std::string& name);

}  // namespace torch_func
