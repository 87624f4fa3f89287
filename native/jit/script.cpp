// See Note [Tensors of a scripted module].

#include "jit/script.h"

#include <torch/csrc/jit/api/compilation_unit.h>

#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "core/type_tags.h"

namespace torch_func::jit {

namespace {

constexpr napi_type_tag kScriptTag = {0x5d0c6f1b7e2a4c93, 0xa1c47b9e30f25d68};

using c10::IValue;

// Finds the parameters and buffers in the values of other attributes.
class AliasFinder {
 public:
  explicit AliasFinder(Script& script) : script_(script) {
    for (size_t i = 0; i < script.tensors.size(); ++i) {
      const auto [owner, slot] = script.tensors[i];
      const IValue& value = owner->getSlot(slot);
      if (value.isTensor()) positions_.emplace(value.toTensor().unsafeGetTensorImpl(), i);
    }
  }

  // The values in a value, which is not a tensor itself.
  void search(const IValue& value) {
    if (value.isList()) {
      const auto list = value.toList();
      for (size_t i = 0; i < list.size(); ++i) found(value, static_cast<int64_t>(i), list.get(i));
    } else if (value.isGenericDict()) {
      for (const auto& entry : value.toGenericDict()) found(value, entry.key(), entry.value());
    } else if (value.isTuple()) {
      for (const IValue& item : value.toTupleRef().elements()) search(item);
    } else if (value.isObject() && !value.toObject()->type()->is_module()) {
      const auto object = value.toObject();
      for (size_t i = 0; i < object->slots().size(); ++i) found(value, static_cast<int64_t>(i), object->getSlot(i));
    }
  }

 private:
  void found(const IValue& container, IValue key, const IValue& item) {
    if (!item.isTensor()) return search(item);
    const auto known = positions_.find(item.toTensor().unsafeGetTensorImpl());
    if (known != positions_.end()) script_.aliases.push_back({container, std::move(key), known->second});
  }

  Script& script_;
  std::unordered_map<const at::TensorImpl*, size_t> positions_;
};

void collectPlaces(Script& script, Object* object, std::unordered_set<Object*>& seen) {
  if (!seen.insert(object).second) return;
  const auto type = object->type();
  for (size_t i = 0; i < type->numAttributes(); ++i) {
    const Member member = memberOf(*type, i, object->getSlot(i));
    if (isTensorMember(member)) script.tensors.push_back({object, i});
    if (member == Member::Mode) script.modes.push_back({object, i});
  }
  for (size_t i = 0; i < type->numAttributes(); ++i) {
    const c10::IValue& value = object->getSlot(i);
    if (memberOf(*type, i, value) == Member::Module) collectPlaces(script, value.toObject().get(), seen);
  }
}

}  // namespace

Program::Program(Environment& environment, std::shared_ptr<torch::jit::CompilationUnit> unit, int64_t bytes)
    : unit(std::move(unit)), bytes_(bytes), env_(environment.finalizerEnv()) {
  int64_t total = 0;
  napi_adjust_external_memory(env_, bytes_, &total);
}

Program::~Program() {
  int64_t total = 0;
  napi_adjust_external_memory(env_, -bytes_, &total);
}

Script::Script(std::shared_ptr<Program> program, ObjectPtr object)
    : program(std::move(program)), object(std::move(object)) {
  std::unordered_set<Object*> seen;
  collectPlaces(*this, this->object.get(), seen);
  AliasFinder finder(*this);
  for (const Object* module : seen) {
    for (const IValue& value : module->slots()) finder.search(value);
  }
}

void Alias::set(const IValue& value) const {
  if (container.isObject()) {
    container.toObject()->setSlot(key.toInt(), value);
  } else if (container.isGenericDict()) {
    container.toGenericDict().insert_or_assign(key, value);
  } else if (auto list = container.toList(); static_cast<size_t>(key.toInt()) < list.size()) {
    // The script may have removed elements.
    list.set(key.toInt(), value);
  }
}

Member memberOf(const c10::ClassType& type, size_t slot, const c10::IValue& value) {
  if (value.isObject() && value.toObject()->type()->is_module()) return Member::Module;
  if (!type.is_module()) return Member::Attribute;
  if (value.isTensor() && type.is_parameter(slot)) return Member::Parameter;
  if (value.isTensor() && type.is_buffer(slot)) return Member::Buffer;
  const bool isMode = value.isBool() && type.getAttributeName(slot) == "training";
  return isMode ? Member::Mode : Member::Attribute;
}

napi_value wrapScript(Environment& environment, std::unique_ptr<Script> script) {
  return wrapExternal(environment, std::move(script), kScriptTag);
}

Script& toScript(Environment& environment, napi_value value) {
  return toExternalData<Script>(environment, value, kScriptTag, "module", "a scripted module");
}

}  // namespace torch_func::jit
