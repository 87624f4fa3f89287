// See Note [Signatures].

#include "compile/call/signature.h"

#include <c10/core/DefaultDtype.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "core/default_device.h"
#include "core/errors.h"
#include "core/plain_object.h"
#include "core/tensor_handle.h"

namespace torch_func::compile {

namespace {

constexpr int kMaxDepth = 100;

napi_valuetype typeOfValue(napi_env env, napi_value value) {
  napi_valuetype type;
  check(env, napi_typeof(env, value, &type));
  return type;
}

std::string textOf(napi_env env, napi_value value) {
  napi_value string;
  check(env, napi_coerce_to_string(env, value, &string));
  size_t length = 0;
  check(env, napi_get_value_string_utf8(env, string, nullptr, 0, &length));
  std::string text(length, '\0');
  check(env, napi_get_value_string_utf8(env, string, text.data(), length + 1, &length));
  return text;
}

bool isArray(napi_env env, napi_value value) {
  bool result = false;
  check(env, napi_is_array(env, value, &result));
  return result;
}

napi_value namesOf(napi_env env, napi_value object) {
  napi_value names;
  check(env, napi_get_all_property_names(env, object, napi_key_own_only,
                                         static_cast<napi_key_filter>(napi_key_enumerable | napi_key_skip_symbols),
                                         napi_key_numbers_to_strings, &names));
  return names;
}

uint32_t lengthOf(napi_env env, napi_value array) {
  uint32_t length = 0;
  check(env, napi_get_array_length(env, array, &length));
  return length;
}

napi_value elementOf(napi_env env, napi_value array, uint32_t i) {
  napi_value item;
  check(env, napi_get_element(env, array, i, &item));
  return item;
}

bool isHole(napi_env env, napi_value array, uint32_t i, napi_value element) {
  if (typeOfValue(env, element) != napi_undefined) return false;
  bool has = false;
  check(env, napi_has_element(env, array, i, &has));
  return !has;
}

// Whether a string is this one.
bool isText(napi_env env, napi_value string, const std::string& expected) {
  c10::SmallVector<char, 64> text(expected.size() + 2);
  size_t length = 0;
  check(env, napi_get_value_string_utf8(env, string, text.data(), text.size(), &length));
  return std::string_view(text.data(), length) == expected;
}

napi_value propertyOf(napi_env env, napi_value object, const std::string& name) {
  napi_value item;
  check(env, napi_get_named_property(env, object, name.c_str(), &item));
  return item;
}

double numberOf(napi_env env, napi_value value) {
  double number = 0;
  check(env, napi_get_value_double(env, value, &number));
  return number;
}

bool booleanOf(napi_env env, napi_value value) {
  bool boolean = false;
  check(env, napi_get_value_bool(env, value, &boolean));
  return boolean;
}

}  // namespace

// How often modules of this thread have changed.
static thread_local uint64_t moduleChanges = 0;

void noteModuleChange() { ++moduleChanges; }

Modes Modes::current() {
  return {c10::get_default_dtype_as_scalartype(), torch_func::defaultDevice(), c10::GradMode::is_enabled(),
          c10::InferenceMode::is_enabled(), moduleChanges};
}

Signature::Signature(const ResultCall& call, Leaves& leaves)
    : environment_(call.environment), modes_(Modes::current()), count_(call.values.size()) {
  for (size_t i = 0; i < count_; ++i) read(call.values[i], call.known(i + 1), leaves, 0);
}

Signature::Signature(const Signature& other, Environment& environment)
    : environment_(environment),
      modes_(other.modes_),
      ignoresModules_(true),
      count_(other.count_),
      items_(other.items_),
      sizes_(other.sizes_) {}

bool Signature::isPlain() const {
  return std::all_of(items_.begin(), items_.end(), [](const Item& item) { return item.reference == nullptr; });
}

std::unique_ptr<Signature> Signature::copyFor(Environment& environment) const {
  return std::unique_ptr<Signature>(new Signature(*this, environment));
}

Signature::~Signature() {
  for (const Item& item : items_) {
    if (item.reference != nullptr) napi_delete_reference(environment_.env, item.reference);
  }
}

void Signature::read(napi_value value, TensorHandle* known, Leaves& leaves, int depth) {
  napi_env env = environment_.env;
  if (depth > kMaxDepth) throwValueError("an argument is nested too deeply, or contains itself");
  Item item;
  const napi_valuetype type = typeOfValue(env, value);
  if (known == nullptr && type == napi_object) known = tensorHandleOf(environment_, value);
  if (known != nullptr) {
    const at::Tensor& tensor = operandOf(*known, "input");
    item.kind = Kind::Tensor;
    item.type = typeOf(tensor);
    item.keys = tensor.key_set().raw_repr();
    leaves.tensors.push_back(tensor);
    leaves.objects.push_back(value);
    items_.push_back(std::move(item));
    return;
  }
  if (type == napi_object && isArray(env, value)) {
    item.kind = Kind::Array;
    item.count = lengthOf(env, value);
    const uint32_t count = item.count;
    items_.push_back(std::move(item));
    for (uint32_t i = 0; i < count; ++i) {
      napi_value element = elementOf(env, value, i);
      // An array of nothing but holes may have 2^32 of them.
      if (isHole(env, value, i, element)) {
        throwValueError("an array with holes (position " + std::to_string(i) + " of " + std::to_string(count) +
                        ") cannot be an argument of a compiled function");
      }
      read(element, nullptr, leaves, depth + 1);
    }
    return;
  }
  if (type == napi_object && isPlainObject(environment_, value)) {
    item.kind = Kind::Object;
    napi_value names = namesOf(env, value);
    item.count = lengthOf(env, names);
    for (uint32_t i = 0; i < item.count; ++i) item.names.push_back(textOf(env, elementOf(env, names, i)));
    const auto properties = item.names;
    items_.push_back(std::move(item));
    for (const std::string& name : properties) read(propertyOf(env, value, name), nullptr, leaves, depth + 1);
    return;
  }
  switch (type) {
    case napi_number:
      item.kind = Kind::Number;
      item.number = numberOf(env, value);
      break;
    case napi_bigint:
      item.kind = Kind::BigInt;
      item.text = textOf(env, value);
      break;
    case napi_string:
      item.kind = Kind::String;
      item.text = textOf(env, value);
      break;
    case napi_boolean:
      item.kind = Kind::Boolean;
      item.number = booleanOf(env, value);
      break;
    case napi_null: item.kind = Kind::Null; break;
    case napi_undefined: item.kind = Kind::Undefined; break;
    default: item.kind = Kind::Identity; check(env, napi_create_reference(env, value, 1, &item.reference));
  }
  items_.push_back(std::move(item));
}

bool Signature::allows(const Modes& modes) const {
  if (!ignoresModules_) return modes == modes_;
  Modes known = modes_;
  known.moduleState = modes.moduleState;
  return known == modes;
}

bool Signature::matches(const ResultCall& call, const Modes& modes, Leaves& leaves, int64_t& size) const {
  if (call.values.size() != count_ || !allows(modes)) return false;
  size_t position = 0;
  size = 0;
  for (size_t i = 0; i < count_; ++i) {
    if (!match(position, call.values[i], call.known(i + 1), leaves, size)) return false;
  }
  return true;
}

bool Signature::matchesType(const Item& item, const c10::TensorImpl& impl, int64_t& size) const {
  const TensorType& type = item.type;
  if (!sizes_)
    return impl.sizes() == c10::IntArrayRef(type.sizes) &&
           (type.layout != c10::kStrided || impl.strides() == c10::IntArrayRef(type.strides));
  if (impl.dim() != static_cast<int64_t>(type.sizes.size())) return false;
  const TensorType& first = item.firstType;
  for (size_t d = 0; d < type.sizes.size(); ++d) {
    const int64_t given = impl.sizes()[d];
    if (size == 0 && first.sizes[d] != type.sizes[d]) size = given / (type.sizes[d] / sizes_->second);
    if (size == 0 ? given != type.sizes[d] : given != sizes_->at(size, first.sizes[d], type.sizes[d])) return false;
  }
  if (size == 1) return false;
  for (size_t d = 0; d < type.strides.size(); ++d) {
    const bool isFixed = first.strides[d] == type.strides[d];
    if (impl.strides()[d] != (isFixed ? type.strides[d] : sizes_->at(size, first.strides[d], type.strides[d])))
      return false;
  }
  return true;
}

bool Signature::isSameObject(const Item& a, const Item& b) const {
  napi_env env = environment_.env;
  napi_value x, y;
  bool same = false;
  check(env, napi_get_reference_value(env, a.reference, &x));
  check(env, napi_get_reference_value(env, b.reference, &y));
  check(env, napi_strict_equals(env, x, y, &same));
  return same;
}

std::optional<TwoSizes> Signature::differenceFrom(const Signature& other) const {
  if (sizes_ || other.sizes_ || modes_ != other.modes_ || count_ != other.count_ ||
      items_.size() != other.items_.size())
    return std::nullopt;
  std::optional<TwoSizes> sizes;
  const auto isAlike = [&](int64_t a, int64_t b) {
    if (a == b) return true;
    if (!sizes) sizes = TwoSizes{a, b};
    return sizes->first > 1 && sizes->second > 1 && sizes->generalizes(a, b);
  };
  for (size_t i = 0; i < items_.size(); ++i) {
    const Item &a = other.items_[i], &b = items_[i];
    if (a.kind != b.kind || a.count != b.count || a.text != b.text || a.names != b.names || a.keys != b.keys ||
        a.storageOffset != b.storageOffset || std::memcmp(&a.number, &b.number, sizeof a.number) != 0) {
      return std::nullopt;
    }
    if (a.kind == Kind::Identity && !isSameObject(a, b)) return std::nullopt;
    if (a.kind != Kind::Tensor) continue;
    if (a.type.dtype != b.type.dtype || a.type.device != b.type.device || a.type.layout != b.type.layout ||
        a.type.isWrappedNumber != b.type.isWrappedNumber || a.type.sizes.size() != b.type.sizes.size() ||
        a.type.strides.size() != b.type.strides.size()) {
      return std::nullopt;
    }
    // The first size that differs comes before the strides that depend on it.
    for (size_t d = 0; d < a.type.sizes.size(); ++d) {
      if (!isAlike(a.type.sizes[d], b.type.sizes[d])) return std::nullopt;
    }
    for (size_t d = 0; d < a.type.strides.size(); ++d) {
      const bool isFixed = a.type.strides[d] == b.type.strides[d];
      if (!isFixed && (!sizes || !isAlike(a.type.strides[d], b.type.strides[d]))) return std::nullopt;
    }
  }
  return sizes;
}

void Signature::generalize(const Signature& other, TwoSizes sizes) {
  for (size_t i = 0; i < items_.size(); ++i) items_[i].firstType = other.items_[i].type;
  sizes_ = sizes;
}

bool Signature::match(size_t& position, napi_value value, TensorHandle* known, Leaves& leaves, int64_t& size) const {
  napi_env env = environment_.env;
  const Item& item = items_[position++];
  if (item.kind == Kind::Tensor) {
    if (known == nullptr) known = tensorHandleOf(environment_, value);
    if (known == nullptr) return false;
    const at::Tensor& tensor = operandOf(*known, "input");
    const c10::TensorImpl* impl = tensor.unsafeGetTensorImpl();
    if (impl->key_set().raw_repr() != item.keys || c10::typeMetaToScalarType(impl->dtype()) != item.type.dtype ||
        !matchesType(item, *impl, size)) {
      return false;
    }
    if (item.type.layout == c10::kStrided &&
        (impl->device() != item.type.device ||
         (item.storageOffset >= 0 && impl->storage_offset() != item.storageOffset))) {
      return false;
    }
    if (impl->is_wrapped_number() != item.type.isWrappedNumber) return false;
    leaves.tensors.push_back(tensor);
    leaves.objects.push_back(value);
    return true;
  }
  if (known != nullptr) return false;
  const napi_valuetype type = typeOfValue(env, value);
  switch (item.kind) {
    case Kind::Array:
      if (type != napi_object || !isArray(env, value) || lengthOf(env, value) != item.count) return false;
      for (uint32_t i = 0; i < item.count; ++i) {
        if (!match(position, elementOf(env, value, i), nullptr, leaves, size)) return false;
      }
      return true;
    case Kind::Object: {
      if (type != napi_object || tensorHandleOf(environment_, value) != nullptr || isArray(env, value) ||
          !isPlainObject(environment_, value)) {
        return false;
      }
      napi_value names = namesOf(env, value);
      if (lengthOf(env, names) != item.count) return false;
      for (uint32_t i = 0; i < item.count; ++i) {
        const std::string& name = item.names[i];
        if (!isText(env, elementOf(env, names, i), name)) return false;
        if (!match(position, propertyOf(env, value, name), nullptr, leaves, size)) return false;
      }
      return true;
    }
    case Kind::Number: {
      if (type != napi_number) return false;
      // The bits: NaN is the same argument as NaN, and -0 is another than 0.
      const double number = numberOf(env, value);
      return std::memcmp(&number, &item.number, sizeof number) == 0;
    }
    case Kind::BigInt: return type == napi_bigint && textOf(env, value) == item.text;
    case Kind::String: return type == napi_string && textOf(env, value) == item.text;
    case Kind::Boolean: return type == napi_boolean && booleanOf(env, value) == (item.number != 0);
    case Kind::Null: return type == napi_null;
    case Kind::Undefined: return type == napi_undefined;
    case Kind::Identity: {
      napi_value expected;
      check(env, napi_get_reference_value(env, item.reference, &expected));
      bool same = false;
      check(env, napi_strict_equals(env, value, expected, &same));
      return same;
    }
    case Kind::Tensor: break;
  }
  return false;
}

void Signature::fixStorageOffsets(c10::ArrayRef<at::Tensor> tensors) {
  size_t next = 0;
  for (Item& item : items_) {
    if (item.kind == Kind::Tensor) item.storageOffset = tensors[next++].storage_offset();
  }
}

std::string Signature::variation(const Signature& other) const {
  if (modes_.moduleState != other.modes_.moduleState) return "a module changes its training mode or its parameters";
  if (!(modes_ == other.modes_)) return "grad mode, inference mode, or the default dtype or device changes";
  if (count_ != other.count_) return "the number of arguments varies";
  const auto spell = [](const Item& item) {
    if (item.kind == Kind::Number) return c10::str(item.number);
    return c10::str(c10::toString(item.type.dtype), c10::IntArrayRef(item.type.sizes));
  };
  for (size_t i = 0; i < std::min(items_.size(), other.items_.size()); ++i) {
    const Item &now = items_[i], &before = other.items_[i];
    if (now.kind != before.kind || now.count != before.count || now.names != before.names) break;
    switch (now.kind) {
      case Kind::Number:
        if (now.number != before.number) return "a number is " + spell(now) + " after " + spell(before);
        break;
      case Kind::Tensor:
        if (spell(now) != spell(before)) return "a tensor is " + spell(now) + " after " + spell(before);
        if (now.type.strides != before.type.strides) return "the strides of a tensor vary";
        break;
      case Kind::Identity:
        if (!isSameObject(now, before)) return "a function or an object of a class is another one";
        break;
      case Kind::Boolean:
      case Kind::BigInt:
      case Kind::String:
        if (now.text != before.text || now.number != before.number) return "the value of an argument varies";
        break;
      default: break;
    }
  }
  return "the structure of the arguments varies";
}

std::string Signature::describe() const {
  std::string text;
  for (const Item& item : items_) {
    if (item.kind != Kind::Tensor) continue;
    text += text.empty() ? "" : ", ";
    text += c10::toString(item.type.dtype);
    if (!sizes_) {
      text += c10::str(c10::IntArrayRef(item.type.sizes));
      continue;
    }
    // One for all sizes: "Float[n, 3]".
    std::string shape;
    for (size_t d = 0; d < item.type.sizes.size(); ++d) {
      const int64_t size = item.type.sizes[d];
      const bool isFixed = item.firstType.sizes[d] == size;
      const int64_t factor = size / sizes_->second;
      shape += shape.empty() ? "" : ", ";
      shape += isFixed ? std::to_string(size) : (factor == 1 ? "n" : std::to_string(factor) + "n");
    }
    text += "[" + shape + "]";
  }
  return text;
}

}  // namespace torch_func::compile
