// Calls from the autograd graph into JavaScript, and the record of released callbacks.

#include "autograd/callbacks.h"

#include <c10/core/AutogradState.h>

#include <stdexcept>
#include <string>
#include <utility>

#include "addon/exports.h"
#include "core/call_arguments.h"
#include "core/environment.h"
#include "core/errors.h"
#include "core/type_tags.h"

namespace torch_func {

void checkThread(const CallbackSite& site, const char* what) {
  if (std::this_thread::get_id() != site.thread) {
    // The engine continues on a thread of its own when passes nest deeper than its limit (60).
    throw std::runtime_error(std::string("backward passes are nested too deeply: ") + what +
                             " was reached on an engine thread, where JavaScript cannot run");
  }
}

napi_value callDispatcher(const CallbackToken& token, std::initializer_list<napi_value> arguments) {
  const CallbackSite& site = *token.site;
  napi_env env = site.env;
  Environment& environment = Environment::of(env);
  environment.stack.check();
  // The result object of an operator in progress is not for tensors that the callback creates.
  ResultObjectScope resultObject(environment, nullptr);
  napi_value dispatcher, undefined, number, result;
  check(env, napi_get_reference_value(env, site.dispatcher, &dispatcher));
  check(env, napi_get_undefined(env, &undefined));
  check(env, napi_create_double(env, static_cast<double>(token.number), &number));
  std::vector<napi_value> all = {number};
  all.insert(all.end(), arguments);
  check(env, napi_call_function(env, undefined, dispatcher, all.size(), all.data(), &result));
  return result;
}

const SitePointer& siteOf(const Napi::CallbackInfo& info) {
  return toExternalData<SitePointer>(Environment::of(info.Env()), info[0], kCallbackSiteTag, "site",
                                     "what createCallbackSite() returned");
}

namespace {

// createCallbackSite(dispatcher): an External for the functions that register callbacks.
Napi::Value createCallbackSite(const Napi::CallbackInfo& info) {
  if (!info[0].IsFunction()) throwTypeError("createCallbackSite(): argument 'dispatcher' must be a function");
  auto site = std::make_shared<CallbackSite>();
  site->env = info.Env();
  check(info.Env(), napi_create_reference(info.Env(), info[0], 1, &site->dispatcher));
  return Napi::Value(info.Env(), wrapExternal(Environment::of(info.Env()),
                                              std::make_unique<SitePointer>(std::move(site)), kCallbackSiteTag));
}

// releasedCallbacks(site): the numbers of the callbacks that graphs have released since the last call.
Napi::Value releasedCallbacks(const Napi::CallbackInfo& info) {
  const SitePointer& site = siteOf(info);
  std::vector<int64_t> released;
  {
    std::lock_guard<std::mutex> lock(site->mutex);
    released = std::exchange(site->released, {});
  }
  auto result = Napi::Array::New(info.Env(), released.size());
  for (size_t i = 0; i < released.size(); ++i) result.Set(static_cast<uint32_t>(i), static_cast<double>(released[i]));
  return result;
}

// swapEngineThreads(enabled): sets whether the engine may use its own threads (it has one for each GPU), and returns
// the previous value. Callbacks into JavaScript need the JavaScript thread.
Napi::Value swapEngineThreads(const Napi::CallbackInfo& info) {
  auto& state = c10::AutogradState::get_tls_state();
  const bool previous = state.get_multithreading_enabled();
  state.set_multithreading_enabled(booleanParameter(info, 0, "swapEngineThreads", "enabled"));
  return Napi::Boolean::New(info.Env(), previous);
}

}  // namespace

void defineCallbacks(Napi::Object exports) {
  define<createCallbackSite>(exports, "createCallbackSite");
  define<releasedCallbacks>(exports, "releasedCallbacks");
  define<swapEngineThreads, StackCheck::Unwinding>(exports, "swapEngineThreads");
}

}  // namespace torch_func
