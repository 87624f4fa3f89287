// What lib/compile/explain.ts calls: what was compiled, as data.

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "compile/call/compiled_function.h"
#include "compile/exports.h"
#include "core/call_arguments.h"
#include "core/errors.h"
#include "core/result_call.h"

namespace torch_func {

namespace {

using namespace compile;

template <typename List, typename F>
Napi::Array arrayOf(Napi::Env env, const List& list, F&& valueOf) {
  auto result = Napi::Array::New(env);
  for (const auto& item : list) result.Set(result.Length(), valueOf(item));
  return result;
}

Napi::Array describeNames(Napi::Env env, const std::vector<std::string>& names) {
  return arrayOf(env, names, [&](const std::string& name) { return Napi::String::New(env, name); });
}

Napi::Value stringOrNull(Napi::Env env, const std::string& text) {
  return text.empty() ? env.Null() : Napi::Value(Napi::String::New(env, text));
}

Napi::Value describeOperator(Napi::Env env, const c10::OperatorHandle& op) {
  const auto& [name, overload] = op.operator_name();
  const auto& returns = op.schema().returns();
  const bool isView = !returns.empty() && returns[0].alias_info() != nullptr && !returns[0].alias_info()->isWrite();
  auto item = Napi::Object::New(env);
  item.Set("name", overload.empty() ? name : name + "." + overload);
  item.Set("isElementwise", op.hasTag(at::Tag::pointwise) && !isRandom(op));
  item.Set("isView", isView);
  return item;
}

Napi::Value describePass(Napi::Env env, const PassReport& report) {
  auto pass = Napi::Object::New(env);
  pass.Set("name", report.name);
  pass.Set("before", static_cast<double>(report.before));
  pass.Set("after", static_cast<double>(report.after));
  pass.Set("milliseconds", report.milliseconds);
  return pass;
}

// `milliseconds`: NaN if it was not timed.
Napi::Value describeStep(Napi::Env env, const StepReport& report, double milliseconds) {
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  const auto numberOrNull = [&](double number) -> Napi::Value {
    return std::isnan(number) ? env.Null() : Napi::Number::New(env, number);
  };
  auto step = Napi::Object::New(env);
  step.Set("kind", report.kind);
  step.Set("description", report.text);
  step.Set("operators", describeNames(env, report.operators));
  step.Set("reason", stringOrNull(env, report.reason));
  step.Set("flops", numberOrNull(report.work.flops.value_or(kUnknown)));
  step.Set("bytesRead", report.work.bytesRead);
  step.Set("bytesWritten", report.work.bytesWritten);
  step.Set("milliseconds", numberOrNull(milliseconds));
  step.Set("steps",
           arrayOf(env, report.steps, [&](const StepReport& part) { return describeStep(env, part, kUnknown); }));
  return step;
}

Napi::Value describeEntry(Napi::Env env, const CompiledFunction::Entry& entry) {
  const Compilation& compilation = entry.compilation;
  const std::shared_ptr<Executable> executable = entry.executable();
  const bool isTimed = executable != nullptr && entry.timed == executable;
  const auto reports = executable == nullptr ? std::vector<StepReport>() : executable->report();
  size_t next = 0;
  auto item = Napi::Object::New(env);
  item.Set("signature", entry.signature->describe());
  item.Set("isCompiled", executable != nullptr);
  item.Set("blocking", stringOrNull(env, entry.blocking == nullptr ? "" : entry.blocking));
  item.Set("deviceGraph", stringOrNull(env, executable == nullptr ? "" : executable->deviceGraph()));
  item.Set("nodes", static_cast<double>(compilation.recorded));
  item.Set("operators",
           arrayOf(env, entry.operators, [&](const c10::OperatorHandle& op) { return describeOperator(env, op); }));
  item.Set("recording", compilation.recording);
  item.Set("planning", compilation.planning);
  item.Set("run", isTimed ? Napi::Number::New(env, entry.runTime) : env.Null());
  item.Set("plannedBytes", executable == nullptr ? 0 : static_cast<double>(executable->plannedBytes()));
  item.Set("steps", arrayOf(env, reports, [&](const StepReport& report) {
             return describeStep(env, report, isTimed ? entry.stepTimes[next++] : std::nan(""));
           }));
  item.Set("sources", executable == nullptr ? "" : executable->sources());
  item.Set("recordedGraph", compilation.recordedText);
  item.Set("optimizedGraph", compilation.optimizedText);
  std::vector<std::string> reasons = compilation.reasons;
  if (executable != nullptr && !executable->problem().empty()) reasons.push_back(executable->problem());
  item.Set("reasons", describeNames(env, reasons));
  item.Set("passes", arrayOf(env, compilation.passes, [&](const PassReport& pass) { return describePass(env, pass); }));
  return item;
}

// describeEntries(compiled): what was compiled, the entry that was used last first.
Napi::Value describeEntries(const Napi::CallbackInfo& info) {
  auto entries = toCompiledFunction(Environment::of(info.Env()), info[0]).entries();
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a->lastUse > b->lastUse; });
  return arrayOf(info.Env(), entries, [&](const auto& entry) { return describeEntry(info.Env(), *entry); });
}

// timeCall(compiled, ...args): times the steps of a call for the next describeEntries(), if it can be repeated.
napi_value timeCall(const ResultCall& call) {
  if (call.values.empty()) throwTypeError("timeCall(): argument 'compiled' is missing");
  CallFrame::Slots unknown;
  unknown.fill(-1);
  const ResultCall arguments{call.environment, call.thisValue, call.values.slice(1), unknown};
  toCompiledFunction(call.environment, call.values[0]).time(arguments);
  return Napi::Env(call.environment.env).Undefined();
}

}  // namespace

void defineExplain(Napi::Object exports) {
  define<describeEntries>(exports, "describeEntries");
  define<timeCall>(exports, "timeCall");
}

}  // namespace torch_func
