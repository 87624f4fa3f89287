// Writes a graph as JavaScript data.

#include "compile/graph/data.h"

#include <array>
#include <cmath>
#include <string>

#include "core/arguments.h"
#include "core/errors.h"
#include "core/safe_integers.h"
#include "core/tensor_handle.h"

namespace torch_func::compile {

namespace {

class Writer {
 public:
  Writer(Environment& environment, const Graph& graph)
      : environment_(environment), env_(environment.env), graph_(graph) {}

  Napi::Value write() {
    auto result = Napi::Object::New(env_);
    auto values = Napi::Array::New(env_);
    for (size_t i = 0; i < graph_.values.size(); ++i) values.Set(static_cast<uint32_t>(i), value(graph_.values[i]));
    auto nodes = Napi::Array::New(env_);
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      Napi::HandleScope scope(env_);
      nodes.Set(static_cast<uint32_t>(i), node(graph_.nodes[i]));
    }
    result.Set("values", values);
    result.Set("nodes", nodes);
    result.Set("inputs", numbers(graph_.inputs));
    result.Set("outputs", numbers(graph_.outputs));
    auto writeBacks = Napi::Array::New(env_);
    for (const Graph::WriteBack& write : graph_.writeBacks) {
      writeBacks.Set(writeBacks.Length(), numbers(std::array{write.target, write.value}));
    }
    result.Set("writeBacks", writeBacks);
    return result;
  }

 private:
  template <typename List>
  Napi::Array numbers(const List& list) {
    auto array = Napi::Array::New(env_);
    uint32_t i = 0;
    for (auto item : list) array.Set(i++, static_cast<double>(item));
    return array;
  }

  Napi::Value value(const Value& value) {
    static constexpr const char* kKinds[] = {"input", "closure", "constant", "result"};
    auto object = Napi::Object::New(env_);
    object.Set("kind", kKinds[static_cast<size_t>(value.kind)]);
    object.Set("dtype", dtypeName(value.type.dtype));
    object.Set("device", value.type.device.str());
    object.Set("shape", numbers(value.type.sizes));
    object.Set("strides", numbers(value.type.strides));
    object.Set("base", static_cast<double>(value.base));
    if (value.type.isWrappedNumber && value.tensor.defined()) {
      object.Set("number", scalar(value.tensor.item()));
    } else if (value.tensor.defined()) {
      object.Set("tensor", Napi::Value(env_, wrapTensor(environment_, value.tensor)));
    }
    return object;
  }

  Napi::Value node(const Node& node) {
    const auto& name = node.op.operator_name();
    const auto& parameters = node.op.schema().arguments();
    auto object = Napi::Object::New(env_);
    object.Set("name", name.name.substr(name.name.find("::") + 2));
    object.Set("overload", name.overload_name.empty() ? "default" : name.overload_name);
    object.Set("results", numbers(node.results));
    object.Set("writes", writesInPlace(node.op));
    object.Set("random", isRandom(node.op));
    auto args = Napi::Array::New(env_);
    auto kwargs = Napi::Object::New(env_);
    size_t next = 0;
    // Arguments that have their default value at the end, and keyword-only ones with it, say nothing.
    uint32_t count = 0;
    for (size_t i = 0; i < node.arguments.size(); ++i) {
      const c10::Argument& parameter = parameters[i];
      Napi::Value given;
      bool isDefault = false;
      if (next < node.tensors.size() && node.tensors[next].argument == i) {
        given = tensors(node, i, next);
      } else {
        given = constant(node.arguments[i], *parameter.real_type());
        isDefault = parameter.default_value() && isSame(*parameter.default_value(), node.arguments[i]);
      }
      if (parameter.kwarg_only()) {
        if (!isDefault) kwargs.Set(camelCase(parameter.name()), given);
      } else {
        args.Set(static_cast<uint32_t>(i), given);
        if (!isDefault) count = static_cast<uint32_t>(i) + 1;
      }
    }
    args.Set("length", count);
    object.Set("args", args);
    object.Set("kwargs", kwargs);
    return object;
  }

  static bool isSame(const c10::IValue& a, const c10::IValue& b) {
    if (a.tagKind() != b.tagKind() || a.isTensor() || a.isGenerator()) return false;
    // Lists have no hash.
    return (a.isList() || c10::IValue::hash(a) == c10::IValue::hash(b)) && a == b;
  }

  Napi::Value reference(ValueId id) {
    auto object = Napi::Object::New(env_);
    object.Set("value", static_cast<double>(id));
    return object;
  }

  Napi::Value tensors(const Node& node, size_t argument, size_t& next) {
    if (node.tensors[next].element < 0) return reference(node.tensors[next++].value);
    auto list = Napi::Array::New(env_);
    const c10::IValue& places = node.arguments[argument];
    if (places.isList()) {
      for (uint32_t i = 0; i < places.toListRef().size(); ++i) list.Set(i, env_.Null());
    }
    for (; next < node.tensors.size() && node.tensors[next].argument == argument; ++next) {
      list.Set(static_cast<uint32_t>(node.tensors[next].element), reference(node.tensors[next].value));
    }
    return list;
  }

  Napi::Value integer(int64_t value) {
    if (value > kMaxSafeInteger || value < -kMaxSafeInteger) return Napi::BigInt::New(env_, value);
    return Napi::Number::New(env_, static_cast<double>(value));
  }

  // JavaScript cannot tell 2.0 from 2: an integral float is wrapped in an object.
  Napi::Value floating(double value) {
    const Napi::Value number = Napi::Number::New(env_, value);
    if (value != std::trunc(value) || !std::isfinite(value)) return number;
    auto object = Napi::Object::New(env_);
    object.Set("float", number);
    return object;
  }

  Napi::Value scalar(const c10::Scalar& scalar) {
    if (scalar.isBoolean()) return Napi::Boolean::New(env_, scalar.toBool());
    if (scalar.isIntegral(false)) return integer(scalar.toLong());
    if (!scalar.isComplex()) return floating(scalar.toDouble());
    auto object = Napi::Object::New(env_);
    object.Set("re", scalar.toComplexDouble().real());
    object.Set("im", scalar.toComplexDouble().imag());
    return object;
  }

  Napi::Value constant(const c10::IValue& value, const c10::Type& type) {
    const c10::Type& inner =
        type.kind() == c10::TypeKind::OptionalType ? *type.castRaw<c10::OptionalType>()->getElementType() : type;
    if (value.isNone() || (value.isTensor() && !value.toTensor().defined())) return env_.Null();
    if (value.isBool()) return Napi::Boolean::New(env_, value.toBool());
    if (value.isInt()) {
      switch (inner.kind()) {
        case c10::TypeKind::ScalarTypeType:
          return Napi::String::New(env_, dtypeName(static_cast<c10::ScalarType>(value.toInt())));
        case c10::TypeKind::LayoutType:
          return Napi::String::New(env_, layoutName(static_cast<c10::Layout>(value.toInt())));
        case c10::TypeKind::MemoryFormatType:
          return Napi::String::New(env_, memoryFormatName(static_cast<c10::MemoryFormat>(value.toInt())));
        default: return integer(value.toInt());
      }
    }
    if (value.isSymInt()) return integer(value.toSymInt().guard_int(__FILE__, __LINE__));
    // A parameter of the type float takes an integer for one.
    if (value.isDouble() && inner.kind() == c10::TypeKind::FloatType) return Napi::Number::New(env_, value.toDouble());
    if (value.isScalar()) return scalar(value.toScalar());
    if (value.isString()) return Napi::String::New(env_, value.toStringRef());
    if (value.isDevice()) return Napi::String::New(env_, value.toDevice().str());
    if (value.isList()) {
      auto list = Napi::Array::New(env_);
      uint32_t i = 0;
      const c10::Type& element =
          inner.kind() == c10::TypeKind::ListType ? *inner.castRaw<c10::ListType>()->getElementType() : inner;
      for (const c10::IValue& item : value.toListRef()) list.Set(i++, constant(item, element));
      return list;
    }
    throwTypeError("an argument of kind " + value.tagKind() + " has no JavaScript counterpart");
  }

  Environment& environment_;
  Napi::Env env_;
  const Graph& graph_;
};

}  // namespace

Napi::Value graphData(Environment& environment, const Graph& graph) { return Writer(environment, graph).write(); }

}  // namespace torch_func::compile
