// Compiled functions that other threads run.
//
// Note [Shared functions]
// What was compiled knows nothing of JavaScript, and several threads may run it at the same time. A shared function is
// a list of entries without what belongs to a thread: signatures without references, and executables that read aliases
// of the tensors from outside (Note [Shared storages]). The thread that receives it makes entries of its own of them,
// whose executables are the same.

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "compile/call/compiled_function.h"
#include "compile/exports.h"
#include "core/errors.h"
#include "core/shared_storage.h"
#include "core/shared_token.h"

namespace torch_func {

namespace {

using namespace compile;

// An executable with closures of its own: aliases of those of another.
class OwnClosures final : public Executable {
 public:
  explicit OwnClosures(std::shared_ptr<Executable> executable) : executable_(std::move(executable)) {
    for (const at::Tensor& closure : executable_->closures()) {
      if (!closure.has_storage() || closure.layout() != c10::kStrided) {
        throwRuntimeError("share(): the compiled function reads a sparse tensor from outside, which cannot be shared");
      }
      c10::Storage storage = closure.storage();
      shareStorage(storage);
      closures_.push_back(aliasOf(closure));
    }
  }

  using Executable::run;
  void run(c10::ArrayRef<at::Tensor> inputs, std::vector<at::Tensor>& outputs, const RunOptions& options) override {
    RunOptions own = options;
    if (own.closures.empty()) own.closures = closures_;
    executable_->run(inputs, outputs, own);
  }
  c10::ArrayRef<at::Tensor> closures() const override { return closures_; }
  std::string sources() const override { return executable_->sources(); }
  std::string problem() const override { return executable_->problem(); }
  std::string deviceGraph() const override { return executable_->deviceGraph(); }
  std::vector<StepReport> report() const override { return executable_->report(); }
  int64_t plannedBytes() const override { return executable_->plannedBytes(); }
  bool isRepeatable() const override { return executable_->isRepeatable(); }
  std::vector<double> time(c10::ArrayRef<at::Tensor> inputs) override { return executable_->time(inputs); }

 private:
  std::shared_ptr<Executable> executable_;
  std::vector<at::Tensor> closures_;
};

using Entries = std::vector<std::shared_ptr<const CompiledFunction::Entry>>;

CompiledFunction::Entry copyOf(const CompiledFunction::Entry& entry, Environment& environment) {
  CompiledFunction::Entry copy;
  copy.signature = entry.signature->copyFor(environment);
  copy.compilation.executable = std::make_shared<OwnClosures>(entry.compilation.executable);
  copy.compilation.recorded = entry.compilation.recorded;
  copy.compilation.passes = entry.compilation.passes;
  copy.compilation.reasons = entry.compilation.reasons;
  copy.compilation.recording = entry.compilation.recording;
  copy.compilation.planning = entry.compilation.planning;
  copy.operators = entry.operators;
  copy.outputs = entry.outputs;
  copy.returnsTensor = entry.returnsTensor;
  copy.needsSeparateStorage = entry.needsSeparateStorage;
  copy.expected = entry.expected;
  copy.expectedReason = entry.expectedReason;
  copy.id = entry.id;
  copy.blocking = entry.blocking;
  return copy;
}

Napi::Array idsOf(Napi::Env env, const Entries& entries) {
  auto ids = Napi::Array::New(env);
  for (const auto& entry : entries) ids.Set(ids.Length(), entry->id);
  return ids;
}

// shareFunction(compiled): [the buffer of a new token, the ids of the entries]. Without entries the buffer is null.
Napi::Value shareFunction(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  Entries entries;
  for (const auto& entry : toCompiledFunction(environment, info[0]).entries()) {
    if (entry->compilation.executable == nullptr || !entry->signature->isPlain()) continue;
    if (entry->dynamic != nullptr) {
      throwRuntimeError("share(): a function that is compiled for all sizes (dynamic: true) cannot be shared");
    }
    // Calls that write to memory run the function where there are tensors from outside.
    if (entry->needsSeparateStorage && !entry->compilation.executable->closures().empty()) {
      throwRuntimeError("share(): a function that writes to tensors and uses others from outside cannot be shared");
    }
    entries.push_back(std::make_shared<const CompiledFunction::Entry>(copyOf(*entry, environment)));
  }
  auto result = Napi::Array::New(info.Env(), 2);
  result.Set(1u, idsOf(info.Env(), entries));
  if (entries.empty()) result.Set(0u, info.Env().Null());
  if (!entries.empty()) {
    result.Set(0u, Napi::Value(info.Env(), Tokens<Entries>::create(info.Env(), std::move(entries))));
  }
  return result;
}

// addShared(compiled, bytes): adds the entries of the token whose buffer this array shows. Returns their ids, in the
// order in which shareFunction() returned them; null if the buffer is of no token.
Napi::Value addShared(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  CompiledFunction& compiled = toCompiledFunction(environment, info[0]);
  const Entries* shared = Tokens<Entries>::find(bytesParameter(info, 1, "bytes").data);
  if (shared == nullptr) return info.Env().Null();
  auto ids = Napi::Array::New(info.Env());
  for (const auto& entry : *shared) {
    compiled.add(copyOf(*entry, environment), shared->size());
    ids.Set(ids.Length(), compiled.entries().front()->id);
  }
  return ids;
}

}  // namespace

void defineSharedFunctions(Napi::Object exports) {
  define<shareFunction>(exports, "shareFunction");
  define<addShared>(exports, "addShared");
}

}  // namespace torch_func
