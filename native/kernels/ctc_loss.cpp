// Forward mode and second derivatives of ctc_loss, which libtorch lacks.
//
// With the targets interleaved with blanks, l, the probability of all alignments that are in state s at time t is
//
//   a_t(s) = p_t(l_s) (a_t-1(s) + a_t-1(s - 1) + a_t-1(s - 2) if l_s is no blank and differs from l_s-2)
//
// and the loss is -log(a_T(2L) + a_T(2L - 1)) for L targets. The recursion runs on logarithms.
//
// PyTorch defines the gradient for log probabilities that are the result of log_softmax: it adds the derivative of
// sum p_t(c), which is constant then. So does the decomposition, so that all modes agree.
//
// With lengths in lists and the reduction 'mean', libtorch writes to a tensor that a transform has wrapped, which
// throws. There the lengths are passed in tensors.
#include <ATen/ATen.h>
#include <ATen/core/Reduction.h>
#include <ATen/functorch/DynamicLayer.h>
#include <torch/library.h>

#include <algorithm>
#include <limits>

#include "core/recording.h"
#include "functorch/wrappers.h"
#include "kernels/constants.h"
#include "kernels/corrections.h"
#include "kernels/decomposed_output.h"

namespace torch_func {

namespace {

using at::Tensor;
using Values = c10::ArrayRef<c10::IValue>;

constexpr double infinity = std::numeric_limits<double>::infinity();

Tensor tensorOf(const c10::IValue& lengths) {
  // A tensor that a transform wraps has no memory to write to.
  const BelowTransforms guard;
  const NotRecorded notRecorded;
  return at::tensor(lengths.toIntVector(), at::kLong);
}

// A column of lengths.
Tensor lengthsOf(const c10::IValue& value, const Tensor& targets) {
  const at::TensorOptions options = targets.options().dtype(at::kLong);
  return (value.isTensor() ? value.toTensor() : tensorOf(value)).to(options).unsqueeze(1);
}

// One row of targets per sample, filled up with blanks.
Tensor labelsOf(const Tensor& targets, const c10::IValue& lengthValues, const Tensor& lengths, int64_t blank) {
  Tensor labels = targets.to(at::kLong);
  if (targets.dim() < 2) {
    // The targets of all samples, one after the other.
    int64_t longest = targets.numel();
    if (!lengthValues.isTensor()) {
      const auto sizes = lengthValues.toIntVector();
      longest = sizes.empty() ? 0 : *std::max_element(sizes.begin(), sizes.end());
    }
    const Tensor starts = lengths.cumsum(0) - lengths;
    const Tensor index = (starts + at::arange(longest, lengths.options())).clamp_max(targets.numel() - 1);
    labels = labels.flatten().index_select(0, index.flatten()).view_as(index);
  }
  return labels.masked_fill(at::arange(labels.size(1), lengths.options()) >= lengths, blank);
}

// The states moved up by `steps`.
Tensor moved(const Tensor& alpha, int64_t steps) {
  const int64_t states = alpha.size(1);
  const int64_t filled = std::min(steps, states);
  return at::constant_pad_nd(alpha.narrow(1, 0, states - filled), {filled, 0}, -infinity);
}

// (log_probs, targets, input_lengths, target_lengths, blank, zero_infinity) -> (loss, log_alpha)
Tensor ctcLoss(Values arguments, Values outputs) {
  const Tensor given = arguments[0].toTensor();
  const Tensor logProbs = given.dim() == 2 ? given.unsqueeze(1) : given;
  const Tensor targets = arguments[1].toTensor();
  const Tensor times = lengthsOf(arguments[2], targets);
  const Tensor lengths = lengthsOf(arguments[3], targets);
  const int64_t blank = arguments[4].toInt();
  const int64_t steps = logProbs.size(0);
  const int64_t samples = logProbs.size(1);

  const Tensor labels = labelsOf(targets, arguments[3], lengths, blank);
  const Tensor blanks = at::full_like(labels, blank);
  const Tensor last = at::full({samples, 1}, blank, labels.options());
  const Tensor path = at::cat({at::stack({blanks, labels}, -1).flatten(1), last}, 1);
  const int64_t states = path.size(1);
  const Tensor emissions = logProbs.gather(2, path.unsqueeze(0).expand({steps, samples, states}));
  const Tensor before = at::constant_pad_nd(path.narrow(1, 0, states - std::min<int64_t>(states, 2)),
                                            {std::min<int64_t>(states, 2), 0}, blank);
  const Tensor mayNotSkip = at::logical_or(path == blank, path == before);

  // Before the first time the only state is that of the first blank.
  const Tensor isFirst = at::arange(states, labels.options()) == 0;
  Tensor alpha = at::full({samples, states}, -infinity, logProbs.options()).masked_fill(isFirst, 0);
  for (int64_t t = 0; t < steps; ++t) {
    const Tensor skipped = moved(alpha, 2).masked_fill(mayNotSkip, -infinity);
    const Tensor next = at::logaddexp(at::logaddexp(alpha, moved(alpha, 1)), skipped) + emissions.select(0, t);
    alpha = at::where(times > t, next, alpha);
  }
  const Tensor atBlank = alpha.gather(1, 2 * lengths);
  const Tensor atLabel = alpha.gather(1, (2 * lengths - 1).clamp_min(0)).masked_fill(lengths == 0, -infinity);
  const Tensor loss = -at::logaddexp(atBlank, atLabel).squeeze(1);

  const Tensor isTime = at::arange(steps, labels.options()).unsqueeze(1) < times.squeeze(1);
  const Tensor total = logProbs.exp().sum(2).masked_fill(isTime.logical_not(), 0).sum(0);
  const Tensor isImpossible = loss == infinity;
  return (loss + total - constantOf(total)).masked_fill(isImpossible, infinity).reshape(outputs[0].toTensor().sizes());
}

// Whether a level wraps new tensors. vmap does not.
bool wrapsNewTensors() {
  const auto& levels = at::functorch::getDynamicLayerStack();
  return std::any_of(levels.begin(), levels.end(), [](const at::functorch::DynamicLayer& level) {
    return level.key() != at::functorch::TransformType::Vmap;
  });
}

// (log_probs, targets, input_lengths, target_lengths, blank, reduction, zero_infinity)
void lengthsInTensors(KernelCall& call) {
  if (call.argument(5).toInt() != at::Reduction::Mean || !wrapsNewTensors()) {
    call.callOriginal();
    return;
  }
  call.setOutputs(at::ctc_loss(call.tensor(0), call.tensor(1), tensorOf(call.argument(2)), tensorOf(call.argument(3)),
                               call.argument(4).toInt(), call.argument(5).toInt(), call.argument(6).toBool()));
}

}  // namespace

void registerCtcLoss() {
  // A registration lasts as long as its Library object.
  static torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::Autograd, __FILE__, __LINE__);
  for (const char* name : {"_ctc_loss", "_ctc_loss.Tensor"}) {
    overrideAutogradKernel(library, name, CallKernel::factory(&decomposeOutput<&ctcLoss>));
  }
  static torch::Library composite(torch::Library::IMPL, "aten", c10::DispatchKey::CompositeImplicitAutograd, __FILE__,
                                  __LINE__);
  static torch::Library vmap(torch::Library::IMPL, "aten", c10::DispatchKey::FuncTorchBatchedDecomposition, __FILE__,
                             __LINE__);
  overrideComposite(composite, vmap, "ctc_loss.IntList", CallKernel::factory(&lengthsInTensors));
}

}  // namespace torch_func
