// Overload resolution: from the JavaScript values of a call to a BoundCall.

#include "operators/operator.h"

#include <c10/util/SmallVector.h>

#include <algorithm>
#include <sstream>

#include "core/errors.h"

namespace torch_func {

using Kind = Argument::Kind;

// Overloads are looked up at the first call, so that importing the package does not visit two thousand schemas.
const std::deque<Overload>& Operator::overloads() {
  if (overloads_.empty()) {
    std::istringstream specs(specs_);
    std::string spec;
    while (specs >> spec) overloads_.emplace_back(spec, isMethod_);
  }
  return overloads_;
}

// `x.sin()`, `x.add(y)`: a call with tensors only that the first overload takes. Most calls are of this kind; they
// need no check of types besides "is a tensor". Returns false for any other call.
bool Operator::bindFastPath(const ResultCall& given, BoundCall& call) {
  constexpr size_t kMax = Overload::kMaxFastPathTensors;
  const size_t first = isMethod_ ? 0 : 1;
  const size_t count = given.values.size() + 1 - first;
  if (count > kMax || count == 0) return false;
  const Overload& overload = overloads().front();
  if (!overload.fitsFastPath(count)) return false;
  TensorHandle* handles[kMax];
  for (size_t i = 0; i < count; ++i) {
    handles[i] = given.known(first + i);
    if (handles[i] == nullptr) return false;
  }
  call.overload = &overload;
  const auto& parameters = overload.parameters();
  for (size_t i = 0; i < count; ++i) {
    const at::Tensor& tensor = operandOf(*handles[i], parameters[i].name.c_str());
    call.stack.emplace_back(tensor);
    if (overload.returnsArguments()) {
      const size_t position = first + i;
      call.operands.push_back(
          {tensor.unsafeGetTensorImpl(), position == 0 ? given.thisValue : given.values[position - 1]});
    }
  }
  for (size_t i = count; i < parameters.size(); ++i) call.stack.push_back(*parameters[i].defaultValue);
  return true;
}

void Operator::bind(const ResultCall& given, BoundCall& call) {
  if (bindFastPath(given, call)) return;
  const auto& candidates = overloads();
  c10::SmallVector<Argument, 4> arguments(given.values.size() + (isMethod_ ? 1 : 0));
  size_t count = 0;
  if (isMethod_) {
    TensorHandle* self = given.self();
    if (self == nullptr) {
      throwTypeError(name_ + "(): must be called on a Tensor, not on " + describe(environment, given.thisValue));
    }
    arguments[count++].setTensor(given.thisValue, self);
  }
  for (size_t i = 0; i < given.values.size(); ++i) given.read(i, arguments[count++]);

  std::vector<NamedArgument> options;
  if (!given.values.empty() && arguments[count - 1].kind == Kind::Options) {
    options = readOptions(environment, arguments[count - 1].value);
    --count;
  }
  while (count > 0 && arguments[count - 1].isAbsent()) --count;

  c10::SmallVector<const Argument*, 6> positional;
  for (size_t i = 0; i < count; ++i) positional.push_back(&arguments[i]);

  bool wantsOut = false;
  for (const NamedArgument& option : options) {
    wantsOut |= option.name == "out" && !option.argument.isAbsent() && option.argument.kind != Kind::Null;
  }
  Overload::Match match;
  for (const Overload& candidate : candidates) {
    const Overload* overload = wantsOut && candidate.outVariant() != nullptr ? candidate.outVariant() : &candidate;
    if (overload->matches(positional, options, match, environment, nullptr))
      return bindArguments(*overload, match, call);
  }
  throwNoMatch(positional, options);
}

void Operator::bindArguments(const Overload& overload, const Overload::Match& match, BoundCall& call) {
  call.overload = &overload;
  call.requiresGrad = match.requiresGrad;
  overload.pushArguments(environment, match, call.stack);
  if (overload.returnsFirstArgument()) {
    call.operands.push_back({nullptr, match.arguments[0]->value});
  } else if (overload.returnsArguments()) {
    for (const Argument* argument : match.arguments) {
      if (argument == nullptr || argument->kind != Kind::Tensor) continue;
      const at::Tensor& tensor = withoutEndedLevels(argument->tensor->tensor);
      call.operands.push_back({tensor.unsafeGetTensorImpl(), argument->value});
    }
  }
}

std::string Operator::signatures() {
  std::string text;
  for (const Overload& overload : overloads()) text += (text.empty() ? " * " : "\n * ") + overload.signature();
  return text;
}

void Operator::throwNoMatch(c10::ArrayRef<const Argument*> positional, std::vector<NamedArgument>& options) {
  Overload::Match match;
  auto reason = [&](const Overload& candidate) {
    const bool wantsOut = std::any_of(options.begin(), options.end(), [](auto& o) { return o.name == "out"; });
    const Overload& overload = wantsOut && candidate.outVariant() != nullptr ? *candidate.outVariant() : candidate;
    std::string why;
    overload.matches(positional, options, match, environment, &why);
    return why;
  };
  const auto& candidates = overloads();
  if (candidates.size() == 1) {
    throwTypeError(name_ + "(): " + reason(candidates.front()) + "\n  signature: " + name_ +
                   candidates.front().signature());
  }
  std::string got;
  for (size_t i = isMethod_ ? 1 : 0; i < positional.size(); ++i) {
    got += (got.empty() ? "" : ", ") + describe(environment, *positional[i]);
  }
  for (const NamedArgument& option : options) {
    got += (got.empty() ? "" : ", ") + option.name + "=" + describe(environment, option.argument);
  }
  std::string text =
      name_ + "() received an invalid combination of arguments - got (" + got + "), but expected one of:";
  for (const Overload& overload : candidates) {
    text += "\n * " + overload.signature() + "\n      didn't match because: " + reason(overload);
  }
  throwTypeError(text);
}

}  // namespace torch_func
