// Converts JavaScript values to the types of TorchScript, and binds the arguments of calls.

#include "jit/to_ivalue.h"

#include <ATen/core/Dict.h>
#include <ATen/core/List.h>
#include <ATen/core/enum_type.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <utility>

#include "core/arguments.h"
#include "core/errors.h"
#include "core/plain_object.h"

namespace torch_func::jit {

namespace {

using c10::IValue;
using c10::TypeKind;
using c10::TypePtr;
using Kind = Argument::Kind;

// Deeper than any type; ends a value of type Any that contains itself.
constexpr size_t kMaxDepth = 100;

class Converter {
 public:
  Converter(Environment& environment, std::string place) : environment_(environment), env_(environment.env) {
    path_.push_back(std::move(place));
  }

  IValue convert(napi_value value, const TypePtr& type) {
    switch (type->kind()) {
      case TypeKind::OptionalType:
        if (isNone(value)) return {};
        return convert(value, type->expectRef<c10::OptionalType>().getElementType());
      case TypeKind::UnionType: return toUnion(value, type);
      case TypeKind::ListType: return toList(value, type);
      case TypeKind::TupleType: return toTuple(value, type);
      case TypeKind::DictType: return toDict(value, type);
      case TypeKind::AnyType: return toAny(value);
      case TypeKind::NoneType: return isNone(value) ? IValue() : refuse(value, type);
      default: return toLeaf(value, type);
    }
  }

 private:
  struct Mismatch {
    std::string message;
  };

 public:
  template <typename Body>
  static auto reporting(const std::string& suffix, Body body) {
    try {
      return body();
    } catch (const Mismatch& mismatch) {
      throwTypeError(mismatch.message + suffix);
    }
  }

 private:
  // A part of the value that is converted next.
  template <typename Body>
  auto in(std::string part, Body body) {
    if (path_.size() > kMaxDepth) throw Mismatch{path_[0] + ": the value is nested too deeply, or contains itself"};
    path_.push_back(std::move(part));
    auto result = body();
    path_.pop_back();
    return result;
  }

  std::string place() const {
    std::string text;
    for (const std::string& part : path_) text += part;
    return text;
  }

  [[noreturn]] IValue refuse(napi_value value, const TypePtr& type, const std::string& why = "") {
    Argument argument;
    bool isArray = false;
    check(env_, napi_is_array(env_, value, &isArray));
    if (!isArray) readArgument(environment_, value, argument);
    const std::string found = isArray ? "array" : torch_func::describe(environment_, argument);
    throw Mismatch{place() + ": expected " + type->annotation_str() + ", but got " + (why.empty() ? found : why)};
  }

  bool isNone(napi_value value) const {
    napi_valuetype type;
    check(env_, napi_typeof(env_, value, &type));
    return type == napi_null || type == napi_undefined;
  }

  std::optional<uint32_t> lengthOf(napi_value value) const {
    bool isArray = false;
    check(env_, napi_is_array(env_, value, &isArray));
    if (!isArray) return std::nullopt;
    uint32_t length = 0;
    check(env_, napi_get_array_length(env_, value, &length));
    return length;
  }

  napi_value element(napi_value array, uint32_t i) const {
    napi_value item;
    check(env_, napi_get_element(env_, array, i, &item));
    return item;
  }

  // Null for a value that is neither a literal nor a collection of one.
  bool isLiteral(napi_value value) const {
    napi_valuetype type;
    check(env_, napi_typeof(env_, value, &type));
    if (type != napi_object || lengthOf(value) || tensorHandleOf(environment_, value) != nullptr) return false;
    return isPlainObject(environment_, value);
  }

  IValue toLeaf(napi_value value, const TypePtr& type) {
    Argument argument;
    if (lengthOf(value)) refuse(value, type);
    readArgument(environment_, value, argument);
    switch (type->kind()) {
      case TypeKind::TensorType:
        if (argument.kind == Kind::Tensor) return operandOf(*argument.tensor, place().c_str());
        break;
      case TypeKind::IntType:
        if (argument.isInteger()) return argument.integer;
        break;
      case TypeKind::FloatType:
        if (argument.isNumber()) return torch_func::toScalar(argument, /*keepSign=*/true).toDouble();
        break;
      case TypeKind::ComplexType:
        if (argument.kind == Kind::Complex || argument.isNumber())
          return torch_func::toScalar(argument).toComplexDouble();
        break;
      case TypeKind::NumberType:
        if (argument.kind == Kind::Complex || argument.isNumber()) return torch_func::toScalar(argument);
        break;
      case TypeKind::BoolType:
        if (argument.kind == Kind::Boolean) return argument.boolean;
        break;
      case TypeKind::StringType:
        if (argument.kind == Kind::String) return argument.text;
        break;
      case TypeKind::DeviceObjType:
        if (auto device = parseDevice(environment_, argument)) {
          checkDeviceAvailable(*device);
          return *device;
        }
        break;
      case TypeKind::GeneratorType:
        if (argument.kind == Kind::Generator) return *argument.generator;
        break;
      case TypeKind::EnumType:
        if (argument.kind == Kind::String) return toEnum(value, argument.text, type);
        break;
      default: break;
    }
    refuse(value, type);
  }

  IValue toEnum(napi_value value, const std::string& name, const TypePtr& type) {
    const auto enumType = type->expect<c10::EnumType>();
    for (const auto& [known, number] : enumType->enumNamesValues()) {
      if (known == name) return IValue(c10::make_intrusive<c10::ivalue::EnumHolder>(enumType, known, number));
    }
    refuse(value, type, "the name '" + name + "', which it does not have");
  }

  IValue toUnion(napi_value value, const TypePtr& type) {
    const auto depth = path_.size();
    for (const TypePtr& member : type->expectRef<c10::UnionType>().containedTypes()) {
      try {
        return convert(value, member);
      } catch (const Mismatch&) {
        path_.resize(depth);
      }
    }
    refuse(value, type);
  }

  IValue toList(napi_value value, const TypePtr& type) {
    const auto length = lengthOf(value);
    if (!length) refuse(value, type);
    const TypePtr& elementType = type->expectRef<c10::ListType>().getElementType();
    c10::impl::GenericList list(elementType);
    for (uint32_t i = 0; i < *length; ++i) {
      list.push_back(in("[" + std::to_string(i) + "]", [&] {
        napi_value item = element(value, i);
        refuseHole(item, elementType);
        return convert(item, elementType);
      }));
    }
    return list;
  }

  // An array of nothing but holes may have 2^32 of them; an optional element would accept each.
  void refuseHole(napi_value item, const TypePtr& type) {
    napi_valuetype kind;
    check(env_, napi_typeof(env_, item, &kind));
    if (kind == napi_undefined) refuse(item, type);
  }

  IValue toTuple(napi_value value, const TypePtr& type) {
    const auto& tuple = type->expectRef<c10::TupleType>();
    const auto& types = tuple.elements();
    std::vector<IValue> items;
    if (const auto length = lengthOf(value)) {
      if (*length != types.size()) {
        refuse(value, type, "array of length " + std::to_string(*length));
      }
      for (uint32_t i = 0; i < *length; ++i) {
        items.push_back(in("[" + std::to_string(i) + "]", [&] { return convert(element(value, i), types[i]); }));
      }
    } else if (tuple.schema() != nullptr && isLiteral(value)) {
      items = namedItems(value, type, *tuple.schema());
    } else {
      refuse(value, type);
    }
    if (tuple.schema() == nullptr) return c10::ivalue::Tuple::create(std::move(items));
    return c10::ivalue::Tuple::createNamed(std::move(items), type->expect<c10::TupleType>());
  }

  std::vector<IValue> namedItems(napi_value value, const TypePtr& type, const c10::FunctionSchema& fields) {
    std::vector<IValue> items;
    for (const c10::Argument& field : fields.arguments()) {
      napi_value name, item;
      check(env_, napi_create_string_utf8(env_, field.name().data(), field.name().size(), &name));
      bool isOwn = false;
      check(env_, napi_has_own_property(env_, value, name, &isOwn));
      if (!isOwn && field.default_value()) {
        items.push_back(*field.default_value());
        continue;
      }
      if (!isOwn) refuse(value, type, "an object without '" + field.name() + "'");
      check(env_, napi_get_property(env_, value, name, &item));
      items.push_back(in("." + field.name(), [&] { return convert(item, field.type()); }));
    }
    return items;
  }

  IValue toDict(napi_value value, const TypePtr& type) {
    const auto& dictType = type->expectRef<c10::DictType>();
    c10::impl::GenericDict dict(dictType.getKeyType(), dictType.getValueType());
    const auto add = [&](napi_value key, napi_value item) {
      IValue converted = in(" (a key)", [&] { return convert(key, dictType.getKeyType()); });
      const std::string part = converted.isString() ? "['" + converted.toStringRef() + "']" : "[a key]";
      dict.insert_or_assign(std::move(converted), in(part, [&] { return convert(item, dictType.getValueType()); }));
    };
    if (const auto entries = entriesOf(value)) {
      const uint32_t length = *lengthOf(*entries);
      for (uint32_t i = 0; i < length; ++i) {
        napi_value entry = element(*entries, i);
        add(element(entry, 0), element(entry, 1));
      }
    } else if (dictType.getKeyType()->kind() == TypeKind::StringType && isLiteral(value)) {
      napi_value names;
      const auto filter = static_cast<napi_key_filter>(napi_key_enumerable | napi_key_skip_symbols);
      check(env_,
            napi_get_all_property_names(env_, value, napi_key_own_only, filter, napi_key_numbers_to_strings, &names));
      const uint32_t length = *lengthOf(names);
      for (uint32_t i = 0; i < length; ++i) {
        napi_value name = element(names, i), item;
        check(env_, napi_get_property(env_, value, name, &item));
        add(name, item);
      }
    } else {
      refuse(value, type);
    }
    return dict;
  }

  // The entries of a Map, also of another realm, as an array of pairs.
  std::optional<napi_value> entriesOf(napi_value value) const {
    napi_value global, symbol, tagName, tag, expected, array, from, entries;
    napi_valuetype type;
    check(env_, napi_typeof(env_, value, &type));
    if (type != napi_object) return std::nullopt;
    check(env_, napi_get_global(env_, &global));
    check(env_, napi_get_named_property(env_, global, "Symbol", &symbol));
    check(env_, napi_get_named_property(env_, symbol, "toStringTag", &tagName));
    check(env_, napi_get_property(env_, value, tagName, &tag));
    check(env_, napi_create_string_utf8(env_, "Map", NAPI_AUTO_LENGTH, &expected));
    bool isMap = false;
    check(env_, napi_strict_equals(env_, tag, expected, &isMap));
    if (!isMap) return std::nullopt;
    check(env_, napi_get_named_property(env_, global, "Array", &array));
    check(env_, napi_get_named_property(env_, array, "from", &from));
    check(env_, napi_call_function(env_, array, from, 1, &value, &entries));
    return entries;
  }

  IValue toAny(napi_value value) {
    if (isNone(value)) return {};
    const auto length = lengthOf(value);
    if (length) return toAnySequence(value, *length);
    Argument argument;
    readArgument(environment_, value, argument);
    switch (argument.kind) {
      case Kind::Tensor: return convert(value, c10::TensorType::get());
      case Kind::Integer:
      case Kind::BigInt: return argument.integer;
      case Kind::Float: return argument.number;
      case Kind::Boolean: return argument.boolean;
      case Kind::String: return argument.text;
      case Kind::Complex: return torch_func::toScalar(argument).toComplexDouble();
      case Kind::Device: return convert(value, c10::DeviceObjType::get());
      default: refuse(value, c10::AnyType::get());
    }
  }

  // A list if all elements have one type, as in Python; else a tuple.
  IValue toAnySequence(napi_value value, uint32_t length) {
    std::vector<IValue> items;
    for (uint32_t i = 0; i < length; ++i) {
      items.push_back(in("[" + std::to_string(i) + "]", [&] {
        napi_value item = element(value, i);
        refuseHole(item, c10::AnyType::get());
        return toAny(item);
      }));
    }
    const bool isList = !items.empty() && std::all_of(items.begin(), items.end(), [&](const IValue& item) {
      return *item.type() == *items[0].type();
    });
    if (!isList) return c10::ivalue::Tuple::create(std::move(items));
    c10::impl::GenericList list(items[0].isTensor() ? TypePtr(c10::TensorType::get()) : items[0].type());
    for (IValue& item : items) list.push_back(std::move(item));
    return list;
  }

  Environment& environment_;
  napi_env env_;
  std::vector<std::string> path_;
};

// Whether a plain object is a value of the type, and not the object of named arguments.
bool takesLiteral(const TypePtr& type) {
  switch (type->kind()) {
    case TypeKind::DictType: return true;
    case TypeKind::TupleType: return type->expectRef<c10::TupleType>().schema() != nullptr;
    case TypeKind::OptionalType:
    case TypeKind::UnionType: {
      const auto members = type->containedTypes();
      return std::any_of(members.begin(), members.end(), takesLiteral);
    }
    default: return false;
  }
}

std::optional<napi_value> namedArguments(Environment& environment, const c10::FunctionSchema& schema,
                                         const std::vector<napi_value>& arguments) {
  if (arguments.empty()) return std::nullopt;
  napi_value last = arguments.back();
  Argument argument;
  bool isArray = false;
  check(environment.env, napi_is_array(environment.env, last, &isArray));
  if (isArray) return std::nullopt;
  readArgument(environment, last, argument);
  if (argument.kind != Kind::Options) return std::nullopt;
  // The first argument of the schema is `self`.
  const size_t position = arguments.size();
  const auto& formal = schema.arguments();
  if (position < formal.size() && takesLiteral(formal[position].type())) return std::nullopt;
  return last;
}

}  // namespace

std::string signatureOf(const c10::FunctionSchema& schema) {
  std::string text = schema.name() + "(";
  const auto& formal = schema.arguments();
  for (size_t i = 1; i < formal.size(); ++i) {
    if (i > 1) text += ", ";
    text += formal[i].name() + ": " + formal[i].type()->annotation_str();
    if (formal[i].default_value()) {
      std::ostringstream value;
      value << *formal[i].default_value();
      text += " = " + value.str();
    }
  }
  return text + ") -> " + schema.returns()[0].type()->annotation_str();
}

IValue toIValue(Environment& environment, napi_value value, const TypePtr& type, const std::string& place) {
  return Converter::reporting("", [&] { return Converter(environment, place).convert(value, type); });
}

std::vector<IValue> bindArguments(Environment& environment, const c10::FunctionSchema& schema, IValue self,
                                  const std::vector<napi_value>& arguments) {
  const std::string suffix = "\nSignature: " + signatureOf(schema);
  const auto& formal = schema.arguments();
  const auto named = namedArguments(environment, schema, arguments);
  const size_t count = arguments.size() - (named ? 1 : 0);
  if (count > formal.size() - 1) {
    throwTypeError(schema.name() + "(): expected at most " + std::to_string(formal.size() - 1) +
                   " argument(s), but got " + std::to_string(count) + suffix);
  }
  std::vector<IValue> stack = {std::move(self)};
  for (size_t i = 1; i < formal.size(); ++i) {
    const std::string& name = formal[i].name();
    napi_value value = i <= count ? arguments[i - 1] : nullptr;
    napi_valuetype type = napi_undefined;
    if (named) {
      napi_value key;
      check(environment.env, napi_create_string_utf8(environment.env, name.data(), name.size(), &key));
      bool isOwn = false;
      check(environment.env, napi_has_own_property(environment.env, *named, key, &isOwn));
      if (isOwn && value != nullptr) {
        throwTypeError(schema.name() + "(): argument '" + name + "' is given by position and by name" + suffix);
      }
      if (isOwn) check(environment.env, napi_get_property(environment.env, *named, key, &value));
    }
    if (value != nullptr) check(environment.env, napi_typeof(environment.env, value, &type));
    if (type == napi_undefined && formal[i].default_value()) {
      stack.push_back(*formal[i].default_value());
      continue;
    }
    const std::string place = schema.name() + "(): argument '" + name + "' (position " + std::to_string(i) + ")";
    if (value == nullptr)
      throwTypeError(place + " is missing; expected " + formal[i].type()->annotation_str() + suffix);
    stack.push_back(
        Converter::reporting(suffix, [&] { return Converter(environment, place).convert(value, formal[i].type()); }));
  }
  if (named) {
    for (const NamedArgument& given : readOptions(environment, *named)) {
      // The first argument is `self`.
      if (schema.argumentIndexWithName(given.name).value_or(0) == 0) {
        throwTypeError(schema.name() + "(): there is no argument '" + given.name + "'" + suffix);
      }
    }
  }
  return stack;
}

}  // namespace torch_func::jit
