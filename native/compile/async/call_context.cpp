// See Note [Asynchronous calls].

#include "compile/async/call_context.h"

#include <variant>

#include "core/remedies.h"

namespace torch_func::compile {

void CallContext::Warnings::process(const c10::Warning& warning) {
  const bool deprecated = std::holds_alternative<c10::Warning::DeprecationWarning>(warning.type());
  list.emplace_back(deprecated ? "DeprecationWarning" : "UserWarning", inOurSpelling(warning.msg()));
}

void CallContext::finish(Environment& environment) {
  for (auto& [category, message] : warnings_.list) environment.addWarning(std::move(category), std::move(message));
  warnings_.list.clear();
  if (error_) std::rethrow_exception(error_);
}

}  // namespace torch_func::compile
