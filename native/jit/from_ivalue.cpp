// Converts results and attributes of TorchScript to JavaScript values.

#include "jit/from_ivalue.h"

#include <ATen/core/Dict.h>
#include <ATen/core/List.h>
#include <ATen/core/class_type.h>
#include <ATen/core/enum_type.h>
#include <ATen/core/jit_type.h>

#include <string>
#include <unordered_map>

#include "core/errors.h"
#include "core/tensor_handle.h"
#include "operators/results.h"

namespace torch_func::jit {

namespace {

using c10::IValue;

constexpr size_t kMaxDepth = 1000;

class Wrapper {
 public:
  explicit Wrapper(Environment& environment) : environment_(environment), env_(environment.env) {}

  napi_value wrap(const IValue& value) {
    if (value.isTensor()) return wrapTensor(environment_, value.toTensor());
    if (value.isNone()) return null();
    if (value.isScalar()) return wrapScalar(environment_, value.toScalar());
    if (value.isString()) return text(value.toStringRef());
    if (value.isDevice()) return text(value.toDevice().str());
    if (value.isEnum()) return text(value.toEnumHolder()->name());
    if (value.isFuture()) return wrapFuture(value);
    if (value.isList() || value.isTuple() || value.isGenericDict() || value.isObject()) return wrapContainer(value);
    throwTypeError("a value of type " + value.tagKind() + " has no JavaScript counterpart");
  }

 private:
  napi_value null() const {
    napi_value result;
    check(env_, napi_get_null(env_, &result));
    return result;
  }

  napi_value text(const std::string& value) const {
    napi_value result;
    check(env_, napi_create_string_utf8(env_, value.data(), value.size(), &result));
    return result;
  }

  // torch.jit.fork has run its function already.
  napi_value wrapFuture(const IValue& value) {
    const auto future = value.toFuture();
    if (!future->completed()) throwRuntimeError("the script returned a Future that has no value yet");
    return wrap(future->value());
  }

  // A container that occurs twice becomes one object.
  napi_value wrapContainer(const IValue& value) {
    const void* key = value.internalToPointer();
    if (const auto known = known_.find(key); known != known_.end()) return known->second;
    if (++depth_ > kMaxDepth) throwValueError("the value is nested too deeply");
    napi_value result = value.isList()          ? wrapItems(value.toListRef(), key)
                        : value.isTuple()       ? wrapTuple(value, key)
                        : value.isGenericDict() ? wrapDict(value, key)
                                                : wrapObject(value, key);
    --depth_;
    return result;
  }

  napi_value newArray(size_t length, const void* key) {
    napi_value array;
    check(env_, napi_create_array_with_length(env_, length, &array));
    return known_[key] = array;
  }

  napi_value wrapItems(c10::ArrayRef<IValue> items, const void* key) {
    napi_value array = newArray(items.size(), key);
    for (size_t i = 0; i < items.size(); ++i) {
      check(env_, napi_set_element(env_, array, static_cast<uint32_t>(i), wrap(items[i])));
    }
    return array;
  }

  napi_value wrapTuple(const IValue& value, const void* key) {
    const auto tuple = value.toTuple();
    napi_value array = wrapItems(tuple->elements(), key);
    const auto type = tuple->type();
    if (type->schema() == nullptr) return array;
    napi_value names;
    check(env_, napi_create_array(env_, &names));
    const auto& fields = type->schema()->arguments();
    for (size_t i = 0; i < fields.size(); ++i) {
      napi_value item;
      check(env_, napi_get_element(env_, array, static_cast<uint32_t>(i), &item));
      define(array, text(fields[i].name()), item, napi_writable);
      check(env_, napi_set_element(env_, names, static_cast<uint32_t>(i), text(fields[i].name())));
    }
    // pytree.ts reads the names when it flattens and rebuilds the array.
    define(array, text("_fields"), names, napi_writable);
    return array;
  }

  napi_value wrapDict(const IValue& value, const void* key) {
    const auto dict = value.toGenericDict();
    if (dict.keyType()->kind() == c10::TypeKind::StringType) {
      napi_value object = newObject(key);
      for (const auto& entry : dict) setItem(object, entry.key().toStringRef(), wrap(entry.value()));
      return object;
    }
    napi_value global, constructor, map, set;
    check(env_, napi_get_global(env_, &global));
    check(env_, napi_get_named_property(env_, global, "Map", &constructor));
    check(env_, napi_new_instance(env_, constructor, 0, nullptr, &map));
    check(env_, napi_get_named_property(env_, map, "set", &set));
    known_[key] = map;
    for (const auto& entry : dict) {
      napi_value pair[] = {wrap(entry.key()), wrap(entry.value())};
      check(env_, napi_call_function(env_, map, set, 2, pair, nullptr));
    }
    return map;
  }

  napi_value wrapObject(const IValue& value, const void* key) {
    const auto object = value.toObject();
    const auto type = object->type();
    if (type->is_module()) throwTypeError("a script returned a module, which has no JavaScript counterpart");
    napi_value result = newObject(key);
    for (size_t i = 0; i < type->numAttributes(); ++i) {
      setItem(result, type->getAttributeName(i), wrap(object->getSlot(i)));
    }
    return result;
  }

  napi_value newObject(const void* key) {
    napi_value object;
    check(env_, napi_create_object(env_, &object));
    return known_[key] = object;
  }

  // Defines the property: an assignment to `__proto__` would do something else.
  void setItem(napi_value object, const std::string& name, napi_value value) {
    define(object, text(name), value, napi_default_jsproperty);
  }

  void define(napi_value object, napi_value name, napi_value value, napi_property_attributes attributes) {
    const napi_property_descriptor property = {nullptr, name, nullptr, nullptr, nullptr, value, attributes, nullptr};
    check(env_, napi_define_properties(env_, object, 1, &property));
  }

  Environment& environment_;
  napi_env env_;
  std::unordered_map<const void*, napi_value> known_;
  size_t depth_ = 0;
};

}  // namespace

napi_value fromIValue(Environment& environment, const IValue& value) { return Wrapper(environment).wrap(value); }

}  // namespace torch_func::jit
