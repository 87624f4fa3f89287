// Anomaly detection: stacks of the forward calls, stored by the nodes that they make.

#include "autograd/anomaly.h"

#include <c10/util/Exception.h>
#include <napi.h>
#include <torch/csrc/autograd/node.h>

#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "addon/exports.h"
#include "autograd/callbacks.h"
#include "core/call_arguments.h"
#include "core/environment.h"
#include "core/errors.h"

namespace torch_func {

namespace {

namespace autograd = torch::autograd;

// What a JavaScript thread needs to record stacks. Nodes refer to it, and may fail on a thread of the engine.
struct Recorder {
  explicit Recorder(std::unique_ptr<Callback> stack) : stack(std::move(stack)) {}
  const std::unique_ptr<Callback> stack;  // returns the stack of its caller
  std::mutex mutex;
  std::string report;
};

// Not freed at the end of the thread, when its environment is gone.
thread_local std::shared_ptr<Recorder>* current = nullptr;

// The current JavaScript stack, or an empty string if it cannot be read.
std::string readStack(Recorder& recorder) {
  napi_env env = recorder.stack->env();
  bool pending = true;
  napi_is_exception_pending(env, &pending);
  if (pending) return "";
  try {
    CallbackCall call(*recorder.stack, "anomaly detection");
    return Napi::Value(env, call({})).ToString().Utf8Value();
  } catch (const std::exception&) {
    napi_value ignored;
    napi_get_and_clear_last_exception(env, &ignored);
    return "";
  }
}

class StackMetadata : public autograd::AnomalyMetadata {
 public:
  StackMetadata() : recorder_(current == nullptr ? nullptr : *current) {}

  void store_stack() override {
    if (recorder_) stack_ = readStack(*recorder_);
  }

  // The node whose backward made this node, if any.
  void assign_parent(const c10::intrusive_ptr<autograd::Node>& parent) override { parent_ = parent; }

  void print_stack(const std::string& nodeName) override {
    std::string text = describeNode(nodeName);
    for (auto parent = parent_; parent;) {
      auto* metadata = dynamic_cast<StackMetadata*>(parent->metadata());
      if (metadata == nullptr) break;
      text += "\n\nThis node was made by the backward of another: " + metadata->describeNode(parent->name());
      parent = metadata->parent_;
    }
    if (!recorder_) {
      TORCH_WARN(text);
      return;
    }
    std::lock_guard<std::mutex> lock(recorder_->mutex);
    recorder_->report += text;
  }

 private:
  std::string describeNode(const std::string& nodeName) const {
    const std::string start = "Error detected in " + nodeName + ". ";
    if (stack_.empty()) {
      return start +
             "No forward pass information available. Enable detect anomaly during forward pass for more information.";
    }
    return start + "Stack of the forward call that caused the error:\n" + stack_;
  }

  std::shared_ptr<Recorder> recorder_;
  std::string stack_;
  c10::intrusive_ptr<autograd::Node> parent_;
};

// setAnomalyMode(enabled, checkNan, stack): stack() returns the JavaScript stack of its caller as text. The mode is
// that of all threads.
Napi::Value setAnomalyMode(const Napi::CallbackInfo& info) {
  const bool enabled = booleanParameter(info, 0, "setAnomalyMode", "enabled");
  const bool checkNan = booleanParameter(info, 1, "setAnomalyMode", "checkNan");
  auto stack = std::make_unique<Callback>(Environment::of(info.Env()), info[2], "stack");
  delete std::exchange(current, new std::shared_ptr<Recorder>(std::make_shared<Recorder>(std::move(stack))));
  autograd::AnomalyMode::set_enabled(enabled, checkNan);
  return info.Env().Undefined();
}

// anomalyMode(): [enabled, checkNan].
Napi::Value anomalyMode(const Napi::CallbackInfo& info) {
  auto mode = Napi::Array::New(info.Env(), 2);
  mode.Set(0u, autograd::AnomalyMode::is_enabled());
  mode.Set(1u, autograd::AnomalyMode::should_check_nan());
  return mode;
}

}  // namespace

std::unique_ptr<autograd::AnomalyMetadata> makeAnomalyMetadata() { return std::make_unique<StackMetadata>(); }

std::string takeAnomalyReport() {
  if (current == nullptr) return "";
  std::lock_guard<std::mutex> lock((*current)->mutex);
  return std::exchange((*current)->report, "");
}

void defineAnomaly(Napi::Object exports) {
  define<setAnomalyMode>(exports, "setAnomalyMode");
  define<anomalyMode>(exports, "anomalyMode");
}

}  // namespace torch_func
