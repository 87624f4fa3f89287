// Derivatives of backward operators in the cotangent, in which they are linear. libtorch has none for the backward of
// margin losses, ctc_loss, segment_reduce and embedding_bag; linearize and autograd.functional.jvp, which transpose
// them, fail.
//
// The gradient of a loss is g G, where G is the gradient for the cotangent 1. Likewise, the gradient of a reduction
// over segments is g[s] G, where s is the segment of an element. G is libtorch's, so that a derivative in the input is
// still an error.
//
// The gradient of binary_cross_entropy in libtorch is (x - t) / max(x (1 - x), 1e-12), which at x = 0 is 0 for t = 0:
// the derivative of -log(1 - x) is 1. Its derivatives divide by x (1 - x) + 1e-12: linearize and second derivatives
// lose digits near 0 and 1. Here each part of the gradient has its own bound, where x (1 - x) < 1e-12:
//
//   (1 - t) / max(1 - x, 1e-12) - t / max(x, 1e-12)
//
// The derivative in the target is max(log(1 - x), -100) - max(log(x), -100), as the loss has it; libtorch's rule leaves
// out the bounds, and is infinite at 0 and 1.
#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/TensorIterator.h>
#include <ATen/WrapDimUtils.h>
#include <ATen/core/Reduction.h>
#include <ATen/native/cpu/Loops.h>
#include <c10/core/GradMode.h>
#include <torch/library.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "kernels/corrections.h"
#include "kernels/elementwise_rule.h"
#include "kernels/kernel_override.h"
#include "kernels/op_math.h"
#include "kernels/segments.h"

namespace torch_func {

namespace {

using at::Tensor;

bool isRecorded(const Tensor& tensor) {
  return hasTangent(tensor) || (tensor.requires_grad() && c10::GradMode::is_enabled());
}

// Whether the current level differentiates the cotangent, the first argument.
bool isTransposed(KernelCall& call) { return isRecorded(call.tensor(0)); }

// Replaces the cotangent by 1 and returns it.
Tensor takeCotangent(KernelCall& call) {
  const Tensor cotangent = call.tensor(0);
  call.argument(0) = at::ones_like(cotangent);
  return cotangent;
}

// The cotangent is a number, or has one element per row of the gradient.
void lossBackward(KernelCall& call) {
  if (!isTransposed(call)) {
    call.callOriginal();
    return;
  }
  const Tensor cotangent = takeCotangent(call);
  call.callOriginal();
  const Tensor gradient = call.output(0).toTensor();
  const bool hasRows = cotangent.dim() > 0 && gradient.dim() > 1;
  call.output(0) = gradient * (hasRows ? cotangent.unsqueeze(-1) : cotangent);
}

// In single precision, as in libtorch's kernel for all dtypes.
constexpr float smallestVariance = 1e-12F;

Tensor boundedLog(const Tensor& x) {
  constexpr double least = -100;
  const Tensor isBelow = x.log() < least;
  return x.masked_fill(isBelow, 1).log().masked_fill(isBelow, least);
}

// (self, target)
Tensor slopeOfCrossEntropy(const RuleArguments& arguments, size_t input) {
  const Tensor x = arguments[0].toTensor();
  if (input == 1) return boundedLog(1 - x) - boundedLog(x);
  const Tensor t = arguments[1].toTensor();
  const Tensor variance = x * (1 - x);
  const Tensor isBorder = variance < smallestVariance;
  const Tensor atBorder = (1 - t) / (1 - x).clamp_min(smallestVariance) - t / x.clamp_min(smallestVariance);
  return at::where(isBorder, atBorder, (x - t) / variance.masked_fill(isBorder, 1));
}

constexpr ElementwiseRule crossEntropy = {"BinaryCrossEntropyBackward0", 2, &slopeOfCrossEntropy};

// (self, target, weight, reduction)
void binaryCrossEntropy(KernelCall& call) {
  const c10::IValue weight = call.argument(2);
  const int64_t reduction = call.argument(3).toInt();
  // The tangent of libtorch contains the derivative in the target, whose own derivative is NaN at inputs of 0 and 1.
  const bool isTangentDifferentiated = hasTangent(call.tensor(0)) && call.recording().isDifferentiatedAgain();
  if (!isRecorded(call.tensor(1)) && !isTangentDifferentiated) {
    call.callOriginal();
    return;
  }
  call.argument(2) = c10::IValue();
  call.argument(3) = static_cast<int64_t>(at::Reduction::None);
  differentiateBy(call, crossEntropy);
  Tensor loss = call.output(0).toTensor();
  if (weight.isTensor() && weight.toTensor().defined()) loss = loss * weight.toTensor();
  if (reduction == at::Reduction::Mean) loss = loss.mean();
  if (reduction == at::Reduction::Sum) loss = loss.sum();
  call.output(0) = loss;
}

// The same in one loop: the kernel of the CPU, as fast as libtorch's.
Tensor binaryCrossEntropyBackwardOnCpu(const Tensor& grad, const Tensor& self, const Tensor& target,
                                       const std::optional<Tensor>& weight, int64_t reduction) {
  Tensor result = at::empty_like(self);
  auto iterator = at::TensorIteratorConfig()
                      .add_output(result)
                      .add_const_input(grad)
                      .add_const_input(self)
                      .add_const_input(target)
                      .resize_outputs(false)
                      .build();
  AT_DISPATCH_FLOATING_TYPES_AND2(at::kHalf, at::kBFloat16, self.scalar_type(), "binary_cross_entropy_backward", [&] {
    using Compute = at::opmath_type<scalar_t>;
    at::native::cpu_kernel(iterator, [](scalar_t factor, scalar_t probability, scalar_t label) -> scalar_t {
      const Compute x = probability, t = label, least = smallestVariance;
      // With one division. Where no bound applies, the numerator is x - t, without cancellation.
      const Compute right = std::max(1 - x, least), left = std::max(x, least);
      const Compute numerator = x * (1 - x) >= least ? x - t : (1 - t) * left - t * right;
      const Compute slope = numerator / (right * left);
      return static_cast<scalar_t>(static_cast<Compute>(factor) * slope);
    });
  });
  if (weight && weight->defined()) result.mul_(*weight);
  if (reduction == at::Reduction::Mean) result.div_(static_cast<double>(self.numel()));
  return result;
}

// (grad, self, target, weight, reduction)
void binaryCrossEntropyBackward(KernelCall& call) {
  if (!call.isDifferentiated() && call.tensor(1).is_cpu()) {
    call.callOriginal();
    return;
  }
  const Tensor self = call.tensor(1);
  const Tensor x = toOpMath(self);
  Tensor gradient = slopeOfCrossEntropy({x, toOpMath(call.tensor(2))}, 0) * toOpMath(call.tensor(0));
  const c10::IValue& weight = call.argument(3);
  if (weight.isTensor() && weight.toTensor().defined()) gradient = gradient * toOpMath(weight.toTensor());
  if (call.argument(4).toInt() == at::Reduction::Mean) gradient = gradient / static_cast<double>(self.numel());
  call.setOutputs(gradient.to(self.scalar_type()));
}

// (grad, output, data, reduce, lengths, offsets, axis, initial)
void segmentReduceBackward(KernelCall& call) {
  if (!isTransposed(call)) {
    call.callOriginal();
    return;
  }
  const Tensor data = call.tensor(2);
  const int64_t axis = at::maybe_wrap_dim(call.argument(6).toInt(), data.dim());
  const Tensor cotangent = takeCotangent(call);
  const Tensor index = segmentsOf(data, call.argument(4), call.argument(5), axis, cotangent.size(axis));
  call.callOriginal();
  // Elements outside of all segments have the cotangent 0.
  std::vector<int64_t> shape = cotangent.sizes().vec();
  shape[axis] = 1;
  const Tensor outside = at::zeros(shape, cotangent.options());
  call.output(0) = call.output(0).toTensor() * at::cat({cotangent, outside}, axis).gather(axis, index);
}

// (grad, indices, offsets, offset2bag, bag_size, maximum_indices, num_weights, scale_grad_by_freq, mode, sparse,
// per_sample_weights, padding_idx)
void embeddingBagBackward(KernelCall& call) {
  if (!call.isDifferentiated() || call.argument(7).toBool() || call.argument(9).toBool()) {
    call.callOriginal();
    return;
  }
  const Tensor grad = call.tensor(0);
  const Bags bags(call.tensor(1), call.tensor(2), grad.size(0), call.argument(11).toInt());
  const int64_t mode = call.argument(8).toInt();
  const Tensor zeros = at::zeros({call.argument(6).toInt(), grad.size(1)}, grad.options());
  if (mode == Bags::max) {
    const Tensor isEmpty = bags.isEmpty();
    const Tensor rows = call.tensor(5).to(at::kLong).masked_fill(isEmpty, 0);
    call.setOutputs(zeros.scatter_add(0, rows, grad.masked_fill(isEmpty, 0)));
    return;
  }
  Tensor rows = (mode == Bags::mean ? grad / bags.divisor() : grad).index_select(0, bags.bag);
  const c10::IValue weights = call.argument(10);
  if (!weights.isNone() && weights.toTensor().defined()) rows = rows * weights.toTensor().unsqueeze(1);
  call.setOutputs(zeros.index_add(0, bags.index, rows.masked_fill(bags.isIgnored.unsqueeze(1), 0)));
}

// (grad, weight, indices, offsets, offset2bag, mode, padding_idx)
void perSampleWeightsBackward(KernelCall& call) {
  if (!call.isDifferentiated()) {
    call.callOriginal();
    return;
  }
  const Tensor grad = call.tensor(0);
  const Bags bags(call.tensor(2), call.tensor(3), grad.size(0), call.argument(6).toInt());
  const Tensor products = grad.index_select(0, bags.bag) * call.tensor(1).index_select(0, bags.index);
  call.setOutputs(products.sum(1).masked_fill(bags.isIgnored, 0));
}

}  // namespace

void registerCotangentProducts() {
  // A registration lasts as long as its Library object.
  static torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::Autograd, __FILE__, __LINE__);
  const auto add = [&](const char* name, CallKernel::Function function) {
    overrideAutogradKernel(library, name, CallKernel::factory(function));
  };
  for (const char* name : {"multi_margin_loss_backward", "multilabel_margin_loss_backward", "_ctc_loss_backward",
                           "_ctc_loss_backward.Tensor"}) {
    add(name, &lossBackward);
  }
  add("binary_cross_entropy", &binaryCrossEntropy);
  add("binary_cross_entropy_backward", &binaryCrossEntropyBackward);
  static torch::Library cpu(torch::Library::IMPL, "aten", c10::DispatchKey::CPU, __FILE__, __LINE__);
  {
    IgnoreWarnings ignore;
    cpu.impl("binary_cross_entropy_backward", &binaryCrossEntropyBackwardOnCpu);
  }
  add("_segment_reduce_backward", &segmentReduceBackward);
  add("_embedding_bag_backward", &embeddingBagBackward);
  add("_embedding_bag_per_sample_weights_backward", &perSampleWeightsBackward);
}

}  // namespace torch_func
