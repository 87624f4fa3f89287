// See Note [Linear functions].

#include "compile/call/linear_function.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/functorch/DynamicLayer.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/impl/TorchDispatchModeTLS.h>

#include <algorithm>
#include <mutex>

#include "compile/call/differentiated.h"
#include "compile/passes/dead_code.h"
#include "compile/passes/functionalize.h"
#include "core/errors.h"

namespace torch_func::compile {

namespace {

// Compiling costs as much as many replays: functions of few calls are replayed.
constexpr int kReplays = 16;

bool isTransformed() { return at::functorch::maybeCurrentDynamicLayer() || c10::impl::dispatch_mode_enabled(); }

}  // namespace

LinearFunction::LinearFunction(std::vector<at::Tensor> inputs, c10::ArrayRef<at::Tensor> fixed, bool refusesCallbacks)
    : examples_(std::move(inputs)) {
  for (const at::Tensor& input : examples_) types_.push_back(typeOf(input));
  recorder_ = std::make_unique<Recorder>(examples_, Recorder::Extent::OfInputs);
  recorder_->strictApi = "torch.func.linearize";
  recorder_->refusesCallbacks = refusesCallbacks;
  recorder_->protect(fixed);
}

LinearFunction::~LinearFunction() = default;

bool LinearFunction::canRecord(c10::ArrayRef<at::Tensor> tensors) {
  return !c10::InferenceMode::is_enabled() && isPlain(tensors);
}

void LinearFunction::start() {
  at::Generator generator = at::detail::getDefaultCPUGenerator();
  {
    const std::lock_guard lock(generator.mutex());
    generatorState_ = generator.get_state();
  }
  gradMode_ = c10::GradMode::is_enabled();
  recorder_->ignoresGradients = !gradMode_;
  c10::GradMode::set_enabled(true);
  recorder_->start();
}

void LinearFunction::stop() {
  if (recorder_ == nullptr || !recorder_->isActive()) return;
  recorder_->stop();
  c10::GradMode::set_enabled(gradMode_);
}

void LinearFunction::abandon() {
  stop();
  recorder_.reset();
  at::Generator generator = at::detail::getDefaultCPUGenerator();
  const std::lock_guard lock(generator.mutex());
  generator.set_state(generatorState_);
}

std::string LinearFunction::finish(c10::ArrayRef<at::Tensor> outputs, c10::ArrayRef<at::Tensor> values) {
  const std::unique_ptr<Recorder> recorder = std::move(recorder_);
  recorder->strictApi.clear();
  Graph graph = recorder->finish(outputs);
  for (const auto& results : {outputs, values}) {
    for (const at::Tensor& result : results) {
      if (gradMode_ && result.requires_grad()) recorder->setIncomplete("a result requires a gradient");
    }
  }
  if (!recorder->incomplete().empty()) return recorder->incomplete();
  const bool writes =
      std::any_of(graph.nodes.begin(), graph.nodes.end(), [](const Node& node) { return writesInPlace(node.op); });
  if (writes) {
    try {
      functionalize(graph);
      graph.check();
    } catch (const std::exception& error) {
      return error.what();
    }
    if (!graph.writeBacks.empty()) return "the function writes to an argument";
  }
  removeDeadCode(graph);
  for (const Node& node : graph.nodes) {
    readsOffsets_ |= node.op.operator_name().name.starts_with("aten::as_strided");
  }
  for (const Value& value : graph.values) {
    if (value.kind != Value::Kind::Constant || value.type.isWrappedNumber) continue;
    const auto& version = value.tensor.unsafeGetTensorImpl()->version_counter();
    if (version.enabled()) constants_.emplace_back(value.tensor, version.current_version());
  }
  examples_.clear();
  generatorState_.reset();
  outputCount_ = graph.outputs.size();
  replay_ = std::make_unique<Replay>(std::move(graph));
  return {};
}

bool LinearFunction::accepts(c10::ArrayRef<at::Tensor> inputs) const {
  return std::equal(inputs.begin(), inputs.end(), types_.begin(), types_.end(),
                    [](const at::Tensor& input, const TensorType& type) {
                      return input.scalar_type() == type.dtype && input.device() == type.device &&
                             input.sizes() == c10::IntArrayRef(type.sizes);
                    });
}

void LinearFunction::checkConstants() const {
  for (const auto& [tensor, expected] : constants_) {
    const uint32_t version = tensor.unsafeGetTensorImpl()->version_counter().current_version();
    if (version == expected) continue;
    throwRuntimeError(
        c10::str("one of the variables needed for gradient computation has been modified by an inplace operation: [",
                 tensor.toString(), " ", tensor.sizes(), "] is at version ", version, "; expected version ", expected,
                 " instead."));
  }
}

bool LinearFunction::isPlain(c10::ArrayRef<at::Tensor> inputs) {
  if (isTransformed()) return false;
  return std::all_of(inputs.begin(), inputs.end(), [](const at::Tensor& input) {
    return input.layout() == c10::kStrided && !input._is_zerotensor() && !isDifferentiated(input);
  });
}

void LinearFunction::callDifferentiably(c10::ArrayRef<at::Tensor> inputs, std::vector<at::Tensor>& outputs) {
  checkConstants();
  replay_->runDifferentiably(inputs, outputs);
}

void LinearFunction::call(std::vector<at::Tensor> inputs, std::vector<at::Tensor>& outputs) {
  checkConstants();
  const at::AutoDispatchBelowADInplaceOrView below;
  for (size_t i = 0; i < inputs.size(); ++i) {
    at::Tensor& input = inputs[i];
    if (input.is_conj() || input.is_neg()) input = input.resolve_conj().resolve_neg();
    const bool isSame =
        input.strides() == c10::IntArrayRef(types_[i].strides) && (!readsOffsets_ || input.storage_offset() == 0);
    if (!isSame) input = input.clone(c10::MemoryFormat::Contiguous);
  }
  if (executable_ == nullptr && ++replays_ <= kReplays) return replay_->run(inputs, outputs);
  if (executable_ == nullptr) {
    // 0 * Infinity is NaN, as in eager execution: the zeros are values of the point, not a structure.
    executable_ =
        compileGraph(replay_->graph(), {.backend = Backend::Native, .passes = {.strictZeros = true}}).executable;
  }
  executable_->run(inputs, outputs);
}

}  // namespace torch_func::compile
