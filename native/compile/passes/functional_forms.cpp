// The operator without writes that computes what one in place does.

#include "compile/passes/functional_forms.h"

#include <algorithm>
#include <string>
#include <unordered_map>

namespace torch_func::compile {

namespace {

using Overloads = std::unordered_map<std::string, std::vector<c10::OperatorHandle>>;

const Overloads& overloads() {
  static const Overloads table = [] {
    Overloads result;
    auto& dispatcher = c10::Dispatcher::singleton();
    for (const auto& name : dispatcher.getAllOpNames()) {
      if (!name.name.starts_with("aten::")) continue;
      if (const auto op = dispatcher.findSchema(name)) result[name.name].push_back(*op);
    }
    return result;
  }();
  return table;
}

bool isOut(const c10::Argument& argument) {
  return argument.is_out() || (argument.kwarg_only() && argument.alias_info() && argument.alias_info()->isWrite());
}

std::optional<std::vector<int32_t>> match(const c10::FunctionSchema& writing, const c10::FunctionSchema& functional) {
  std::vector<int32_t> result;
  const auto& given = writing.arguments();
  size_t next = 0;
  const auto skipOut = [&] {
    while (next < given.size() && isOut(given[next])) ++next;
  };
  for (const c10::Argument& argument : functional.arguments()) {
    skipOut();
    if (argument.alias_info() && argument.alias_info()->isWrite()) return std::nullopt;
    if (next < given.size() && given[next].name() == argument.name() && *given[next].type() == *argument.type()) {
      result.push_back(static_cast<int32_t>(next++));
    } else if (argument.default_value()) {
      result.push_back(-1);
    } else {
      return std::nullopt;
    }
  }
  skipOut();
  if (next < given.size()) return std::nullopt;
  return result;
}

}  // namespace

std::optional<FunctionalForm> functionalForm(const c10::OperatorHandle& op) {
  auto [name, overload] = op.operator_name();
  if (name.back() == '_') name.pop_back();
  const auto formBy = [&](const c10::OperatorHandle& functional) -> std::optional<FunctionalForm> {
    if (writesInPlace(functional)) return std::nullopt;
    auto arguments = match(op.schema(), functional.schema());
    if (!arguments) return std::nullopt;
    return FunctionalForm{functional, std::move(*arguments)};
  };
  // "add_.Tensor" is "add.Tensor", and "mul.out" is "mul.Tensor". The table of all operators takes milliseconds to
  // make.
  if (const auto same = c10::Dispatcher::singleton().findSchema({name, overload})) {
    if (auto form = formBy(*same)) return form;
  }
  for (const std::string& candidate : {name, name + "_functional"}) {
    const auto found = overloads().find(candidate);
    if (found == overloads().end()) continue;
    for (const c10::OperatorHandle& functional : found->second) {
      if (auto form = formBy(functional)) return form;
    }
  }
  return std::nullopt;
}

}  // namespace torch_func::compile
