// Calls from the autograd graph into JavaScript, and the references to the functions.

#include "autograd/callbacks.h"

#include <c10/core/AutogradState.h>
#include <torch/csrc/autograd/variable.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "addon/exports.h"
#include "compile/capture/recorder.h"
#include "core/errors.h"
#include "core/tensor_handle.h"

namespace torch_func {

namespace autograd = torch::autograd;
using NodePointer = c10::intrusive_ptr<autograd::Node>;

// The JavaScript tensors that hold a callback, whose reference may be weak for that reason.
class Anchor : public std::enable_shared_from_this<Anchor> {
 public:
  Anchor(const CallbackPointer& callback, const NodePointer& node) : callback_(callback), node_(node) {
    hasNode_ = static_cast<bool>(node);
  }

  void add(TensorHandle* handle) { handles_.push_back({handle, handle->generation}); }

  void strengthen() {
    if (!weak_) return;
    auto callback = callback_.lock();
    if (!callback) return;
    weak_ = false;
    callback->setStrong(true);
    callback->owner().addStrong(shared_from_this());
  }

  // Returns whether the reference need not be looked at again before the next use: it is weak, or gone.
  bool weaken() {
    auto callback = callback_.lock();
    if (!callback) return true;
    if (heldByGraph()) return false;
    weak_ = true;
    callback->setStrong(false);
    for (const auto& entry : handles_) {
      if (isCurrent(entry)) entry.handle->watched = true;
    }
    return true;
  }

 private:
  static bool isCurrent(const HandlePool::ScopedHandle& entry) {
    return entry.handle->pool != nullptr && entry.handle->generation == entry.generation && !entry.handle->disposed;
  }

  // Whether C++ holds the node, or the leaf, by anything else than the handles of the anchor.
  bool heldByGraph() const {
    const NodePointer node = node_.lock();
    size_t known = 1;  // `node` itself
    bool anchored = false;
    for (const auto& entry : handles_) {
      if (!isCurrent(entry)) continue;
      const at::Tensor& tensor = entry.handle->tensor;
      if (tensor.use_count() > 1) return true;
      anchored = true;
      const auto* meta = autograd::impl::get_autograd_meta(tensor);
      if (node && meta != nullptr && meta->grad_fn_ == node) ++known;
    }
    return !anchored || (hasNode_ && node && node.use_count() > known);
  }

  std::weak_ptr<Callback> callback_;
  c10::weak_intrusive_ptr<autograd::Node> node_;
  bool hasNode_ = false;
  std::vector<HandlePool::ScopedHandle> handles_;
  bool weak_ = false;
};

namespace {

// The anchors that include one handle.
class AnchorWatch : public HandleWatch {
 public:
  void tensorUsed() override {
    for (const auto& anchor : anchors_) {
      anchor->strengthen();
    }
  }

  // One for each kind of callback at most, since a tensor has one callback of a kind.
  void add(std::shared_ptr<Anchor> anchor) { anchors_.push_back(std::move(anchor)); }

 private:
  std::vector<std::shared_ptr<Anchor>> anchors_;
};

thread_local int engineRuns = 0;

}  // namespace

int engineDepth() { return engineRuns; }

void CallbackOwner::release(napi_ref function) {
  --live;
  std::lock_guard<std::mutex> lock(mutex_);
  released_.push_back(function);
}

void CallbackOwner::deleteReleased() {
  std::vector<napi_ref> released;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    released.swap(released_);
  }
  for (napi_ref function : released) napi_delete_reference(env, function);
}

void CallbackOwner::sweep() {
  deleteReleased();
  strong_.erase(std::remove_if(strong_.begin(), strong_.end(), [](const auto& anchor) { return anchor->weaken(); }),
                strong_.end());
  nextSweep_ = strong_.size() + strong_.size() / 2 + 64;
}

void CallbackOwner::addStrong(std::shared_ptr<Anchor> anchor) {
  // Before it is added: its tensor is about to be used.
  if (strong_.size() >= nextSweep_) sweep();
  strong_.push_back(std::move(anchor));
}

Callback::Callback(Environment& environment, napi_value function, const char* argument) {
  napi_env env = environment.env;
  napi_valuetype type;
  check(env, napi_typeof(env, function, &type));
  if (type != napi_function) {
    throwTypeError(std::string("argument '") + argument + "' must be a function, not " +
                   describe(environment, function));
  }
  if (!environment.callbacks) {
    environment.callbacks = std::make_shared<CallbackOwner>(env);
    environment.beforeFullCollection = [owner = environment.callbacks.get()] { owner->sweep(); };
  }
  owner_ = environment.callbacks;
  owner_->deleteReleased();
  check(env, napi_create_reference(env, function, 1, &function_));
  ++owner_->live;
}

Callback::~Callback() {
  if (function_ != nullptr) owner_->release(function_);
}

napi_value Callback::function() const {
  napi_value value = nullptr;
  check(env(), napi_get_reference_value(env(), function_, &value));
  return value;
}

void Callback::setStrong(bool strong) {
  uint32_t count;
  // The reference count is 1 or 0.
  if (strong) {
    napi_reference_ref(env(), function_, &count);
  } else {
    napi_reference_unref(env(), function_, &count);
  }
}

void Callback::anchor(Environment& environment, const CallbackPointer& callback, NodePointer node,
                      const std::vector<napi_value>& tensors) {
  auto anchor = std::make_shared<Anchor>(callback, node);
  node.reset();
  for (napi_value tensor : tensors) {
    TensorHandle* handle = tensorHandleOf(environment, tensor);
    if (handle == nullptr) continue;
    if (!handle->watch) handle->watch = std::make_unique<AnchorWatch>();
    static_cast<AnchorWatch&>(*handle->watch).add(anchor);
    anchor->add(handle);
  }
  if (!anchor->weaken()) environment.callbacks->addStrong(std::move(anchor));
}

namespace {

const Callback& onJavaScriptThread(const Callback& callback, const std::thread::id& thread, const char* what) {
  if (std::this_thread::get_id() != thread) {
    throw std::runtime_error(std::string(what) + " was reached on an engine thread, where JavaScript cannot run");
  }
  return callback;
}

}  // namespace

namespace {

// From so many nested runs of the engine on, they are what has used up the stack.
constexpr int kDeep = 20;

// Adds to JavaScript's own error, which is pending, how deep the runs are nested.
void explainStackOverflow(napi_env env) {
  static const std::string kOverflow = "Maximum call stack size exceeded";
  napi_value exception;
  if (napi_get_and_clear_last_exception(env, &exception) != napi_ok) return;
  const Napi::Value error(env, exception);
  if (error.IsObject()) {
    auto object = error.As<Napi::Object>();
    const Napi::Value text = object.Get("message");
    if (text.IsString() && text.As<Napi::String>().Utf8Value() == kOverflow) {
      object.Set("message", kOverflow + ": " + std::to_string(engineRuns) +
                                " backward passes are nested, each in a hook or a custom function of the one before; "
                                "a worker with more resourceLimits.stackSizeMb allows more, as does node --stack-size, "
                                "up to the limit of ulimit -s");
    }
  }
  napi_throw(env, exception);
}

}  // namespace

CallbackCall::CallbackCall(const Callback& callback, const char* what)
    : callback_(onJavaScriptThread(callback, callback.owner_->thread, what)),
      environment_(Environment::of(callback.env())),
      scope_(callback.env()),
      frame_(environment_.frame, nullptr) {
  environment_.stack.check();
}

napi_value CallbackCall::operator()(std::initializer_list<napi_value> arguments) {
  using compile::Recorder;
  if (Recorder* recorder = Recorder::current(); recorder != nullptr && recorder->refusesCallbacks) {
    recorder->setIncomplete("a hook or a custom function runs");
  }
  napi_env env = environment_.env;
  napi_value undefined, result;
  check(env, napi_get_undefined(env, &undefined));
  const napi_status status =
      napi_call_function(env, undefined, callback_.function(), arguments.size(), arguments.begin(), &result);
  if (status == napi_pending_exception && engineRuns >= kDeep) explainStackOverflow(env);
  check(env, status);
  return result;
}

EngineRun::EngineRun(Environment& environment) : environment_(environment) {
  auto& state = c10::AutogradState::get_tls_state();
  multithreading_ = state.get_multithreading_enabled();
  if (environment.callbacks && environment.callbacks->live > 0) state.set_multithreading_enabled(false);
  ++engineRuns;
}

EngineRun::~EngineRun() {
  c10::AutogradState::get_tls_state().set_multithreading_enabled(multithreading_);
  if (--engineRuns == 0 && environment_.callbacks) environment_.callbacks->sweep();
}

namespace {

// sweepCallbacks(): after a garbage collection, which may have freed graphs. Returns how many references are still
// strong that another sweep may make weak.
Napi::Value sweepCallbacks(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  if (!environment.callbacks) return Napi::Number::New(info.Env(), 0);
  environment.callbacks->sweep();
  return Napi::Number::New(info.Env(), static_cast<double>(environment.callbacks->strong()));
}

}  // namespace

void defineCallbacks(Napi::Object exports) { define<sweepCallbacks>(exports, "sweepCallbacks"); }

}  // namespace torch_func
