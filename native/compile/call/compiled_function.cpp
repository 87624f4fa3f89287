// Finds the entry of a call, and runs it.

#include "compile/call/compiled_function.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/functorch/DynamicLayer.h>
#include <c10/core/impl/TorchDispatchModeTLS.h>

#include <algorithm>
#include <exception>
#include <limits>
#include <utility>

#include "compile/call/differentiated.h"
#include "compile/lowering/lower.h"
#include "core/errors.h"
#include "core/tensor_handle.h"
#include "core/type_tags.h"

namespace torch_func::compile {

namespace {

// Of a graph for all sizes.
constexpr size_t kKeptPlans = 16;

napi_value numberValue(napi_env env, int32_t number) {
  napi_value value;
  check(env, napi_create_int32(env, number, &value));
  return value;
}

bool shareStorage(c10::ArrayRef<at::Tensor> inputs, c10::ArrayRef<at::Tensor> closures) {
  // Plans list a tensor twice that their fallback reads too.
  c10::SmallVector<const at::TensorImpl*, 8> tensors;
  for (const at::Tensor& closure : closures) tensors.push_back(closure.unsafeGetTensorImpl());
  std::sort(tensors.begin(), tensors.end());
  tensors.erase(std::unique(tensors.begin(), tensors.end()), tensors.end());
  for (const at::Tensor& input : inputs) tensors.push_back(input.unsafeGetTensorImpl());
  c10::SmallVector<const c10::StorageImpl*, 8> storages;
  for (const at::TensorImpl* tensor : tensors) {
    if (tensor->has_storage() && tensor->storage().nbytes() > 0) {
      storages.push_back(tensor->storage().unsafeGetStorageImpl());
    }
  }
  std::sort(storages.begin(), storages.end());
  return std::adjacent_find(storages.begin(), storages.end()) != storages.end();
}

bool anyDifferentiated(c10::ArrayRef<at::Tensor> tensors) {
  return std::any_of(tensors.begin(), tensors.end(), isDifferentiated);
}

}  // namespace

void CompiledFunction::Entry::noteOutside(const Graph& recorded) {
  for (ValueId id : recorded.closures) {
    const at::Tensor& tensor = recorded.values[id].tensor;
    outside.push_back({tensor, recorded.type(id), tensor.requires_grad()});
  }
}

bool CompiledFunction::Entry::outsideIsSame() const {
  return std::all_of(outside.begin(), outside.end(), [](const Outside& known) {
    const auto& [tensor, type, _] = known;
    return tensor.sizes() == c10::IntArrayRef(type.sizes) && tensor.scalar_type() == type.dtype &&
           (type.layout != c10::kStrided || tensor.strides() == c10::IntArrayRef(type.strides));
  });
}

bool CompiledFunction::Entry::outsideIsDifferentiated() const {
  return std::any_of(outside.begin(), outside.end(), [](const Outside& known) {
    return isDifferentiated(known.tensor) && (!known.requiresGradient || known.tensor._fw_grad(0).defined());
  });
}

std::shared_ptr<Executable> CompiledFunction::Entry::executable() const {
  const auto planned =
      std::find_if(plans.rbegin(), plans.rend(), [](const auto& plan) { return plan.second != nullptr; });
  return planned == plans.rend() ? compilation.executable : planned->second;
}

std::shared_ptr<Executable> CompiledFunction::Entry::executableFor(int64_t size) {
  if (dynamic == nullptr) return compilation.executable;
  const auto known = std::find_if(plans.begin(), plans.end(), [&](const auto& plan) { return plan.first == size; });
  if (known != plans.end()) {
    std::rotate(known, known + 1, plans.end());
    return plans.back().second;
  }
  std::shared_ptr<Executable> executable;
  try {
    // Also where it is not what runs: it shows whether the operators give the expected shapes.
    Graph graph = dynamic->at(size);
    std::vector<std::string> reasons;
    if (optimized == nullptr) {
      executable = compileGraph(std::move(graph), {options.backend, options.passes}).executable;
    } else {
      executable = lower(optimized->at(size), reasons, {.finiteMath = !options.passes.strictZeros});
    }
  } catch (const std::exception& error) {
    const std::string text = error.what();
    compilation.reasons.push_back("not for size " + std::to_string(size) + ": " + text.substr(0, text.find('\n')));
  }
  if (plans.size() == kKeptPlans) plans.erase(plans.begin());
  plans.emplace_back(size, executable);
  return executable;
}

// Entries with one signature that differ in what they expect of values.
constexpr int kMostAlternatives = 4;
// An entry whose expectations fail more often than they hold costs more than it saves.
constexpr int64_t kMostMisses = 8;

// Runs a program, and says whether the values were those it expects.
bool CompiledFunction::runAsExpected(Entry& entry, Executable& executable, c10::ArrayRef<at::Tensor> inputs,
                                     std::vector<at::Tensor>& outputs) {
  const at::AutoDispatchBelowADInplaceOrView below;
  if (entry.expected.empty()) {
    executable.run(inputs, outputs);
    return true;
  }
  bool isExpected = true;
  try {
    executable.run(inputs, outputs);
    const size_t count = outputs.size() - entry.expected.size();
    for (size_t i = 0; i < entry.expected.size() && isExpected; ++i) {
      isExpected = !entry.expected[i].defined() || at::equal(outputs[count + i], entry.expected[i]);
    }
    outputs.resize(count);
  } catch (const std::exception&) {
    // UnexpectedValues, or an error that may come from other values than expected: the function itself decides.
    isExpected = false;
  }
  ++(isExpected ? entry.hits : entry.misses);
  if (entry.misses > kMostMisses + entry.hits) {
    entry.compilation.executable = nullptr;
    entry.compilation.reasons = {entry.expectedReason + ", and it differs from call to call"};
  }
  return isExpected;
}

napi_value CompiledFunction::Entry::result(Environment& environment, std::vector<at::Tensor>& computed,
                                           c10::ArrayRef<napi_value> objects) const {
  napi_env env = environment.env;
  if (returnsTensor && !outputs[0].isArgument) return wrapTensor(environment, std::move(computed[0]));
  napi_value array;
  check(env, napi_create_array_with_length(env, outputs.size() + 1, &array));
  check(env, napi_set_element(env, array, 0, numberValue(env, id)));
  // A tensor that the function returns twice is one object.
  c10::SmallVector<napi_value, 8> wrapped(computed.size(), nullptr);
  for (size_t i = 0; i < outputs.size(); ++i) {
    const auto [isArgument, index] = outputs[i];
    napi_value value = isArgument ? objects[index] : wrapped[index];
    if (value == nullptr) value = wrapped[index] = wrapTensor(environment, std::move(computed[index]));
    check(env, napi_set_element(env, array, static_cast<uint32_t>(i + 1), value));
  }
  return array;
}

napi_value CompiledFunction::call(const ResultCall& call) {
  napi_env env = call.environment.env;
  const auto action = [&](Action what) { return numberValue(env, static_cast<int32_t>(what)); };
  if (at::functorch::maybeCurrentDynamicLayer() || c10::impl::dispatch_mode_enabled()) {
    return action(Action::RunFunction);
  }
  const Modes modes = Modes::current();
  Leaves leaves;
  int alternatives = 0;
  for (size_t position = 0; position < entries_.size(); ++position) {
    leaves.tensors.clear();
    leaves.objects.clear();
    int64_t size = 0;
    if (!entries_[position]->signature->matches(call, modes, leaves, size)) continue;
    // Another one may take its place while it runs: a warning calls JavaScript.
    const std::shared_ptr<Entry> owner = entries_[position];
    Entry& entry = *owner;
    if (!entry.outsideIsSame()) continue;
    if (anyDifferentiated(leaves.tensors)) return action(Action::RunFunction);
    const std::shared_ptr<Executable> executable = entry.executableFor(size);
    // This size is another matter: it is recorded.
    if (entry.dynamic != nullptr && executable == nullptr) continue;
    entry.lastUse = ++uses_;
    if (executable == nullptr || entry.outsideIsDifferentiated() ||
        (entry.needsSeparateStorage && shareStorage(leaves.tensors, executable->closures()))) {
      return action(Action::RunFunction);
    }
    std::vector<at::Tensor> outputs;
    if (!runAsExpected(entry, *executable, leaves.tensors, outputs)) {
      if (++alternatives == kMostAlternatives) return action(Action::RunFunction);
      continue;
    }
    return entry.result(call.environment, outputs, leaves.objects);
  }
  // A signature that was not seen yet; or arguments that are not compiled for at all.
  leaves = {};
  const Signature signature(call, leaves);
  return action(anyDifferentiated(leaves.tensors) ? Action::RunFunction : Action::Record);
}

std::shared_ptr<CompiledFunction::Entry> CompiledFunction::find(const ResultCall& call, Leaves& leaves,
                                                                std::shared_ptr<Executable>& executable) {
  const Modes modes = Modes::current();
  for (size_t position = 0; position < entries_.size(); ++position) {
    leaves = {};
    int64_t size = 0;
    // The signature may call getters of the program.
    const std::shared_ptr<Entry> entry = entries_[position];
    if (!entry->signature->matches(call, modes, leaves, size)) continue;
    if (!entry->outsideIsSame() || entry->blocking != nullptr || anyDifferentiated(leaves.tensors)) return nullptr;
    executable = entry->executableFor(size);
    if (entry->dynamic != nullptr && executable == nullptr) continue;
    if (executable == nullptr || entry->outsideIsDifferentiated()) return nullptr;
    entry->lastUse = ++uses_;
    return entry;
  }
  return nullptr;
}

void CompiledFunction::time(const ResultCall& call) {
  // The least time of so many runs.
  constexpr int kRuns = 5;
  if (at::functorch::maybeCurrentDynamicLayer() || c10::impl::dispatch_mode_enabled()) return;
  const Modes modes = Modes::current();
  for (size_t position = 0; position < entries_.size(); ++position) {
    Leaves leaves;
    int64_t size = 0;
    // Another one may take its place while it runs: a warning calls JavaScript.
    const std::shared_ptr<Entry> entry = entries_[position];
    if (!entry->signature->matches(call, modes, leaves, size) || !entry->outsideIsSame()) continue;
    const std::shared_ptr<Executable> executable = entry->executableFor(size);
    if (executable == nullptr || !executable->isRepeatable()) return;
    if (anyDifferentiated(leaves.tensors) || entry->outsideIsDifferentiated()) return;
    const at::AutoDispatchBelowADInplaceOrView below;
    std::vector<double> least;
    double all = std::numeric_limits<double>::infinity();
    try {
      for (int run = 0; run < kRuns; ++run) {
        std::vector<double> times;
        all = std::min(all, millisecondsOf([&] { times = executable->time(leaves.tensors); }));
        if (run == 0) least = times;
        if (times.empty() || times.size() != least.size()) return;
        for (size_t i = 0; i < times.size(); ++i) least[i] = std::min(least[i], times[i]);
      }
    } catch (const UnexpectedValues&) {
      continue;
    }
    entry->timed = executable;
    entry->stepTimes = std::move(least);
    entry->runTime = all;
    return;
  }
}

void CompiledFunction::generalize(Entry& entry) const {
  for (const auto& owner : entries_) {
    const Entry& other = *owner;
    const auto &first = other.compilation, &second = entry.compilation;
    if (other.dynamic != nullptr || !first.recordedGraph || !second.recordedGraph) continue;
    if (!other.expected.empty() || !entry.expected.empty()) continue;
    const auto sizes = entry.signature->differenceFrom(*other.signature);
    if (!sizes) continue;
    std::string reason = "the function reads sizes in JavaScript, or its results depend on them";
    if (entry.sizesRead == other.sizesRead && entry.returnsTensor == other.returnsTensor &&
        entry.outputs == other.outputs) {
      entry.dynamic = DynamicGraph::from(*first.recordedGraph, *second.recordedGraph, *sizes, reason);
      if (entry.dynamic != nullptr && first.optimizedGraph && second.optimizedGraph) {
        std::string unused;
        entry.optimized = DynamicGraph::from(*first.optimizedGraph, *second.optimizedGraph, *sizes, unused);
      }
    }
    if (entry.dynamic != nullptr) {
      entry.plans = {{sizes->first, other.compilation.executable}, {sizes->second, entry.compilation.executable}};
      entry.signature->generalize(*other.signature, *sizes);
    } else {
      entry.compilation.reasons.push_back("only for this size: " + reason);
    }
    return;
  }
}

int32_t CompiledFunction::add(Entry entry, size_t limit) {
  entry.id = nextId_++;
  entry.lastUse = ++uses_;
  int32_t dropped = -1;
  if (entries_.size() >= limit) {
    const auto oldest = std::min_element(entries_.begin(), entries_.end(),
                                         [](const auto& a, const auto& b) { return a->lastUse < b->lastUse; });
    dropped = (*oldest)->id;
    entries_.erase(oldest);
  }
  entries_.insert(entries_.begin(), std::make_shared<Entry>(std::move(entry)));
  return dropped;
}

CompiledFunction& toCompiledFunction(Environment& environment, napi_value value) {
  return toExternalData<CompiledFunction>(environment, value, kCompiledFunctionTag, "compiled", "a compiled function");
}

}  // namespace torch_func::compile
