// Builds an overload from its schema, matches a call against it, and converts the arguments.

#include "operators/overload.h"

#include <ATen/ScalarOps.h>
#include <ATen/core/List.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "core/errors.h"
#include "operators/numbers_as_tensors.h"

namespace torch_func {

namespace {

using Kind = Argument::Kind;
using Type = Parameter::Type;

bool allowsNumbersAsTensors(const std::string& name) {
  return std::find(std::begin(kNumbersAsTensors), std::end(kNumbersAsTensors), name) != std::end(kNumbersAsTensors);
}

c10::OperatorHandle findOperator(const std::string& name) {
  size_t dot = name.find('.');
  return c10::Dispatcher::singleton().findSchemaOrThrow(("aten::" + name.substr(0, dot)).c_str(),
                                                        dot == std::string::npos ? "" : name.c_str() + dot + 1);
}

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

std::string typeText(Type type, const std::optional<int32_t>& size) {
  static constexpr const char* kTexts[] = {"Tensor",  "Tensor[]", "Tensor?[]", "Scalar",     "Scalar[]", "int",   "int[]",
                                           "float",   "float[]",  "bool",      "bool[]",     "string",   "string[]",
                                           "Dtype",   "Layout",   "MemoryFormat", "Device",  "Generator", "unsupported"};
  static_assert(std::size(kTexts) == static_cast<size_t>(Type::Unsupported) + 1, "one text for each Parameter::Type");
  std::string text = kTexts[static_cast<size_t>(type)];
  if (size && text.size() > 2 && text.back() == ']') text.insert(text.size() - 1, std::to_string(*size));
  return text;
}

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

bool isInt(const Argument& argument) { return argument.isInteger() || isNumberTensor(argument, true); }
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

int64_t toInt(const Argument& argument) {
  if (argument.kind == Kind::Tensor) return operandOf(*argument.tensor, "int").item().toLong();
  return argument.integer;
}

double toFloat(const Argument& argument) {
  return argument.kind == Kind::Float ? argument.number : toScalar(argument).toDouble();
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

c10::IValue toIValue(Environment& environment, const Parameter& parameter, const Argument& argument) {
  if (argument.kind == Kind::Null) return c10::IValue();
  const char* name = parameter.name.c_str();
  auto tensor = [&](const Argument& item) -> const at::Tensor& { return operandOf(*item.tensor, name); };
  switch (parameter.type) {
    case Type::Tensor:
      if (argument.kind == Kind::Tensor) return tensor(argument);
      return at::native::wrapped_scalar_tensor(toScalar(argument));
    case Type::TensorList: return toList<at::Tensor>(argument, tensor);
    case Type::OptionalTensorList:
      return toList<std::optional<at::Tensor>>(argument, [&](const Argument& item) -> std::optional<at::Tensor> {
        if (item.kind == Kind::Null) return std::nullopt;
        return tensor(item);
      });
    case Type::Scalar: return toScalar(argument);
    case Type::ScalarList: {
      c10::impl::GenericList list(c10::NumberType::get());
      for (const Argument& item : argument.items) list.push_back(toScalar(item));
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
      if (!device) throwTypeError("argument '" + parameter.name + "' must be a device, such as 'cpu' or { type: 'cuda', index: 0 }");
      checkDeviceAvailable(*device);
      return *device;
    }
    case Type::Generator: return *argument.generator;
    case Type::Unsupported: break;
  }
  throwTypeError("argument '" + parameter.name + "' has a type that cannot be given from JavaScript");
}

std::string defaultText(const c10::IValue& value, Type type) {
  if (value.isNone()) return "null";
  if (value.isInt() && type == Type::Dtype) return dtypeName(static_cast<c10::ScalarType>(value.toInt()));
  if (value.isInt() && type == Type::MemoryFormat) return memoryFormatName(static_cast<c10::MemoryFormat>(value.toInt()));
  if (value.isInt() && type == Type::Layout) return layoutName(static_cast<c10::Layout>(value.toInt()));
  if (value.isBool()) return value.toBool() ? "true" : "false";
  if (value.isString()) return "'" + value.toStringRef() + "'";
  std::ostringstream text;
  text << value;
  return text.str();
}

}  // namespace

Overload::Overload(const std::string& spec, bool isMethod) : Overload(spec.substr(0, spec.find('>')), isMethod, false) {
  size_t arrow = spec.find('>');
  if (arrow == std::string::npos) return;
  outVariant_.reset(new Overload(spec.substr(arrow + 1), isMethod, true));
  // Its schema has no dtype or device, but it takes requiresGrad beside `out` all the same.
  outVariant_->isFactory_ = isFactory_;
}

Overload::Overload(const std::string& name, bool isMethod, bool allowOut)
    : handle_(findOperator(name)), isMethod_(isMethod) {
  const c10::FunctionSchema& schema = handle_.schema();
  returnsFirstArgument_ = schema.returns().empty() && schema.name().rfind("aten::_foreach_", 0) == 0 &&
                          schema.name().back() == '_';
  for (const c10::Argument& result : schema.returns()) {
    returnsArguments_ |= result.alias_info() != nullptr && result.alias_info()->isWrite();
  }
  const bool numbersAsTensors = allowsNumbersAsTensors(schema.name());
  bool hasDtype = false, hasLayout = false, hasDevice = false;
  for (const c10::Argument& argument : schema.arguments()) {
    Parameter parameter;
    c10::TypePtr type = argument.real_type();
    if (type->kind() == c10::TypeKind::OptionalType) {
      parameter.allowNull = true;
      type = type->castRaw<c10::OptionalType>()->getElementType();
    }
    parameter.type = typeOf(type);
    parameter.typeText = typeText(parameter.type, argument.N());
    parameter.name = argument.name() == "self" ? "input" : camelCase(argument.name());
    parameter.keywordOnly = argument.kwarg_only();
    parameter.isOut = allowOut && argument.is_out();
    hasOut_ |= parameter.isOut;
    parameter.numberAsTensor = numbersAsTensors && parameter.type == Type::Tensor;
    parameter.listSize = argument.N().value_or(0);
    parameter.defaultValue = argument.default_value();
    if (!parameter.keywordOnly) ++positionalCount_;
    hasDtype |= argument.name() == "dtype";
    hasLayout |= argument.name() == "layout";
    hasDevice |= argument.name() == "device";
    parameters_.push_back(std::move(parameter));
  }
  isFactory_ = hasDtype && hasLayout && hasDevice;
  // A method is called on `self`, wherever the schema has it (`polygamma(int n, Tensor self)`), so it
  // comes first here; pushArguments() puts it back.
  if (isMethod_) {
    for (size_t i = 1; i < parameters_.size(); ++i) {
      if (schema.arguments()[i].name() != "self") continue;
      std::rotate(parameters_.begin(), parameters_.begin() + i, parameters_.begin() + i + 1);
      selfPosition_ = i;
    }
  }
  for (size_t count = 0; count <= std::min(positionalCount_, kMaxFastPathTensors) && selfPosition_ == 0; ++count) {
    bool takes = true;
    for (size_t i = 0; i < parameters_.size() && takes; ++i) {
      takes = i < count ? parameters_[i].type == Type::Tensor : parameters_[i].defaultValue.has_value();
    }
    fitsFastPath_[count] = takes;
  }
  const size_t first = isMethod_ ? 1 : 0;
  takesVarargs_ = positionalCount_ == first + 1 && parameters_[first].type == Type::IntList && parameters_[first].listSize == 0;
}

std::string Overload::signature() const {
  std::string text = "(";
  bool inKeywords = false;
  for (size_t i = isMethod_ ? 1 : 0; i < parameters_.size(); ++i) {
    const Parameter& parameter = parameters_[i];
    if (parameter.isOut) continue;
    if (text.size() > 1) text += ", ";
    if (parameter.keywordOnly && !inKeywords) {
      text += "*, ";
      inKeywords = true;
    }
    text += parameter.typeText + (parameter.allowNull ? "? " : " ") + parameter.name;
    if (parameter.defaultValue) text += "=" + defaultText(*parameter.defaultValue, parameter.type);
  }
  if (outVariant_ != nullptr) text += std::string(text.size() > 1 ? ", " : "") + (inKeywords ? "" : "*, ") + "Tensor out=null";
  return text + ")";
}

bool Overload::matches(c10::ArrayRef<const Argument*> positional, std::vector<NamedArgument>& options, Match& match,
                    Environment& environment, std::string* why) const {
  for (NamedArgument& option : options) option.used = false;
  match.arguments.assign(parameters_.size(), nullptr);
  match.requiresGrad = false;
  match.checkedAgainstOut.clear();

  size_t given = positional.size();
  const size_t first = isMethod_ ? 1 : 0;
  if (takesVarargs_ && given > first && isInt(*positional[first])) {
    // view(2, 3) means view([2, 3]).
    match.packed.kind = Kind::List;
    match.packed.items.clear();
    for (size_t i = first; i < given; ++i) match.packed.items.push_back(*positional[i]);
    for (size_t i = 0; i < first; ++i) match.arguments[i] = positional[i];
    match.arguments[first] = &match.packed;
    given = 0;
  } else if (given > positionalCount_) {
    if (why) *why = "takes " + std::to_string(positionalCount_ - first) + " positional arguments but " + std::to_string(given - first) + " were given";
    return false;
  }
  for (size_t i = 0; i < given; ++i) {
    if (!positional[i]->isAbsent()) match.arguments[i] = positional[i];
  }

  size_t used = 0;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const Parameter& parameter = parameters_[i];
    if (!options.empty() && !parameter.isOut) {
      for (NamedArgument& option : options) {
        if (option.name != parameter.name) continue;
        option.used = true;
        ++used;
        if (option.argument.isAbsent()) break;
        if (match.arguments[i] != nullptr) {
          if (why) *why = "argument '" + parameter.name + "' was given twice";
          return false;
        }
        match.arguments[i] = &option.argument;
        break;
      }
    }
    const Argument* argument = match.arguments[i];
    if (argument == nullptr) {
      if (parameter.defaultValue || parameter.isOut) continue;
      if (why) *why = "missing required argument '" + parameter.name + "' (" + parameter.typeText + ")";
      return false;
    }
    if (!accepts(parameter, *argument)) {
      if (why) {
        *why = "argument '" + parameter.name + "' (position " + std::to_string(i + 1 - first) + ") must be " +
               parameter.typeText + (parameter.allowNull ? " or null" : "") + ", not " + describe(environment, *argument);
      }
      return false;
    }
  }

  for (NamedArgument& option : options) {
    if (option.used) continue;
    const Argument& argument = option.argument;
    if (option.name == "requiresGrad" && isFactory_ && (argument.isAbsent() || argument.kind == Kind::Boolean)) {
      match.requiresGrad = !argument.isAbsent() && argument.boolean;
      continue;
    }
    if (option.name == "out") {
      if (argument.isAbsent() || argument.kind == Kind::Null) continue;
      size_t outs = 0;
      bool takesList = false;  // Tensor[] out: as many as there are results
      for (size_t i = 0; i < parameters_.size(); ++i) {
        if (!parameters_[i].isOut) continue;
        if (parameters_[i].type == Type::TensorList) {
          takesList = true;
          ++outs;
          if (!accepts(parameters_[i], argument)) {
            if (why) *why = "option 'out' must be an array of Tensors, not " + describe(environment, argument);
            return false;
          }
          match.arguments[i] = &argument;
          continue;
        }
        const Argument* item = argument.kind == Kind::List ? (outs < argument.items.size() ? &argument.items[outs] : nullptr)
                                                           : &argument;
        ++outs;
        if (item == nullptr || !isTensor(*item)) {
          if (why) *why = "option 'out' must be a Tensor, or an array of Tensors where there are several results, not " + describe(environment, argument);
          return false;
        }
        match.arguments[i] = item;
      }
      if (outs > 0 && (takesList || (argument.kind == Kind::List ? argument.items.size() == outs : outs == 1))) continue;
      if (why) *why = outs == 0 ? "has no option 'out'" : "option 'out' must hold " + std::to_string(outs) + " Tensors";
      return false;
    }
    if (argument.isAbsent()) continue;
    // zeros(2, { out, dtype }): the out= overload has no such options; Python holds them against out.
    if (hasOut_ && (option.name == "dtype" || option.name == "layout" || option.name == "device" || option.name == "pinMemory")) {
      match.checkedAgainstOut.push_back(&option);
      continue;
    }
    if (why) *why = "has no option '" + option.name + "'";
    return false;
  }
  return true;
}

void Overload::checkOut(Environment& environment, const Match& match) const {
  const at::Tensor* out = nullptr;
  for (size_t i = 0; i < parameters_.size() && out == nullptr; ++i) {
    const bool given = parameters_[i].isOut && match.arguments[i] != nullptr && match.arguments[i]->kind == Kind::Tensor;
    if (given) out = &operandOf(*match.arguments[i]->tensor, "out");
  }
  if (out == nullptr) return;
  for (const NamedArgument* option : match.checkedAgainstOut) {
    const Argument& argument = option->argument;
    if (argument.kind == Kind::Null) continue;
    std::string found;
    if (option->name == "dtype") {
      found = dtypeName(out->scalar_type());
    } else if (option->name == "layout") {
      found = layoutName(out->layout());
    } else if (option->name == "device") {
      const auto device = parseDevice(environment, argument);
      if (device && device->type() == out->device().type() && (!device->has_index() || *device == out->device())) continue;
      found = out->device().str();
    } else {
      continue;
    }
    const std::string given = argument.kind == Kind::String ? argument.text : describe(environment, argument);
    if (given != found) {
      throwRuntimeError(option->name + " " + given + " does not match " + option->name + " of out parameter (" + found + ")");
    }
  }
}

void Overload::pushArguments(Environment& environment, const Match& match, std::vector<c10::IValue>& stack) const {
  if (!match.checkedAgainstOut.empty()) checkOut(environment, match);
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const Argument* argument = match.arguments[i];
    if (argument != nullptr) {
      stack.push_back(toIValue(environment, parameters_[i], *argument));
    } else {
      stack.push_back(*parameters_[i].defaultValue);
    }
  }
  if (selfPosition_ != 0) std::rotate(stack.begin(), stack.begin() + 1, stack.begin() + selfPosition_ + 1);
}

}  // namespace torch_func
