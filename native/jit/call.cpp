// See Note [Tensors of a scripted module].

#include "jit/call.h"

#include <utility>

#include "compile/capture/recorder.h"
#include "core/errors.h"
#include "core/tensor_handle.h"
#include "jit/run.h"

namespace torch_func::jit {

namespace {

std::vector<napi_value> itemsOf(napi_env env, napi_value array, size_t expected) {
  uint32_t length = 0;
  check(env, napi_get_array_length(env, array, &length));
  if (length != expected) throwRuntimeError("the scripted module has other parameters or buffers than its file");
  std::vector<napi_value> items(length);
  for (uint32_t i = 0; i < length; ++i) check(env, napi_get_element(env, array, i, &items[i]));
  return items;
}

// A tensor, or null where the program allows it.
c10::IValue valueFor(Environment& environment, const Place& place, napi_value value) {
  const auto type = place.owner->type();
  napi_valuetype kind;
  check(environment.env, napi_typeof(environment.env, value, &kind));
  const bool isAbsent = kind == napi_null || kind == napi_undefined;
  if (isAbsent && c10::NoneType::get()->isSubtypeOf(*type->getAttribute(place.slot))) return {};
  return toOperand(environment, value, type->getAttributeName(place.slot).c_str());
}

// What a recording does not see: reads of sizes by the script, and what it keeps in attributes.
void tellRecording(const Script& script) {
  compile::Recorder* recorder = compile::Recorder::current();
  if (recorder == nullptr) return;
  compile::Recorder::noteComparison();
  if (script.program->changesState) recorder->setIncomplete("the scripted module assigns to its attributes");
}

}  // namespace

void clearTensors(const Script& script) {
  for (const Place& place : script.tensors) place.owner->setSlot(place.slot, at::Tensor());
  for (const Alias& alias : script.aliases) alias.set(at::Tensor());
}

ScriptCall::ScriptCall(Environment& environment, Script& script, napi_value tensors, napi_value modes)
    : script_(script) {
  napi_env env = environment.env;
  const auto items = itemsOf(env, tensors, script.tensors.size());
  const auto switches = itemsOf(env, modes, script.modes.size());
  for (size_t i = 0; i < items.size(); ++i) given_.push_back(valueFor(environment, script.tensors[i], items[i]));
  for (size_t i = 0; i < switches.size(); ++i) {
    bool isOn = false;
    check(env, napi_get_value_bool(env, switches[i], &isOn));
    script.modes[i].owner->setSlot(script.modes[i].slot, isOn);
  }
  // Nothing below throws: the destructor of a partly constructed object does not run.
  before_.reserve(given_.size());
  for (size_t i = 0; i < given_.size(); ++i) {
    const auto [owner, slot] = script.tensors[i];
    before_.push_back(owner->getSlot(slot));
    owner->setSlot(slot, given_[i]);
  }
  for (const Alias& alias : script.aliases) alias.set(given_[alias.tensor]);
}

ScriptCall::~ScriptCall() {
  for (const Alias& alias : script_.aliases) alias.set(before_[alias.tensor]);
  for (size_t i = 0; i < before_.size(); ++i) {
    script_.tensors[i].owner->setSlot(script_.tensors[i].slot, std::move(before_[i]));
  }
}

c10::IValue ScriptCall::run(torch::jit::Function& method, std::vector<c10::IValue> stack) {
  tellRecording(script_);
  runScript(method, stack);
  return std::move(stack.back());
}

c10::IValue ScriptCall::runWithHooks(torch::jit::Function& forward, std::vector<c10::IValue> stack) {
  const auto type = script_.object->type();
  const c10::IValue self = script_.object;
  std::vector<c10::IValue> inputs(stack.begin() + 1, stack.end());
  for (torch::jit::Function* hook : type->getForwardPreHooks()) {
    c10::IValue changed = run(*hook, {self, c10::ivalue::Tuple::create(inputs)});
    if (changed.isTuple()) {
      inputs = changed.toTupleRef().elements().vec();
    } else if (!changed.isNone()) {
      inputs = {std::move(changed)};
    }
  }
  stack = {self};
  stack.insert(stack.end(), inputs.begin(), inputs.end());
  c10::IValue output = run(forward, std::move(stack));
  for (torch::jit::Function* hook : type->getForwardHooks()) {
    c10::IValue changed = run(*hook, {self, c10::ivalue::Tuple::create(inputs), output});
    if (!changed.isNone()) output = std::move(changed);
  }
  return output;
}

std::vector<std::pair<size_t, at::Tensor>> ScriptCall::assigned() const {
  std::vector<std::pair<size_t, at::Tensor>> changes;
  for (size_t i = 0; i < given_.size(); ++i) {
    const c10::IValue& now = script_.tensors[i].owner->getSlot(script_.tensors[i].slot);
    if (!now.is(given_[i])) changes.emplace_back(i, now.isTensor() ? now.toTensor() : at::Tensor());
  }
  return changes;
}

}  // namespace torch_func::jit
