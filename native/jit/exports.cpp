// Exports the loading, the attributes and the calls of TorchScript modules.

#include "jit/exports.h"

#include <torch/csrc/jit/api/compilation_unit.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/export.h>

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/arguments.h"
#include "core/call_arguments.h"
#include "core/errors.h"
#include "core/tensor_handle.h"
#include "jit/call.h"
#include "jit/from_ivalue.h"
#include "jit/load.h"
#include "jit/script.h"
#include "jit/to_ivalue.h"

namespace torch_func::jit {

namespace {

// --- loading ----------------------------------------------------------------------------------

[[noreturn]] void refuse(Environment& environment, const char* name, const char* expected, const Napi::Value& given) {
  throwTypeError("jitLoad(): argument '" + std::string(name) + "' must be " + expected + ", not " +
                 describe(environment, given));
}

Napi::Object objectOf(Environment& environment, const char* name, const Napi::Value& value) {
  if (!value.IsObject()) refuse(environment, name, "an object", value);
  return value.As<Napi::Object>();
}

// Pairs of a name and a value.
template <typename Each>
void forEachPair(Environment& environment, const char* name, const Napi::Value& value, Each&& each) {
  if (!value.IsArray()) refuse(environment, name, "an array of pairs", value);
  const auto pairs = value.As<Napi::Array>();
  for (uint32_t i = 0; i < pairs.Length(); ++i) {
    const Napi::Value pair = pairs.Get(i);
    if (!pair.IsArray() || !pair.As<Napi::Array>().Get(0u).IsString()) {
      refuse(environment, name, "an array of names and values", pair);
    }
    each(pair.As<Napi::Array>().Get(0u).As<Napi::String>().Utf8Value(), pair.As<Napi::Array>().Get(1u));
  }
}

std::string bytesOf(Environment& environment, const Napi::Value& value) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    throwTypeError("jitLoad(): a pickle must be a Uint8Array, not " + describe(environment, value));
  }
  const auto array = value.As<Napi::Uint8Array>();
  return {reinterpret_cast<const char*>(array.Data()), array.ByteLength()};
}

Pickle pickleOf(Environment& environment, const Napi::Value& value) {
  const Napi::Object object = objectOf(environment, "pickle", value);
  Pickle pickle{bytesOf(environment, object.Get("bytes")), {}};
  forEachPair(environment, "storages", object.Get("storages"), [&](std::string key, const Napi::Value& storage) {
    pickle.storages.emplace(std::move(key), toTensor(environment, storage, "storage"));
  });
  return pickle;
}

// Describes each module once, a module before its submodules.
class Describer {
 public:
  Describer(Environment& environment, std::shared_ptr<Program> program)
      : environment_(environment),
        program_(std::move(program)),
        modules_(Napi::Array::New(environment.env)),
        tensors_(Napi::Array::New(environment.env)) {}

  Napi::Value describe(const ObjectPtr& root) {
    add(root);
    auto result = Napi::Object::New(environment_.env);
    result.Set("modules", modules_);
    result.Set("tensors", tensors_);
    return result;
  }

 private:
  uint32_t add(const ObjectPtr& object) {
    const auto [known, isNew] = indices_.emplace(object.get(), static_cast<uint32_t>(indices_.size()));
    if (!isNew) return known->second;
    const uint32_t index = known->second;
    const auto type = object->type();
    auto module = Napi::Object::New(environment_.env);
    modules_.Set(index, module);
    module.Set("name", type->name()->name());
    addMembers(module, *object, *type);
    auto methods = Napi::Array::New(environment_.env);
    for (torch::jit::Function* method : type->methods()) methods.Set(methods.Length(), method->name());
    module.Set("methods", methods);
    auto script = std::make_unique<Script>(program_, object);
    module.Set("handle", Napi::Value(environment_.env, wrapScript(environment_, std::move(script))));
    return index;
  }

  void addMembers(Napi::Object module, const Object& object, const c10::ClassType& type) {
    auto tensors = Napi::Array::New(environment_.env), children = Napi::Array::New(environment_.env),
         attributes = Napi::Array::New(environment_.env);
    module.Set("training", Napi::Env(environment_.env).Null());
    for (size_t i = 0; i < type.numAttributes(); ++i) {
      const std::string name = type.getAttributeName(i);
      const c10::IValue& value = object.getSlot(i);
      switch (memberOf(type, i, value)) {
        case Member::Parameter: addPair(tensors, name, addTensor(value.toTensor())).Set(2u, "parameter"); break;
        case Member::Buffer: addPair(tensors, name, addTensor(value.toTensor())).Set(2u, "buffer"); break;
        case Member::Mode: module.Set("training", value.toBool()); break;
        case Member::Module: addPair(children, name, add(value.toObject())); break;
        case Member::Attribute:
          // A parameter or buffer that is absent.
          if (value.isNone() && (type.is_parameter(i) || type.is_buffer(i))) {
            addPair(tensors, name, -1).Set(2u, type.is_parameter(i) ? "parameter" : "buffer");
          } else {
            attributes.Set(attributes.Length(), name);
          }
      }
    }
    module.Set("tensors", tensors);
    module.Set("children", children);
    module.Set("attributes", attributes);
  }

  Napi::Array addPair(Napi::Array list, const std::string& name, int64_t index) {
    auto pair = Napi::Array::New(environment_.env);
    pair.Set(0u, name);
    pair.Set(1u, static_cast<double>(index));
    list.Set(list.Length(), pair);
    return pair;
  }

  // The same tensor for all parameters and buffers that are one.
  int64_t addTensor(const at::Tensor& tensor) {
    const auto [known, isNew] = tensorIndices_.emplace(tensor.unsafeGetTensorImpl(), tensors_.Length());
    if (isNew) tensors_.Set(known->second, Napi::Value(environment_.env, wrapTensor(environment_, tensor)));
    return known->second;
  }

  Environment& environment_;
  std::shared_ptr<Program> program_;
  Napi::Array modules_, tensors_;
  std::unordered_map<const Object*, uint32_t> indices_;
  std::unordered_map<const at::TensorImpl*, uint32_t> tensorIndices_;
};

// jitLoad({ code, constants, data, version, device }): the modules of a program, the root first, and their tensors.
Napi::Value jitLoad(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  const Napi::Object given = objectOf(environment, "archive", info[0]);
  Archive archive;
  forEachPair(environment, "code", given.Get("code"), [&](std::string file, const Napi::Value& text) {
    if (!text.IsString()) refuse(environment, "code", "texts", text);
    archive.code.emplace(std::move(file), text.As<Napi::String>().Utf8Value());
  });
  archive.constants = pickleOf(environment, given.Get("constants"));
  archive.data = pickleOf(environment, given.Get("data"));
  const Napi::Value version = given.Get("version");
  if (!version.IsNumber()) refuse(environment, "version", "a number", version);
  archive.version = static_cast<uint64_t>(version.As<Napi::Number>().Int64Value());
  Argument device;
  readArgument(environment, given.Get("device"), device);
  archive.device = parseDevice(environment, device);
  const Loaded loaded = loadArchive(environment, archive);
  Describer describer(environment, loaded.program);
  const Napi::Value result = describer.describe(loaded.module);
  clearTensors(Script(loaded.program, loaded.module));
  return result;
}

// --- modules ----------------------------------------------------------------------------------

// jitCall(module, method, tensors, modes, args): [the result, the tensors that the script assigned, each with its
// index]. The method `__call__` is `forward` with the hooks of the script.
Napi::Value jitCall(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  Script& script = toScript(environment, info[0]);
  const std::string name = stringParameter(info, 1, "jitCall", "method");
  const bool runsHooks = name == "__call__";
  torch::jit::Function& method = script.object->type()->getMethod(runsHooks ? "forward" : name);
  const auto array = info[4].As<Napi::Array>();
  std::vector<napi_value> arguments;
  for (uint32_t i = 0; i < array.Length(); ++i) arguments.push_back(array.Get(i));
  const auto stack = bindArguments(environment, method.getSchema(), script.object, arguments);
  ScriptCall call(environment, script, info[2], info[3]);
  const c10::IValue value = runsHooks ? call.runWithHooks(method, stack) : call.run(method, stack);
  auto result = Napi::Array::New(info.Env());
  auto assigned = Napi::Array::New(info.Env());
  for (auto& [index, tensor] : call.assigned()) {
    auto pair = Napi::Array::New(info.Env());
    pair.Set(0u, static_cast<double>(index));
    pair.Set(1u, Napi::Value(info.Env(), wrapTensor(environment, tensor)));
    assigned.Set(assigned.Length(), pair);
  }
  result.Set(0u, Napi::Value(info.Env(), fromIValue(environment, value)));
  result.Set(1u, assigned);
  return result;
}

// jitSignature(module, method): the signature as Python writes it.
Napi::Value jitSignature(const Napi::CallbackInfo& info) {
  Script& script = toScript(Environment::of(info.Env()), info[0]);
  const std::string name = stringParameter(info, 1, "jitSignature", "method");
  return Napi::String::New(info.Env(), signatureOf(script.object->type()->getMethod(name).getSchema()));
}

size_t slotOf(const Script& script, const std::string& name) { return script.object->type()->getAttributeSlot(name); }

// jitGet(module, name, tensors, modes): the value of an attribute, which may hold parameters.
Napi::Value jitGet(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  Script& script = toScript(environment, info[0]);
  const std::string name = stringParameter(info, 1, "jitGet", "name");
  const ScriptCall withTensors(environment, script, info[2], info[3]);
  return {info.Env(), fromIValue(environment, script.object->getSlot(slotOf(script, name)))};
}

// jitSet(module, name, value): assigns to an attribute.
Napi::Value jitSet(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  Script& script = toScript(environment, info[0]);
  const std::string name = stringParameter(info, 1, "jitSet", "name");
  const size_t slot = slotOf(script, name);
  const c10::TypePtr& type = script.object->type()->getAttribute(slot);
  script.object->setSlot(slot, toIValue(environment, info[2], type, "attribute '" + name + "'"));
  return info.Env().Undefined();
}

// jitSave(module, tensors, modes, extraFiles): the bytes of a file of torch.jit.save.
Napi::Value jitSave(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  Script& script = toScript(environment, info[0]);
  torch::jit::ExtraFilesMap extraFiles;
  const auto files = info[3].As<Napi::Array>();
  for (uint32_t i = 0; i < files.Length(); ++i) {
    const auto pair = files.Get(i).As<Napi::Array>();
    extraFiles.emplace(pair.Get(0u).As<Napi::String>().Utf8Value(), bytesOf(environment, pair.Get(1u)));
  }
  ScriptCall call(environment, script, info[1], info[2]);
  auto bytes = std::make_unique<std::string>();
  torch::jit::ExportModule(
      torch::jit::Module(script.object),
      [&](const void* data, size_t size) {
        bytes->append(static_cast<const char*>(data), size);
        return size;
      },
      extraFiles);
  return Napi::Buffer<char>::Copy(info.Env(), bytes->data(), bytes->size());
}

}  // namespace

}  // namespace torch_func::jit

namespace torch_func {

void defineJit(Napi::Object exports) {
  define<jit::jitLoad>(exports, "jitLoad");
  define<jit::jitCall>(exports, "jitCall");
  define<jit::jitSignature>(exports, "jitSignature");
  define<jit::jitGet>(exports, "jitGet");
  define<jit::jitSet>(exports, "jitSet");
  define<jit::jitSave>(exports, "jitSave");
}

}  // namespace torch_func
