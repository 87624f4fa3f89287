// Builds an overload from its schema, and matches calls against it.

#include "operators/overload.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "core/default_device.h"
#include "core/errors.h"
#include "operators/numbers_as_tensors.h"

namespace torch_func {

namespace {

using Kind = Argument::Kind;
using Type = Parameter::Type;

bool allowsNumbersAsTensors(const std::string& name) {
  return std::find(std::begin(kNumbersAsTensors), std::end(kNumbersAsTensors), name) != std::end(kNumbersAsTensors);
}

// libtorch's operator, or the operator in the namespace torch_func that takes its place.
std::optional<c10::OperatorHandle> findOperator(const std::string& name) {
  const size_t dot = name.find('.');
  const std::string base = name.substr(0, dot);
  const std::string overload = dot == std::string::npos ? "" : name.substr(dot + 1);
  auto& dispatcher = c10::Dispatcher::singleton();
  if (const auto own = dispatcher.findSchema({"torch_func::" + base, overload})) return own;
  return dispatcher.findSchema({"aten::" + base, overload});
}

c10::OperatorHandle findOperatorOrThrow(const std::string& name) {
  if (const auto found = findOperator(name)) return *found;
  throwRuntimeError("Could not find schema for aten::" + name);
}

std::string defaultText(const c10::IValue& value, Type type) {
  if (value.isNone()) return "null";
  if (value.isInt() && type == Type::Dtype) return dtypeName(static_cast<c10::ScalarType>(value.toInt()));
  if (value.isInt() && type == Type::MemoryFormat)
    return memoryFormatName(static_cast<c10::MemoryFormat>(value.toInt()));
  if (value.isInt() && type == Type::Layout) return layoutName(static_cast<c10::Layout>(value.toInt()));
  if (value.isBool()) return value.toBool() ? "true" : "false";
  if (value.isString()) return "'" + value.toStringRef() + "'";
  std::ostringstream text;
  text << value;
  return text.str();
}

// The factory functions that use the default device: Python's list (torch/utils/_device.py), sorted. Overloads that
// take tensors (of sparse_coo_tensor) use the device of these.
bool usesDefaultDevice(std::string_view name) {
  static constexpr std::string_view kNames[] = {
      "arange",
      "bartlett_window",
      "blackman_window",
      "empty",
      "empty_permuted",
      "empty_quantized",
      "empty_strided",
      "eye",
      "fft_fftfreq",
      "fft_rfftfreq",
      "full",
      "hamming_window",
      "hann_window",
      "kaiser_window",
      "linspace",
      "logspace",
      "ones",
      "rand",
      "randint",
      "randn",
      "randperm",
      "range",
      "scalar_tensor",
      "sparse_coo_tensor",
      "tril_indices",
      "triu_indices",
      "zeros",
  };
  return std::binary_search(std::begin(kNames), std::end(kNames), name.substr(name.find("::") + 2));
}

}  // namespace

bool Overload::exists(const std::string& name) { return findOperator(name).has_value(); }

Overload::Overload(const std::string& spec, bool isMethod) : Overload(spec.substr(0, spec.find('>')), isMethod, false) {
  size_t arrow = spec.find('>');
  if (arrow == std::string::npos) return;
  outVariant_.reset(new Overload(spec.substr(arrow + 1), isMethod, true));
  // Its schema has no dtype or device, but it has the option requiresGrad too.
  outVariant_->isFactory_ = isFactory_;
}

Overload::Overload(const std::string& name, bool isMethod, bool allowOut)
    : handle_(findOperatorOrThrow(name)), isMethod_(isMethod) {
  const c10::FunctionSchema& schema = handle_.schema();
  returnsFirstArgument_ =
      schema.returns().empty() && schema.name().rfind("aten::_foreach_", 0) == 0 && schema.name().back() == '_';
  for (const c10::Argument& result : schema.returns()) {
    returnsArguments_ |= result.alias_info() != nullptr && result.alias_info()->isWrite();
  }
  const bool numbersAsTensors = allowsNumbersAsTensors(schema.name());
  bool hasTensor = false, hasDtype = false, hasLayout = false, hasDevice = false;
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
    hasTensor |= parameter.type == Type::Tensor;
    hasDtype |= argument.name() == "dtype";
    hasLayout |= argument.name() == "layout";
    hasDevice |= argument.name() == "device";
    if (argument.name() == "device" && !hasTensor && usesDefaultDevice(schema.name()))
      devicePosition_ = parameters_.size();
    parameters_.push_back(std::move(parameter));
  }
  isFactory_ = hasDtype && hasLayout && hasDevice;
  makesFromNothing_ = isFactory_ && !hasTensor;
  const auto& returns = handle_.schema().returns();
  returnsValues_ = std::any_of(returns.begin(), returns.end(), [](const c10::Argument& result) {
    return result.type()->kind() != c10::TypeKind::TensorType && result.type()->kind() != c10::TypeKind::ListType;
  });
  // A method is called on `self`, which need not be first in the schema (`polygamma(int n, Tensor self)`). It is first
  // in parameters_; pushArguments() restores the schema's order.
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
  takesVarargs_ =
      positionalCount_ == first + 1 && parameters_[first].type == Type::IntList && parameters_[first].listSize == 0;
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
  if (outVariant_ != nullptr)
    text += std::string(text.size() > 1 ? ", " : "") + (inKeywords ? "" : "*, ") + "Tensor out=null";
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
    match.packed.items.reserve(given - first);
    for (size_t i = first; i < given; ++i) match.packed.items.push_back(*positional[i]);
    for (size_t i = 0; i < first; ++i) match.arguments[i] = positional[i];
    match.arguments[first] = &match.packed;
    given = 0;
  } else if (given > positionalCount_) {
    if (why)
      *why = "takes " + std::to_string(positionalCount_ - first) + " positional arguments but " +
             std::to_string(given - first) + " were given";
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
               parameter.typeText + (parameter.allowNull ? " or null" : "") + ", not " +
               describe(environment, *argument);
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
      if (!matchOut(argument, match, environment, why)) return false;
      continue;
    }
    if (argument.isAbsent()) continue;
    // zeros(2, { out, dtype }): the out= overload has no such options; Python compares them with `out`.
    if (hasOut_ &&
        (option.name == "dtype" || option.name == "layout" || option.name == "device" || option.name == "pinMemory")) {
      match.checkedAgainstOut.push_back(&option);
      continue;
    }
    if (why) *why = "unknown option '" + option.name + "'";
    return false;
  }
  return true;
}

bool Overload::matchOut(const Argument& argument, Match& match, Environment& environment, std::string* why) const {
  size_t outs = 0;
  bool takesList = false;  // Tensor[] out: one for each result
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
    const Argument* item =
        argument.kind == Kind::List ? (outs < argument.items.size() ? &argument.items[outs] : nullptr) : &argument;
    ++outs;
    if (item == nullptr || item->kind != Kind::Tensor) {
      if (why)
        *why = "option 'out' must be a Tensor, or an array of Tensors for an operator with several results, not " +
               describe(environment, argument);
      return false;
    }
    match.arguments[i] = item;
  }
  if (outs > 0 && (takesList || (argument.kind == Kind::List ? argument.items.size() == outs : outs == 1))) return true;
  if (why) *why = outs == 0 ? "unknown option 'out'" : "option 'out' must contain " + std::to_string(outs) + " Tensors";
  return false;
}

void Overload::checkOut(Environment& environment, const Match& match) const {
  const at::Tensor* out = nullptr;
  for (size_t i = 0; i < parameters_.size() && out == nullptr; ++i) {
    const bool given =
        parameters_[i].isOut && match.arguments[i] != nullptr && match.arguments[i]->kind == Kind::Tensor;
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
      if (device && device->type() == out->device().type() && (!device->has_index() || *device == out->device()))
        continue;
      found = out->device().str();
    } else {
      continue;
    }
    const std::string given = argument.kind == Kind::String ? argument.text : describe(environment, argument);
    if (given != found) {
      throwRuntimeError(option->name + " " + given + " does not match " + option->name + " of out parameter (" + found +
                        ")");
    }
  }
}

// JavaScript's -0 is an integral number, and an integer has no sign of zero. It keeps its sign where the call computes
// in floating point anyway, so that a dtype never depends on the sign of a zero.
bool Overload::isFloatingPoint(const Match& match) const {
  static constexpr std::string_view kAlways[] = {"aten::copysign", "aten::div", "aten::divide", "aten::true_divide",
                                                 "aten::scalar_tensor"};
  const std::string& name = handle_.schema().name();
  if (std::find(std::begin(kAlways), std::end(kAlways), name) != std::end(kAlways)) return true;
  const auto floats = [](c10::ScalarType type) { return c10::isFloatingType(type) || c10::isComplexType(type); };
  const auto isFloat = [&](const Argument& item) {
    return item.kind == Argument::Kind::Tensor && floats(item.tensor->tensor.scalar_type());
  };
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const Argument* argument = match.arguments[i];
    if (argument == nullptr) continue;
    if (isFloat(*argument) || std::any_of(argument->items.begin(), argument->items.end(), isFloat)) return true;
    if (parameters_[i].type != Type::Dtype || argument->kind != Argument::Kind::String) continue;
    if (floats(*parseDtype(argument->text))) return true;
  }
  return false;
}

void Overload::pushArguments(Environment& environment, const Match& match, std::vector<c10::IValue>& stack) const {
  if (!match.checkedAgainstOut.empty()) checkOut(environment, match);
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const Argument* argument = match.arguments[i];
    if (argument != nullptr) {
      const bool mayBeNegativeZero = argument->isNegativeZero || parameters_[i].type == Type::ScalarList;
      stack.push_back(toIValue(environment, parameters_[i], *argument, mayBeNegativeZero && isFloatingPoint(match)));
    } else {
      stack.push_back(*parameters_[i].defaultValue);
    }
  }
  if (devicePosition_ != 0 && defaultDevice() && stack[devicePosition_].isNone()) {
    checkDeviceAvailable(*defaultDevice());
    stack[devicePosition_] = *defaultDevice();
  }
  if (selfPosition_ != 0) std::rotate(stack.begin(), stack.begin() + 1, stack.begin() + selfPosition_ + 1);
}

}  // namespace torch_func
