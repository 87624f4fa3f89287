// Operators as JavaScript functions: one boxed call path through the dispatcher for all of them.

#include <c10/util/SmallVector.h>

#include <deque>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "core/call_arguments.h"
#include "core/errors.h"
#include "exports.h"
#include "operators/overload.h"
#include "operators/results.h"

namespace torch_func {

namespace {

using Kind = Argument::Kind;

// Everything behind one JavaScript operator function. Overloads are looked up at the first call, so
// that importing the package does not visit two thousand schemas.
class Operator {
 public:
  Operator(Environment& environment, std::string name, std::string overloads, bool isMethod)
      : environment(environment), name_(std::move(name)), specs_(std::move(overloads)), isMethod_(isMethod) {}

  napi_value call(napi_value thisValue, c10::ArrayRef<napi_value> values);
  const std::deque<Overload>& overloads();
  std::string signatures();

  Environment& environment;

 private:
  napi_value callFastPath(napi_value thisValue, c10::ArrayRef<napi_value> values);
  napi_value run(const Overload& overload, const Overload::Bound& bound);
  [[noreturn]] void throwNoMatch(c10::ArrayRef<const Argument*> positional, std::vector<NamedArgument>& options);

  std::string name_;
  std::string specs_;
  bool isMethod_;
  std::deque<Overload> overloads_;
};

const std::deque<Overload>& Operator::overloads() {
  if (overloads_.empty()) {
    std::istringstream specs(specs_);
    std::string spec;
    while (specs >> spec) overloads_.emplace_back(spec, isMethod_);
  }
  return overloads_;
}

// The stack of a call. Calls do not nest today, but a stack per depth keeps that from mattering.
class StackLease {
 public:
  explicit StackLease(Environment& environment) : stacks_(environment.operatorStacks) {
    if (stacks_.empty()) {
      stack_ = std::make_unique<std::vector<c10::IValue>>();
    } else {
      stack_ = std::move(stacks_.back());
      stacks_.pop_back();
    }
  }
  ~StackLease() {
    stack_->clear();
    stacks_.push_back(std::move(stack_));
  }
  std::vector<c10::IValue>& operator*() { return *stack_; }

 private:
  std::vector<std::unique_ptr<std::vector<c10::IValue>>>& stacks_;
  std::unique_ptr<std::vector<c10::IValue>> stack_;
};

// `x.sin()`, `x.add(y)`: tensors alone, for the first overload. Most calls of most programs are of
// this kind, and they need no look at types beyond "is a tensor". Null if the call is of another kind.
napi_value Operator::callFastPath(napi_value thisValue, c10::ArrayRef<napi_value> values) {
  constexpr size_t kMax = Overload::kMaxFastPathTensors;
  const size_t count = values.size() + (isMethod_ ? 1 : 0);
  if (count > kMax || count == 0) return nullptr;
  const Overload& overload = overloads().front();
  if (!overload.fitsFastPath(count)) return nullptr;
  napi_value objects[kMax];
  TensorHandle* handles[kMax];
  for (size_t i = 0; i < count; ++i) {
    objects[i] = !isMethod_ ? values[i] : i == 0 ? thisValue : values[i - 1];
    handles[i] = tensorHandleOf(environment, objects[i]);
    if (handles[i] == nullptr) return nullptr;
  }
  StackLease lease(environment);
  std::vector<c10::IValue>& stack = *lease;
  const auto& parameters = overload.parameters();
  for (size_t i = 0; i < count; ++i) stack.emplace_back(operandOf(*handles[i], parameters[i].name.c_str()));
  for (size_t i = count; i < parameters.size(); ++i) stack.push_back(*parameters[i].defaultValue);
  overload.handle().callBoxed(stack);
  return wrapResults(environment, overload.handle().schema(), stack, [&](const at::TensorImpl* impl) -> napi_value {
    for (size_t i = 0; i < count; ++i) {
      if (withoutEndedLevels(handles[i]->tensor).unsafeGetTensorImpl() == impl) return objects[i];
    }
    return nullptr;
  });
}

napi_value Operator::call(napi_value thisValue, c10::ArrayRef<napi_value> values) {
  if (napi_value result = callFastPath(thisValue, values)) return result;
  const auto& candidates = overloads();
  c10::SmallVector<Argument, 4> arguments(values.size() + (isMethod_ ? 1 : 0));
  size_t count = 0;
  if (isMethod_) {
    Argument& self = arguments[count++];
    self.value = thisValue;
    self.tensor = tensorHandleOf(environment, thisValue);
    if (self.tensor == nullptr) {
      throwTypeError(name_ + "(): must be called on a Tensor, not on " + describe(environment, thisValue));
    }
    self.kind = Kind::Tensor;
  }
  for (napi_value value : values) readArgument(environment, value, arguments[count++]);

  std::vector<NamedArgument> options;
  if (!values.empty() && arguments[count - 1].kind == Kind::Options) {
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
  Overload::Bound bound;
  for (const Overload& candidate : candidates) {
    const Overload* overload = wantsOut && candidate.outVariant() != nullptr ? candidate.outVariant() : &candidate;
    if (overload->bind(positional, options, bound, environment, nullptr)) return run(*overload, bound);
  }
  throwNoMatch(positional, options);
}

napi_value Operator::run(const Overload& overload, const Overload::Bound& bound) {
  StackLease lease(environment);
  std::vector<c10::IValue>& stack = *lease;
  overload.pushArguments(environment, bound, stack);
  overload.handle().callBoxed(stack);
  if (overload.returnsFirstArgument()) return bound.arguments[0]->value;
  if (bound.requiresGrad) {
    for (c10::IValue& value : stack) {
      if (value.isTensor()) value.toTensor().set_requires_grad(true);
    }
  }
  return wrapResults(environment, overload.handle().schema(), stack, [&](const at::TensorImpl* impl) -> napi_value {
    for (const Argument* argument : bound.arguments) {
      if (argument != nullptr && argument->kind == Kind::Tensor && withoutEndedLevels(argument->tensor->tensor).unsafeGetTensorImpl() == impl) {
        return argument->value;
      }
    }
    return nullptr;
  });
}

std::string Operator::signatures() {
  std::string text;
  for (const Overload& overload : overloads()) text += (text.empty() ? " * " : "\n * ") + overload.signature();
  return text;
}

void Operator::throwNoMatch(c10::ArrayRef<const Argument*> positional, std::vector<NamedArgument>& options) {
  Overload::Bound bound;
  auto reason = [&](const Overload& candidate) {
    const bool wantsOut = std::any_of(options.begin(), options.end(), [](auto& o) { return o.name == "out"; });
    const Overload& overload = wantsOut && candidate.outVariant() != nullptr ? *candidate.outVariant() : candidate;
    std::string why;
    overload.bind(positional, options, bound, environment, &why);
    return why;
  };
  const auto& candidates = overloads();
  if (candidates.size() == 1) {
    throwTypeError(name_ + "(): " + reason(candidates.front()) + "\n  signature: " + name_ + candidates.front().signature());
  }
  std::string got;
  for (size_t i = isMethod_ ? 1 : 0; i < positional.size(); ++i) {
    got += (got.empty() ? "" : ", ") + describe(environment, *positional[i]);
  }
  for (const NamedArgument& option : options) {
    got += (got.empty() ? "" : ", ") + option.name + "=" + describe(environment, option.argument);
  }
  std::string text = name_ + "() received an invalid combination of arguments - got (" + got + "), but expected one of:";
  for (const Overload& overload : candidates) {
    text += "\n * " + overload.signature() + "\n      didn't match because: " + reason(overload);
  }
  throwTypeError(text);
}

// The first argument is the object for the result (lib/operator.ts).
napi_value callOperator(napi_env env, napi_callback_info info) {
  constexpr size_t kUsual = 8;
  napi_value values[kUsual];
  size_t count = kUsual;
  napi_value thisValue;
  void* data = nullptr;
  if (napi_get_cb_info(env, info, &count, values, &thisValue, &data) != napi_ok) return nullptr;
  auto& target = *static_cast<Operator*>(data);
  return guard(target.environment, [&]() -> napi_value {
    if (count == 0) throwTypeError("an operator must be called with the object for its result");
    ResultObjectScope resultObject(target.environment, values[0]);
    if (count <= kUsual) return target.call(thisValue, {values + 1, count - 1});
    std::vector<napi_value> all(count);
    check(env, napi_get_cb_info(env, info, &count, all.data(), nullptr, nullptr));
    return target.call(thisValue, {all.data() + 1, count - 1});
  });
}

// operator(displayName, overloads, isMethod): the function that calls the operator, given the object
// for the result and the arguments.
Napi::Value makeOperator(const Napi::CallbackInfo& info) {
  napi_env env = info.Env();
  const std::string name = stringParameter(info, 0, "operator", "displayName");
  auto target = std::make_unique<Operator>(Environment::of(env), name, stringParameter(info, 1, "operator", "overloads"),
                                           booleanParameter(info, 2, "operator", "isMethod"));
  napi_value function;
  check(env, napi_create_function(env, name.c_str(), name.size(), callOperator, target.get(), &function));
  check(env, napi_add_finalizer(target->environment.finalizerEnv(), function, target.get(),
                                [](node_api_basic_env, void* data, void*) { delete static_cast<Operator*>(data); },
                                nullptr, nullptr));
  target.release();
  return Napi::Value(env, function);
}

// overloadNames(name): the overloads that the dispatcher has for aten::name, for torch.ops.aten.
Napi::Value overloadNames(const Napi::CallbackInfo& info) {
  const std::string name = "aten::" + stringParameter(info, 0, "overloadNames", "name");
  static const std::vector<c10::OperatorName> all = c10::Dispatcher::singleton().getAllOpNames();
  auto names = Napi::Array::New(info.Env());
  uint32_t count = 0;
  for (const c10::OperatorName& candidate : all) {
    if (candidate.name == name) names.Set(count++, candidate.overload_name);
  }
  return names;
}

// registrations(key): the operators that have a kernel of their own under a dispatch key, as libtorch names them.
Napi::Value registrations(const Napi::CallbackInfo& info) {
  const auto key = c10::parseDispatchKey(stringParameter(info, 0, "registrations", "key"));
  const auto found = c10::Dispatcher::singleton().getRegistrationsForDispatchKey(key);
  auto names = Napi::Array::New(info.Env(), found.size());
  for (uint32_t i = 0; i < found.size(); ++i) names.Set(i, c10::toString(found[i]));
  return names;
}

// operatorSignatures(displayName, overloads, isMethod): how the overloads are called, for messages.
Napi::Value operatorSignatures(const Napi::CallbackInfo& info) {
  Operator target(Environment::of(info.Env()), stringParameter(info, 0, "operatorSignatures", "displayName"),
                  stringParameter(info, 1, "operatorSignatures", "overloads"),
                  booleanParameter(info, 2, "operatorSignatures", "isMethod"));
  return Napi::String::New(info.Env(), target.signatures());
}

}  // namespace

void defineOperators(Napi::Object exports) {
  define<makeOperator>(exports, "operator");
  define<overloadNames>(exports, "overloadNames");
  define<registrations>(exports, "registrations");
  define<operatorSignatures>(exports, "operatorSignatures");
}

}  // namespace torch_func
