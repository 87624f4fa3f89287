#include "hooks.h"

#include <ATen/core/Tensor.h>
#include <c10/core/AutogradState.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "environment.h"
#include "errors.h"
#include "parameters.h"
#include "tensor_handle.h"

namespace torch_func {

namespace {

// What the hooks of one environment share. The functions themselves are kept in JavaScript, by number
// (lib/autograd/hooks.ts): a graph may be freed inside a garbage collection or on another thread, where
// no reference to JavaScript may be dropped, so it only leaves the number here.
struct HookSite {
  napi_env env = nullptr;
  napi_ref dispatcher = nullptr;
  std::thread::id thread = std::this_thread::get_id();
  std::mutex mutex;
  std::vector<int64_t> released;
};

using SitePointer = std::shared_ptr<HookSite>;

// Lives as long as the graph holds the hook.
struct HookToken {
  HookToken(SitePointer site, int64_t number) : site(std::move(site)), number(number) {}
  HookToken(const HookToken&) = delete;
  HookToken& operator=(const HookToken&) = delete;
  ~HookToken() {
    std::lock_guard<std::mutex> lock(site->mutex);
    site->released.push_back(number);
  }

  SitePointer site;
  int64_t number;
};

// Calls dispatcher(number, gradient), which gives undefined to leave the gradient as it is. A JavaScript
// exception stays pending while the engine unwinds, and reaches the caller of the engine as it is.
at::Tensor callHook(const HookToken& token, const at::Tensor& gradient) {
  const HookSite& site = *token.site;
  if (!gradient.defined()) return {};
  if (std::this_thread::get_id() != site.thread) throw std::runtime_error("a hook was reached on a thread that is not its own");
  Environment& environment = Environment::of(site.env);
  Napi::HandleScope scope(site.env);
  napi_value dispatcher, undefined, number, result;
  check(site.env, napi_get_reference_value(site.env, site.dispatcher, &dispatcher));
  check(site.env, napi_get_undefined(site.env, &undefined));
  check(site.env, napi_create_double(site.env, static_cast<double>(token.number), &number));
  napi_value arguments[] = {number, wrapTensor(environment, gradient)};
  check(site.env, napi_call_function(site.env, undefined, dispatcher, 2, arguments, &result));
  napi_valuetype type;
  check(site.env, napi_typeof(site.env, result, &type));
  return type == napi_undefined ? at::Tensor() : toTensor(environment, result, "result of the hook");
}

const SitePointer& siteOf(const Napi::CallbackInfo& info) {
  if (!info[0].IsExternal()) throwTypeError("argument 'site' must be what createHookSite() returned");
  return *info[0].As<Napi::External<SitePointer>>().Data();
}

// createHookSite(dispatcher): what the other functions take.
Napi::Value createHookSite(const Napi::CallbackInfo& info) {
  if (!info[0].IsFunction()) throwTypeError("createHookSite(): argument 'dispatcher' must be a function");
  auto site = std::make_shared<HookSite>();
  site->env = info.Env();
  check(info.Env(), napi_create_reference(info.Env(), info[0], 1, &site->dispatcher));
  return Napi::External<SitePointer>::New(info.Env(), new SitePointer(std::move(site)), [](Napi::BasicEnv, SitePointer* data) { delete data; });
}

// registerHook(site, tensor, number)
Napi::Value registerHook(const Napi::CallbackInfo& info) {
  const at::Tensor& tensor = toTensor(Environment::of(info.Env()), info[1], "input");
  auto token = std::make_shared<HookToken>(siteOf(info), integerParameter(info, 2, "registerHook", "number"));
  tensor.register_hook([token = std::move(token)](const at::Tensor& gradient) { return callHook(*token, gradient); });
  return info.Env().Undefined();
}

// releasedHooks(site): the numbers of the hooks that no graph holds any more, once each.
Napi::Value releasedHooks(const Napi::CallbackInfo& info) {
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

// swapEngineThreads(enabled): whether the engine may use threads of its own (it does for each GPU), and
// returns what was. JavaScript can only be called on the thread that runs it.
Napi::Value swapEngineThreads(const Napi::CallbackInfo& info) {
  auto& state = c10::AutogradState::get_tls_state();
  const bool previous = state.get_multithreading_enabled();
  state.set_multithreading_enabled(booleanParameter(info, 0, "swapEngineThreads", "enabled"));
  return Napi::Boolean::New(info.Env(), previous);
}

}  // namespace

void defineHooks(Napi::Object exports) {
  define<createHookSite>(exports, "createHookSite");
  define<registerHook>(exports, "registerHook");
  define<releasedHooks>(exports, "releasedHooks");
  define<swapEngineThreads, StackCheck::Unwinding>(exports, "swapEngineThreads");
}

}  // namespace torch_func
