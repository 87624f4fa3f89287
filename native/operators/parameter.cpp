// The types of parameters: acceptance and conversion of arguments.

#include "operators/parameter.h"

#include <ATen/ScalarOps.h>
#include <ATen/core/List.h>

#include <iterator>

#include "core/errors.h"

namespace torch_func {

namespace {

using Kind = Argument::Kind;
using Type = Parameter::Type;

bool isNumberTensor(const Argument& argument, bool integral) {
  if (argument.kind != Kind::Tensor || argument.tensor->disposed) return false;
  const at::Tensor& tensor = argument.tensor->tensor;
  if (tensor.dim() != 0 || tensor.requires_grad()) return false;
  return !integral || at::isIntegralType(tensor.scalar_type(), /*includeBool=*/false);
}

bool isScalar(const Argument& argument) {
  return argument.isNumber() || argument.kind == Kind::Boolean || argument.kind == Kind::Complex ||
         isNumberTensor(argument, false);
}

bool isFloat(const Argument& argument) { return argument.isNumber() || isNumberTensor(argument, false); }

template <typename Predicate>
bool isListOf(const Argument& argument, Predicate predicate) {
  if (argument.kind != Kind::List) return false;
  for (const Argument& item : argument.items) {
    if (!predicate(item)) return false;
  }
  return true;
}

bool isTensor(const Argument& argument) { return argument.kind == Kind::Tensor; }
bool isString(const Argument& argument) { return argument.kind == Kind::String; }

int64_t toInt(const Argument& argument) {
  if (argument.kind == Kind::Tensor) return operandOf(*argument.tensor, "int").item().toLong();
  return argument.integer;
}

double toFloat(const Argument& argument) {
  return argument.kind == Kind::Float ? argument.number : toScalar(argument, /*keepSign=*/true).toDouble();
}

template <typename Element, typename Convert>
c10::IValue toList(const Argument& argument, Convert convert) {
  c10::List<Element> list;
  list.reserve(argument.items.size());
  for (const Argument& item : argument.items) list.push_back(convert(item));
  return list;
}

template <typename Element>
c10::IValue repeated(Element value, int32_t count) {
  c10::List<Element> list;
  list.resize(count, value);
  return list;
}

}  // namespace

Type typeOf(const c10::TypePtr& type) {
  switch (type->kind()) {
    case c10::TypeKind::TensorType: return Type::Tensor;
    case c10::TypeKind::NumberType: return Type::Scalar;
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType: return Type::Int;
    case c10::TypeKind::FloatType:
    case c10::TypeKind::SymFloatType: return Type::Float;
    case c10::TypeKind::BoolType:
    case c10::TypeKind::SymBoolType: return Type::Bool;
    case c10::TypeKind::StringType: return Type::String;
    case c10::TypeKind::ScalarTypeType: return Type::Dtype;
    case c10::TypeKind::LayoutType: return Type::Layout;
    case c10::TypeKind::MemoryFormatType: return Type::MemoryFormat;
    case c10::TypeKind::DeviceObjType: return Type::Device;
    case c10::TypeKind::GeneratorType: return Type::Generator;
    case c10::TypeKind::ListType: {
      auto element = type->castRaw<c10::ListType>()->getElementType();
      if (element->kind() == c10::TypeKind::OptionalType) {
        auto inner = element->castRaw<c10::OptionalType>()->getElementType();
        return inner->kind() == c10::TypeKind::TensorType ? Type::OptionalTensorList : Type::Unsupported;
      }
      switch (typeOf(element)) {
        case Type::Tensor: return Type::TensorList;
        case Type::Scalar: return Type::ScalarList;
        case Type::Int: return Type::IntList;
        case Type::Float: return Type::FloatList;
        case Type::Bool: return Type::BoolList;
        case Type::String: return Type::StringList;
        default: return Type::Unsupported;
      }
    }
    default: return Type::Unsupported;
  }
}

std::string typeText(Type type, std::optional<int32_t> size) {
  static constexpr const char* kTexts[] = {"Tensor",       "Tensor[]", "Tensor?[]", "Scalar",     "Scalar[]",
                                           "int",          "int[]",    "float",     "float[]",    "bool",
                                           "bool[]",       "string",   "string[]",  "Dtype",      "Layout",
                                           "MemoryFormat", "Device",   "Generator", "unsupported"};
  static_assert(std::size(kTexts) == static_cast<size_t>(Type::Unsupported) + 1, "one text for each Parameter::Type");
  std::string text = kTexts[static_cast<size_t>(type)];
  if (size && text.size() > 2 && text.back() == ']') text.insert(text.size() - 1, std::to_string(*size));
  return text;
}

bool isInt(const Argument& argument) { return argument.isInteger() || isNumberTensor(argument, true); }

bool accepts(const Parameter& parameter, const Argument& argument) {
  if (argument.kind == Kind::Null) return parameter.allowNull;
  switch (parameter.type) {
    case Type::Tensor: return isTensor(argument) || (parameter.numberAsTensor && isScalar(argument));
    case Type::TensorList: return isListOf(argument, isTensor);
    case Type::OptionalTensorList:
      return isListOf(argument, [](const Argument& item) { return isTensor(item) || item.kind == Kind::Null; });
    case Type::Scalar: return isScalar(argument);
    case Type::ScalarList: return isListOf(argument, isScalar);
    case Type::Int: return isInt(argument);
    case Type::IntList: return isListOf(argument, isInt) || (parameter.listSize > 0 && isInt(argument));
    case Type::Float: return isFloat(argument);
    case Type::FloatList: return isListOf(argument, isFloat) || (parameter.listSize > 0 && isFloat(argument));
    case Type::Bool: return argument.kind == Kind::Boolean;
    case Type::BoolList: return isListOf(argument, [](const Argument& item) { return item.kind == Kind::Boolean; });
    case Type::String: return isString(argument);
    case Type::StringList: return isListOf(argument, isString);
    case Type::Dtype: return isString(argument) && parseDtype(argument.text).has_value();
    case Type::Layout: return isString(argument) && parseLayout(argument.text).has_value();
    case Type::MemoryFormat: return isString(argument) && parseMemoryFormat(argument.text).has_value();
    case Type::Device: return isString(argument) || argument.kind == Kind::Device || argument.kind == Kind::Options;
    case Type::Generator: return argument.kind == Kind::Generator;
    case Type::Unsupported: return false;
  }
  return false;
}

c10::IValue toIValue(Environment& environment, const Parameter& parameter, const Argument& argument, bool keepSign) {
  if (argument.kind == Kind::Null) return c10::IValue();
  const char* name = parameter.name.c_str();
  auto tensor = [&](const Argument& item) -> const at::Tensor& { return operandOf(*item.tensor, name); };
  switch (parameter.type) {
    case Type::Tensor:
      if (argument.kind == Kind::Tensor) return tensor(argument);
      return at::native::wrapped_scalar_tensor(toScalar(argument, keepSign));
    case Type::TensorList: return toList<at::Tensor>(argument, tensor);
    case Type::OptionalTensorList:
      return toList<std::optional<at::Tensor>>(argument, [&](const Argument& item) -> std::optional<at::Tensor> {
        if (item.kind == Kind::Null) return std::nullopt;
        return tensor(item);
      });
    case Type::Scalar: return toScalar(argument, keepSign);
    case Type::ScalarList: {
      c10::impl::GenericList list(c10::NumberType::get());
      for (const Argument& item : argument.items) list.push_back(toScalar(item, keepSign));
      return list;
    }
    case Type::Int: return toInt(argument);
    case Type::IntList: {
      if (argument.kind == Kind::List) return toList<int64_t>(argument, toInt);
      return repeated(toInt(argument), parameter.listSize);
    }
    case Type::Float: return toFloat(argument);
    case Type::FloatList: {
      if (argument.kind == Kind::List) return toList<double>(argument, toFloat);
      return repeated(toFloat(argument), parameter.listSize);
    }
    case Type::Bool: return argument.boolean;
    case Type::BoolList: return toList<bool>(argument, [](const Argument& item) { return item.boolean; });
    case Type::String: return argument.text;
    case Type::StringList: return toList<std::string>(argument, [](const Argument& item) { return item.text; });
    case Type::Dtype: return static_cast<int64_t>(*parseDtype(argument.text));
    case Type::Layout: return static_cast<int64_t>(*parseLayout(argument.text));
    case Type::MemoryFormat: return static_cast<int64_t>(*parseMemoryFormat(argument.text));
    case Type::Device: {
      auto device = parseDevice(environment, argument);
      if (!device)
        throwTypeError("argument '" + parameter.name +
                       "' must be a device, such as 'cpu' or { type: 'cuda', index: 0 }");
      checkDeviceAvailable(*device);
      return *device;
    }
    case Type::Generator: return *argument.generator;
    case Type::Unsupported: break;
  }
  throwTypeError("argument '" + parameter.name + "' has a type without a JavaScript counterpart");
}

}  // namespace torch_func
