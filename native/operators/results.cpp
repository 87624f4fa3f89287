// Converts the results of operators to JavaScript values.

#include "operators/results.h"

#include <ATen/core/List.h>

#include "compile/capture/recorder.h"
#include "core/errors.h"
#include "core/safe_integers.h"

namespace torch_func {

namespace {

template <typename List, typename Wrap>
napi_value wrapList(napi_env env, const List& list, Wrap wrap) {
  napi_value array;
  check(env, napi_create_array_with_length(env, list.size(), &array));
  for (size_t i = 0; i < list.size(); ++i) {
    check(env, napi_set_element(env, array, static_cast<uint32_t>(i), wrap(list[i])));
  }
  return array;
}

napi_value wrapValue(Environment& environment, const c10::IValue& value, const c10::TypePtr& type) {
  napi_env env = environment.env;
  napi_value result;
  if (value.isTensor()) return wrapTensor(environment, value.toTensor());
  if (value.isNone()) {
    check(env, napi_get_null(env, &result));
    return result;
  }
  if (value.isBool()) {
    check(env, napi_get_boolean(env, value.toBool(), &result));
    return result;
  }
  if (value.isInt() && type->kind() == c10::TypeKind::ScalarTypeType) {
    check(env, napi_create_string_utf8(env, dtypeName(static_cast<c10::ScalarType>(value.toInt())), NAPI_AUTO_LENGTH,
                                       &result));
    return result;
  }
  if (value.isInt()) {
    compile::Recorder::noteSizes(value.toInt());
    return wrapInteger(env, value.toInt());
  }
  if (value.isSymInt()) return wrapInteger(env, value.toSymInt().guard_int(__FILE__, __LINE__));
  if (value.isScalar()) return wrapScalar(environment, value.toScalar());
  if (value.isString()) {
    const std::string& text = value.toStringRef();
    check(env, napi_create_string_utf8(env, text.c_str(), text.size(), &result));
    return result;
  }
  if (value.isTensorList()) {
    return wrapList(env, value.toTensorVector(),
                    [&](const at::Tensor& tensor) { return wrapTensor(environment, tensor); });
  }
  if (value.isIntList()) {
    compile::Recorder::noteSizes(value.toIntVector());
    return wrapList(env, value.toIntVector(), [&](int64_t item) { return wrapInteger(env, item); });
  }
  if (value.isList()) {
    auto list = value.toList();
    return wrapList(env, list.vec(), [&](const c10::IValue& item) { return wrapValue(environment, item, type); });
  }
  if (value.isDevice()) {
    const std::string text = value.toDevice().str();
    check(env, napi_create_string_utf8(env, text.c_str(), text.size(), &result));
    return result;
  }
  throwTypeError("the operator returned a " + value.tagKind() + ", which has no JavaScript counterpart");
}

}  // namespace

napi_value wrapInteger(napi_env env, int64_t value) {
  napi_value result;
  if (value > kMaxSafeInteger || value < -kMaxSafeInteger) {
    check(env, napi_create_bigint_int64(env, value, &result));
  } else {
    check(env, napi_create_double(env, static_cast<double>(value), &result));
  }
  return result;
}

napi_value wrapScalar(Environment& environment, const c10::Scalar& scalar) {
  napi_env env = environment.env;
  napi_value result;
  if (scalar.isBoolean()) {
    check(env, napi_get_boolean(env, scalar.toBool(), &result));
  } else if (scalar.isIntegral(false)) {
    if (scalar.type() == c10::ScalarType::UInt64) {
      const uint64_t value = scalar.toUInt64();
      if (value > static_cast<uint64_t>(kMaxSafeInteger)) {
        check(env, napi_create_bigint_uint64(env, value, &result));
        return result;
      }
    }
    return wrapInteger(env, scalar.toLong());
  } else if (scalar.isComplex()) {
    const auto value = scalar.toComplexDouble();
    napi_value parts[2];
    check(env, napi_create_double(env, value.real(), &parts[0]));
    check(env, napi_create_double(env, value.imag(), &parts[1]));
    check(env, napi_new_instance(env, environment.complexClass(), 2, parts, &result));
  } else {
    check(env, napi_create_double(env, scalar.toDouble(), &result));
  }
  return result;
}

napi_value wrapResults(Environment& environment, const c10::FunctionSchema& schema, std::vector<c10::IValue>& results,
                       FindArgument findArgument) {
  napi_env env = environment.env;
  const auto& returns = schema.returns();
  if (schema.name() == "aten::is_same_size") compile::Recorder::noteComparison();
  auto wrap = [&](size_t i) {
    if (!results[i].isTensor()) return wrapValue(environment, results[i], returns[i].real_type());
    at::Tensor tensor = std::move(results[i]).toTensor();
    const auto* alias = returns[i].alias_info();
    if (alias != nullptr && alias->isWrite()) {
      if (napi_value given = findArgument(tensor.unsafeGetTensorImpl())) return given;
    }
    return wrapTensor(environment, std::move(tensor));
  };
  if (results.size() == 1) return wrap(0);
  napi_value array;
  if (results.empty()) {
    check(env, napi_get_undefined(env, &array));
    return array;
  }
  check(env, napi_create_array_with_length(env, results.size(), &array));
  // Not enumerable, so that the array prints and iterates as an array.
  auto define = [&](const char* name, napi_value value) {
    const napi_property_descriptor field = {name, nullptr, nullptr, nullptr, nullptr, value, napi_writable, nullptr};
    check(env, napi_define_properties(env, array, 1, &field));
  };
  napi_value names = nullptr;
  for (size_t i = 0; i < results.size(); ++i) {
    napi_value item = wrap(i);
    check(env, napi_set_element(env, array, static_cast<uint32_t>(i), item));
    const std::string& name = returns[i].name();
    if (!name.empty()) {
      const std::string fieldName = camelCase(name);
      define(fieldName.c_str(), item);
      napi_value text;
      check(env, napi_create_string_utf8(env, fieldName.data(), fieldName.size(), &text));
      if (names == nullptr) check(env, napi_create_array(env, &names));
      check(env, napi_set_element(env, names, static_cast<uint32_t>(i), text));
    }
  }
  // pytree.ts reads the names when it flattens and rebuilds the array.
  if (names != nullptr) define("_fields", names);
  return array;
}

}  // namespace torch_func
