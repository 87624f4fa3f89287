#pragma once
// One parameter of an operator: which JavaScript values it accepts, and what they become on the dispatcher's stack.

#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>

#include <cstdint>
#include <optional>
#include <string>

#include "core/arguments.h"

namespace torch_func {

struct Parameter {
  enum class Type : uint8_t {
    Tensor,
    TensorList,
    OptionalTensorList,
    Scalar,
    ScalarList,
    Int,
    IntList,
    Float,
    FloatList,
    Bool,
    BoolList,
    String,
    StringList,
    Dtype,
    Layout,
    MemoryFormat,
    Device,
    Generator,
    Unsupported,
  };

  std::string name;  // camelCase
  Type type = Type::Unsupported;
  std::string typeText;    // as the schema writes it
  bool allowNull = false;  // `T?`
  bool keywordOnly = false;
  bool isOut = false;
  bool numberAsTensor = false;  // add(x, 2): Python turns the number into a wrapped tensor
  int32_t listSize = 0;         // int[2]: a single number fills the list; 0 for int[]
  std::optional<c10::IValue> defaultValue;
};

Parameter::Type typeOf(const c10::TypePtr& type);

// `Tensor`, `int[]`, or `int[2]` for a list of a size that one number may fill.
std::string typeText(Parameter::Type type, std::optional<int32_t> size = std::nullopt);

bool accepts(const Parameter& parameter, const Argument& argument);

// An integer, or a 0-d integer tensor, which stands for its value.
bool isInt(const Argument& argument);

// Converts an argument that the parameter accepts. With `keepSign`, -0 is the floating-point number.
c10::IValue toIValue(Environment& environment, const Parameter& parameter, const Argument& argument, bool keepSign);

}  // namespace torch_func
