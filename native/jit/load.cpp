// Builds a program with libtorch's compiler and unpickler. They get what lib/jit/archive.ts has checked: the unpickler
// itself trusts the pickle.

#include "jit/load.h"

#include <torch/csrc/jit/api/compilation_unit.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/frontend/error_report.h>
#include <torch/csrc/jit/serialization/import_source.h>
#include <torch/csrc/jit/serialization/storage_context.h>
#include <torch/csrc/jit/serialization/unpickler.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "core/errors.h"
#include "jit/conforms.h"
#include "jit/operators.h"
#include "jit/run.h"

namespace torch_func::jit {

namespace {

using c10::IValue;
using torch::jit::CompilationUnit;
using torch::jit::Source;

// "__torch__.a.b" -> "code/__torch__/a/b.py"
std::string pathOf(std::string qualifier) {
  std::replace(qualifier.begin(), qualifier.end(), '.', '/');
  return "code/" + qualifier + ".py";
}

// Memory that a tensor owns.
at::DataPtr memoryOf(const at::Tensor& bytes) {
  auto* owner = new at::Tensor(bytes);
  return {bytes.data_ptr(), owner, [](void* tensor) { delete static_cast<at::Tensor*>(tensor); }, bytes.device()};
}

class Loader {
 public:
  explicit Loader(const Archive& archive)
      : archive_(archive),
        unit_(std::make_shared<CompilationUnit>()),
        importer_(
            unit_, &constants_, [this](const std::string& qualifier) { return sourceOf(qualifier); }, archive.version) {
  }

  Loaded load(Environment& environment) {
    const IValue constants = unpickle(archive_.constants, "constants.pkl");
    if (!constants.isTuple()) throwValueError("entry 'constants.pkl' must hold a tuple, not " + constants.tagKind());
    for (const IValue& constant : constants.toTupleRef().elements()) {
      checkConforms(constant, constant.type(), "constant " + std::to_string(constants_.size()));
      constants_.push_back(constant);
    }
    const IValue root = unpickle(archive_.data, "data.pkl");
    if (!root.isObject() || !root.toObject()->type()->is_module()) {
      throwValueError("entry 'data.pkl' must hold a module, not " + root.tagKind());
    }
    checkConforms(root, root.type(), "the module");
    prepareMethods();
    auto program = std::make_shared<Program>(environment, unit_, memoryOfProgram());
    program->changesState = changesState();
    return {std::move(program), root.toObject()};
  }

 private:
  std::shared_ptr<Source> sourceOf(const std::string& qualifier) const {
    const std::string path = pathOf(qualifier);
    const auto found = archive_.code.find(path);
    return found == archive_.code.end() ? nullptr : std::make_shared<Source>(found->second, path, 1);
  }

  IValue unpickle(const Pickle& pickle, const char* name) {
    size_t position = 0;
    const auto read = [&](char* buffer, size_t length) {
      const size_t count = std::min(length, pickle.bytes.size() - position);
      std::memcpy(buffer, pickle.bytes.data() + position, count);
      position += count;
      return count;
    };
    const auto resolve = [&](const c10::QualifiedName& type) {
      return c10::StrongTypePtr(unit_, importer_.loadType(type));
    };
    const auto storage = [&](const std::string& key) {
      const auto found = pickle.storages.find(key);
      if (found == pickle.storages.end()) throwValueError(std::string("entry '") + name + "' has no storage " + key);
      return memoryOf(found->second);
    };
    torch::jit::Unpickler unpickler(
        read, resolve, [](const c10::StrongTypePtr& type, IValue state) { return newObject(type, std::move(state)); },
        storage, archive_.device, /*use_storage_device=*/false, torch::jit::Unpickler::defaultTypeParser,
        std::make_shared<torch::jit::DeserializationStorageContext>());
    unpickler.set_version(archive_.version);
    return unpickler.parse_ivalue();
  }

  // An object of a class, from the state that the pickle holds. The values are checked when all are there.
  static ObjectPtr newObject(const c10::StrongTypePtr& strong, IValue state) {
    const auto type = strong.type_->cast<c10::ClassType>();
    if (type == nullptr) throwValueError(strong.type_->annotation_str() + " is not a class, but has an object");
    const size_t count = type->numAttributes();
    auto object = Object::create(strong, count);
    if (torch::jit::Function* setState = setStateOf(*type)) {
      const auto& formal = setState->getSchema().arguments();
      if (formal.size() != 2) throwValueError(type->annotation_str() + ".__setstate__ must have one argument");
      checkConforms(state, formal[1].type(), "the state of " + type->annotation_str());
      // Slots of the object are not tensors yet.
      std::vector<IValue> stack = {object, std::move(state)};
      prepare(*setState);
      runScript(*setState, stack);
      return object;
    }
    if (!state.isGenericDict()) throwValueError("the state of " + type->annotation_str() + " must be a dict");
    const auto values = state.toGenericDict();
    for (size_t i = 0; i < count; ++i) {
      const auto found = values.find(type->getAttributeName(i));
      if (found == values.end()) {
        throwValueError("an object of " + type->annotation_str() + " has no '" + type->getAttributeName(i) + "'");
      }
      object->setSlot(i, found->value());
    }
    return object;
  }

  static torch::jit::Function* setStateOf(const c10::ClassType& type) {
    return type.findMethod("__getstate__") == nullptr ? nullptr : type.findMethod("__setstate__");
  }

  static void prepare(torch::jit::Function& function) {
    if (auto* graph = torch::jit::tryToGraphFunction(function)) {
      graph->_set_initial_executor_execution_mode(torch::jit::ExecutorExecutionMode::SIMPLE);
    }
  }

  // Compiles what is not compiled yet.
  void prepareMethods() {
    for (torch::jit::Function* function : unit_->get_functions()) {
      function->ensure_defined();
      prepare(*function);
    }
  }

  int64_t memoryOfProgram() const {
    // A graph takes about this many bytes for each of its source.
    constexpr size_t kGraphBytes = 16;
    size_t bytes = 0;
    for (const auto& [path, text] : archive_.code) bytes += kGraphBytes * text.size();
    for (const auto& [key, storage] : archive_.constants.storages) bytes += storage.nbytes();
    return static_cast<int64_t>(bytes);
  }

  bool changesState() const {
    const auto functions = unit_->get_functions();
    return std::any_of(functions.begin(), functions.end(), [](torch::jit::Function* function) {
      auto* graph = torch::jit::tryToGraphFunction(*function);
      return graph != nullptr && changesState(graph->graph()->block());
    });
  }

  static bool changesState(const torch::jit::Block* block) {
    for (const torch::jit::Node* node : block->nodes()) {
      if (node->kind() == c10::prim::SetAttr) return true;
      if (const auto* schema = node->maybeSchema()) {
        for (size_t i = 0; i < std::min(schema->arguments().size(), node->inputs().size()); ++i) {
          const auto* alias = schema->arguments()[i].alias_info();
          const torch::jit::Value* input = node->input(i);
          if (alias != nullptr && alias->isWrite() && input->node()->kind() == c10::prim::GetAttr &&
              !input->type()->isSubtypeOf(*c10::TensorType::get()))
            return true;
        }
      }
      for (const torch::jit::Block* inner : node->blocks()) {
        if (changesState(inner)) return true;
      }
    }
    return false;
  }

  const Archive& archive_;
  std::shared_ptr<CompilationUnit> unit_;
  std::vector<IValue> constants_;
  torch::jit::SourceImporter importer_;
};

}  // namespace

Loaded loadArchive(Environment& environment, const Archive& archive) {
  adaptOperators();
  return Loader(archive).load(environment);
}

}  // namespace torch_func::jit
