// Walks over values and their declared types.

#include "jit/conforms.h"

#include <ATen/core/class_type.h>
#include <ATen/core/enum_type.h>

#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/errors.h"

namespace torch_func::jit {

namespace {

using c10::IValue;
using c10::TypeKind;
using c10::TypePtr;

class Checker {
 public:
  // Without recursion: a file may nest values deeply.
  void run(const IValue& value, const TypePtr& type, const std::string& place) {
    work_.push_back({value, type, place});
    while (!work_.empty()) {
      Work work = std::move(work_.back());
      work_.pop_back();
      check(work);
    }
  }

 private:
  struct Work {
    IValue value;
    TypePtr type;
    std::string place;
  };
  struct Seen {
    const void* value;
    const c10::Type* type;
    bool operator==(const Seen&) const = default;
  };
  struct SeenHash {
    size_t operator()(const Seen& seen) const {
      return std::hash<const void*>()(seen.value) ^ (std::hash<const void*>()(seen.type) << 1);
    }
  };

  [[noreturn]] void refuse(const Work& work) {
    throwValueError(work.place + " has the type " + work.type->annotation_str() + ", but its value is of type " +
                    work.value.tagKind());
  }

  void require(bool condition, const Work& work) {
    if (!condition) refuse(work);
  }

  void check(const Work& work) {
    const auto& [value, type, place] = work;
    // Only objects may contain each other; also ends the repeated check of a value with many references.
    if (value.isPtrType() && !value.isTensor() && !value.isString() &&
        !seen_.insert({value.internalToPointer(), type.get()}).second)
      return;
    switch (type->kind()) {
      case TypeKind::TensorType: return require(value.isTensor() && value.toTensor().defined(), work);
      case TypeKind::IntType: return require(value.isInt(), work);
      case TypeKind::FloatType: return require(value.isDouble(), work);
      case TypeKind::ComplexType: return require(value.isComplexDouble(), work);
      case TypeKind::NumberType: return require(value.isScalar() && !value.isBool(), work);
      case TypeKind::BoolType: return require(value.isBool(), work);
      case TypeKind::StringType: return require(value.isString(), work);
      case TypeKind::NoneType: return require(value.isNone(), work);
      case TypeKind::DeviceObjType: return require(value.isDevice(), work);
      case TypeKind::AnyType: return checkOwnType(work);
      case TypeKind::OptionalType:
        if (!value.isNone()) work_.push_back({value, type->expectRef<c10::OptionalType>().getElementType(), place});
        return;
      case TypeKind::ListType: return checkList(work);
      case TypeKind::DictType: return checkDict(work);
      case TypeKind::TupleType: return checkTuple(work);
      case TypeKind::EnumType: return require(value.isEnum() && *value.toEnumHolder()->type() == *type, work);
      case TypeKind::ClassType:
      case TypeKind::InterfaceType: return checkObject(work);
      default: throwValueError(place + " has the type " + type->annotation_str() + ", which a file may not contain");
    }
  }

  void checkOwnType(const Work& work) {
    if (work.value.isObject() || work.value.isList() || work.value.isGenericDict() || work.value.isTuple()) {
      work_.push_back({work.value, work.value.type(), work.place});
    }
  }

  void checkList(const Work& work) {
    require(work.value.isList(), work);
    const auto list = work.value.toList();
    const TypePtr& element = work.type->expectRef<c10::ListType>().getElementType();
    require(*list.elementType() == *element, work);
    for (size_t i = 0; i < list.size(); ++i) {
      work_.push_back({list.get(i), element, work.place + "[" + std::to_string(i) + "]"});
    }
  }

  void checkDict(const Work& work) {
    require(work.value.isGenericDict(), work);
    const auto dict = work.value.toGenericDict();
    const auto& type = work.type->expectRef<c10::DictType>();
    require(*dict.keyType() == *type.getKeyType() && *dict.valueType() == *type.getValueType(), work);
    for (const auto& entry : dict) {
      work_.push_back({entry.key(), type.getKeyType(), "a key of " + work.place});
      work_.push_back({entry.value(), type.getValueType(), "a value of " + work.place});
    }
  }

  void checkTuple(const Work& work) {
    require(work.value.isTuple(), work);
    const auto tuple = work.value.toTuple();
    const auto elements = work.type->expectRef<c10::TupleType>().elements();
    require(tuple->elements().size() == elements.size(), work);
    for (size_t i = 0; i < elements.size(); ++i) {
      work_.push_back({tuple->elements()[i], elements[i], work.place + "[" + std::to_string(i) + "]"});
    }
  }

  void checkObject(const Work& work) {
    require(work.value.isObject(), work);
    const auto object = work.value.toObject();
    const auto type = object->type();
    require(type->isSubtypeOf(*work.type) && object->slots().size() == type->numAttributes(), work);
    for (size_t i = 0; i < type->numAttributes(); ++i) {
      work_.push_back({object->getSlot(i), type->getAttribute(i), work.place + "." + type->getAttributeName(i)});
    }
  }

  std::vector<Work> work_;
  std::unordered_set<Seen, SeenHash> seen_;
};

}  // namespace

void checkConforms(const IValue& value, const TypePtr& type, const std::string& place) {
  Checker().run(value, type, place);
}

}  // namespace torch_func::jit
