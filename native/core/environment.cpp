// The life of an Environment, its references to JavaScript classes, and the delivery of warnings.

#include "core/environment.h"

#include <c10/util/Exception.h>

#include <iterator>
#include <utility>

#include "core/errors.h"
#include "core/large_blocks.h"
#include "core/remedies.h"

namespace torch_func {

// libtorch has one warning handler per thread, and each environment has its own thread.
class Environment::WarningCollector : public c10::WarningHandler {
 public:
  explicit WarningCollector(Environment& environment) : environment_(environment) {
    previous_ = c10::WarningUtils::get_warning_handler();
    c10::WarningUtils::set_warning_handler(this);
  }
  ~WarningCollector() override { c10::WarningUtils::set_warning_handler(previous_); }

  void process(const c10::Warning& warning) override {
    const bool deprecated = std::holds_alternative<c10::Warning::DeprecationWarning>(warning.type());
    environment_.addWarning(deprecated ? "DeprecationWarning" : "UserWarning", inOurSpelling(warning.msg()));
  }

 private:
  Environment& environment_;
  c10::WarningHandler* previous_;
};

namespace {

thread_local Environment* loadedLast = nullptr;

}  // namespace

Environment::Environment(napi_env env) : env(env), ownHandles_(env) { loadedLast = this; }

Environment::~Environment() {
  if (loadedLast == this) loadedLast = nullptr;
  if (collectGarbage_ != nullptr) setCollector(nullptr);
  // Only a thread with JavaScript returns memory after some time.
  LargeBlocks::instance().trim(std::chrono::milliseconds(0));
  // Each mode restores the state before it, so the innermost ends first.
  while (!inferenceModes.empty()) inferenceModes.pop_back();
}

Environment& Environment::of(napi_env env) {
  void* data = nullptr;
  napi_get_instance_data(env, &data);
  return *static_cast<Environment*>(data);
}

napi_value Environment::deref(napi_ref ref) const {
  napi_value value = nullptr;
  napi_get_reference_value(env, ref, &value);
  return value;
}

void Environment::keep(napi_ref& ref, napi_value value) {
  napi_ref old = std::exchange(ref, nullptr);
  check(env, napi_create_reference(env, value, 1, &ref));
  if (old != nullptr) napi_delete_reference(env, old);
}

// May be called repeatedly: a test runner or a bundler loads the package again for each file that it runs, but the
// addon only once per thread. The last classes are used.
void Environment::initialize(const Napi::Object& classes) {
  if (finalizerOwner_ == this && loadedLast != nullptr) finalizerOwner_ = loadedLast;
  if (warningCollector_ == nullptr) warningCollector_ = std::make_unique<WarningCollector>(*this);
  frame.create(env);
  keep(tensorClass_, classes.Get("Tensor"));
  keep(slotOf_, classes.Get("slotOf"));
  keep(createTensor_, classes.Get("createTensor"));
  keep(complexClass_, classes.Get("Complex"));
  keep(deviceClass_, classes.Get("Device"));
  keep(onWarning_, classes.Get("onWarning"));
  keep(collectGarbage_, classes.Get("collectGarbage"));
  setCollector([this](Collection collection) { return collectGarbage(collection); });
  static constexpr const char* kNames[] = {"RuntimeError",        "ValueError",  "TypeError",       "IndexError",
                                           "NotImplementedError", "LinAlgError", "OutOfMemoryError"};
  static_assert(std::size(kNames) == static_cast<size_t>(ErrorClass::Count), "one name for each ErrorClass");
  for (size_t i = 0; i < std::size(kNames); ++i) keep(errorClasses_[i], classes.Get(kNames[i]));
  keep(objectPrototype_, Napi::Env(env).Global().Get("Object").As<Napi::Object>().Get("prototype"));
}

bool Environment::collectGarbage(Collection collection) {
  bool pending = false;
  // The call could not start, and would lose the exception.
  if (napi_is_exception_pending(env, &pending) != napi_ok || pending) return false;
  if (collection == Collection::Full && beforeFullCollection) beforeFullCollection();
  napi_handle_scope scope;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return false;
  napi_value undefined, full, result;
  napi_get_undefined(env, &undefined);
  napi_get_boolean(env, collection == Collection::Full, &full);
  bool collected = false;
  const napi_status status = napi_call_function(env, undefined, deref(collectGarbage_), 1, &full, &result);
  if (status == napi_ok) {
    napi_get_value_bool(env, result, &collected);
  } else if (status == napi_pending_exception) {
    napi_get_and_clear_last_exception(env, &result);  // the stack is exhausted: the operator does not depend on it
  }
  napi_close_handle_scope(env, scope);
  return collected;
}

void Environment::addWarning(std::string category, std::string message) {
  warnings_.emplace_back(std::move(category), std::move(message));
}

void Environment::emitWarnings() {
  if (warnings_.empty() || onWarning_ == nullptr) return;
  auto warnings = std::exchange(warnings_, {});
  // The calls below must not lose a JavaScript exception that is pending for the caller.
  napi_value exception = nullptr;
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (pending) napi_get_and_clear_last_exception(env, &exception);
  for (const auto& [category, message] : warnings) {
    napi_value arguments[2], undefined, ignored;
    napi_get_undefined(env, &undefined);
    napi_create_string_utf8(env, category.c_str(), category.size(), &arguments[0]);
    napi_create_string_utf8(env, message.c_str(), message.size(), &arguments[1]);
    if (napi_call_function(env, undefined, deref(onWarning_), 2, arguments, &ignored) == napi_ok) continue;
    // A warning that the user's handler turned into an error is thrown as any other error.
    napi_is_exception_pending(env, &pending);
    if (pending && exception == nullptr) {
      napi_get_and_clear_last_exception(env, &exception);
    } else if (pending) {
      napi_get_and_clear_last_exception(env, &ignored);
    }
  }
  if (exception != nullptr) napi_throw(env, exception);
}

}  // namespace torch_func
