// Forward mode and second derivatives of the margin losses, which libtorch lacks. Both losses are piecewise polynomials
// of the scores x, with C classes and h(z) = max(0, z):
//
// - multi_margin_loss of target y: the sum over j != y of w_y h(margin - x_y + x_j)^p / C.
// - multilabel_margin_loss of targets Y: the sum over y in Y and j not in Y of h(1 - x_y + x_j) / C.
#include <ATen/ATen.h>
#include <ATen/core/Reduction.h>
#include <torch/library.h>

#include "kernels/corrections.h"
#include "kernels/decomposed_output.h"

namespace torch_func {

namespace {

using at::Tensor;
using Values = c10::ArrayRef<c10::IValue>;

// One row per example: an example without a batch dimension is a batch of one.
Tensor rowsOf(const Tensor& tensor) { return tensor.dim() == 2 ? tensor : tensor.reshape({1, tensor.numel()}); }

Tensor reduce(const Tensor& losses, int64_t reduction, const Tensor& result) {
  if (reduction == at::Reduction::Mean) return losses.mean();
  if (reduction == at::Reduction::Sum) return losses.sum();
  return losses.reshape(result.sizes());
}

// (self, target, p, margin, weight, reduction)
Tensor multiMarginLoss(Values arguments, Values outputs) {
  const Tensor x = rowsOf(arguments[0].toTensor());
  const Tensor target = arguments[1].toTensor().reshape({x.size(0), 1});
  const int64_t classes = x.size(1);
  const Tensor hinge = (x - x.gather(1, target) + arguments[3].toScalar()).relu();
  const Tensor powers = arguments[2].toScalar().toDouble() == 2 ? hinge * hinge : hinge;
  const Tensor isTarget = at::arange(classes, target.options()) == target;
  Tensor losses = powers.masked_fill(isTarget, 0).sum(1) / classes;
  if (!arguments[4].isNone() && arguments[4].toTensor().defined()) {
    losses = losses * arguments[4].toTensor().gather(0, target.squeeze(1));
  }
  return reduce(losses, arguments[5].toInt(), outputs[0].toTensor());
}

// (self, target, reduction) -> (loss, whether each class is a target)
Tensor multilabelMarginLoss(Values arguments, Values outputs) {
  const Tensor x = rowsOf(arguments[0].toTensor());
  const Tensor target = rowsOf(arguments[1].toTensor());
  // A negative number ends the list of targets.
  const Tensor isBehindList = (target < 0).cumsum(1) > 0;
  const Tensor isTarget = rowsOf(outputs[1].toTensor()) != 0;
  const Tensor scores = x.gather(1, target.masked_fill(isBehindList, 0));
  const Tensor hinge = (x.unsqueeze(1) - scores.unsqueeze(2) + 1).relu();
  const Tensor isExcluded = at::logical_or(isBehindList.unsqueeze(2), isTarget.unsqueeze(1));
  const Tensor losses = hinge.masked_fill(isExcluded, 0).sum({1, 2}) / x.size(1);
  return reduce(losses, arguments[2].toInt(), outputs[0].toTensor());
}

}  // namespace

void registerMarginLosses() {
  // A registration lasts as long as its Library object.
  static torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::Autograd, __FILE__, __LINE__);
  overrideAutogradKernel(library, "multi_margin_loss", CallKernel::factory(&decomposeOutput<&multiMarginLoss>));
  overrideAutogradKernel(library, "multilabel_margin_loss_forward",
                         CallKernel::factory(&decomposeOutput<&multilabelMarginLoss>));
}

}  // namespace torch_func
