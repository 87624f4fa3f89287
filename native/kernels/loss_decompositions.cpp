// The losses and their backward operators, decomposed into operators that have batching rules.

#include "kernels/loss_decompositions.h"

#include <ATen/ATen.h>
#include <ATen/core/Reduction.h>
#include <ATen/native/TypeProperties.h>

#include <utility>
#include <vector>

#include "kernels/op_math.h"

namespace torch_func {

namespace {

using at::Tensor;
using OptionalTensor = std::optional<Tensor>;

bool isDefined(const OptionalTensor& tensor) { return tensor.has_value() && tensor->defined(); }

double meanFactor(const Tensor& self, int64_t reduction) {
  return reduction == at::Reduction::Mean ? 1.0 / static_cast<double>(self.numel()) : 1.0;
}

// The dimension of the classes: 1, or 0 for a single example without a batch dimension.
int64_t classDimension(const Tensor& self) { return self.dim() < 2 ? 0 : 1; }

void checkTotalWeight(const Tensor& total_weight) {
  TORCH_CHECK(total_weight.numel() == 1,
              "expected total_weight to be a single element tensor, got: ", total_weight.sizes(), " (",
              total_weight.numel(), " elements)");
}

void checkShapes(const Tensor& self, const Tensor& target, const OptionalTensor& weight) {
  TORCH_CHECK(self.dim() > 0 && self.dim() <= 2, "input tensor should be 1D or 2D");
  TORCH_CHECK(target.dim() <= 1, "0D or 1D target tensor expected, multi-target not supported");
  const bool noBatchDimension = self.dim() == 1 && target.dim() == 0;
  TORCH_CHECK(noBatchDimension || self.size(0) == target.size(0), "size mismatch (got input: ", self.sizes(),
              ", target: ", target.sizes(), ")");
  const int64_t classes = self.size(-1);
  TORCH_CHECK(!isDefined(weight) || (weight->dim() == 1 && weight->numel() == classes),
              "weight tensor should be defined either for all ", classes,
              " classes or no classes but got weight tensor of shape: ",
              isDefined(weight) ? weight->sizes() : at::IntArrayRef());
}

void checkShapes2d(const Tensor& self, const Tensor& target, const OptionalTensor& weight) {
  TORCH_CHECK(self.dim() == 4,
              "only batches of spatial inputs supported (4D tensors), but got input of dimension: ", self.dim());
  TORCH_CHECK(target.dim() == 3,
              "only batches of spatial targets supported (3D tensors) but got targets of dimension: ", target.dim());
  TORCH_CHECK(self.size(0) == target.size(0) && self.size(2) == target.size(1) && self.size(3) == target.size(2),
              "size mismatch (got input: ", self.sizes(), ", target: ", target.sizes(), ")");
  TORCH_CHECK(!isDefined(weight) || weight->numel() == self.size(1),
              "weight tensor should be defined either for all or no classes");
}

// The elements of the input that enter the loss: one class per example, and a mask of the ignored examples.
struct Selection {
  int64_t dim;
  Tensor index;    // the class dimension has size 1
  Tensor ignored;  // no class dimension
};

Selection select(const Tensor& self, const Tensor& target, const c10::SymInt& ignore_index) {
  const int64_t dim = classDimension(self);
  // The target of a single example may be a 1-D tensor of one element.
  Tensor classes = self.dim() == 1 && target.dim() == 1 ? target.select(0, 0) : target;
  // The losses accept uint8 targets; gather and scatter do not accept uint8 indices.
  if (classes.scalar_type() == at::kByte) classes = classes.to(at::kLong);
  Tensor ignored = classes.eq(ignore_index.guard_int(__FILE__, __LINE__));
  Tensor index = classes.masked_fill(ignored, 0).unsqueeze(dim);
  return {dim, std::move(index), std::move(ignored)};
}

// The weight of each example's class, without the class dimension.
Tensor selectWeight(const Tensor& weight, const Tensor& self, const Selection& selection) {
  std::vector<int64_t> shape(self.dim(), 1);
  shape[selection.dim] = weight.numel();
  return weight.view(shape).expand(self.sizes()).gather(selection.dim, selection.index).squeeze(selection.dim);
}

std::tuple<Tensor, Tensor> nllForward(const Tensor& self, const Tensor& target, const OptionalTensor& weight,
                                      int64_t reduction, const c10::SymInt& ignore_index) {
  const Selection selection = select(self, target, ignore_index);
  Tensor loss = self.gather(selection.dim, selection.index).squeeze(selection.dim).neg();
  Tensor weights;
  if (isDefined(weight)) {
    weights = selectWeight(*weight, self, selection);
    loss = loss.mul(weights);
  }
  loss = loss.masked_fill(selection.ignored, 0);
  if (reduction == at::Reduction::None && self.dim() > 1) return {loss, self.new_zeros({})};

  const Tensor total_weight = weights.defined() ? weights.masked_fill(selection.ignored, 0).sum()
                                                : selection.ignored.logical_not().sum().to(self.scalar_type());
  if (reduction == at::Reduction::Sum) loss = loss.sum();
  if (reduction == at::Reduction::Mean) loss = loss.sum().div(total_weight);
  return {loss, total_weight};
}

Tensor nllBackward(const Tensor& grad_output, const Tensor& self, const Tensor& target, const OptionalTensor& weight,
                   int64_t reduction, const c10::SymInt& ignore_index, const Tensor& total_weight) {
  const Selection selection = select(self, target, ignore_index);
  Tensor grad = reduction == at::Reduction::Mean ? grad_output.div(total_weight) : grad_output;
  // The gradient of a single example may be a 1-D tensor of one element, too.
  if (self.dim() == 1 && grad.dim() == 1) grad = grad.select(0, 0);
  grad = grad.neg();
  if (isDefined(weight)) grad = grad.mul(selectWeight(*weight, self, selection));
  // As in libtorch's kernel, the gradient of ignored examples is zero even if grad is not finite: the mean over no
  // examples divides by zero.
  grad = grad.expand(selection.ignored.sizes())
             .masked_fill(selection.ignored, 0)
             .unsqueeze(selection.dim)
             .to(self.scalar_type());
  return at::zeros_like(self).scatter(selection.dim, selection.index, grad);
}

}  // namespace

Tensor mseLossBackward(const Tensor& grad_output, const Tensor& self, const Tensor& target, int64_t reduction) {
  const at::ScalarType type = at::native::result_type({grad_output, self, target});
  const Tensor difference = toOpMath(self).sub(toOpMath(target));
  return difference.mul(2.0 * meanFactor(self, reduction)).mul(toOpMath(grad_output)).to(type);
}

// The slopes of the next two losses are functions of self and target only. If only grad_output is batched, as with
// is_grads_batched, the legacy vmap therefore does not have to batch `where` and `clamp`.

Tensor smoothL1LossBackward(const Tensor& grad_output, const Tensor& self, const Tensor& target, int64_t reduction,
                            double beta) {
  const at::ScalarType type = at::native::result_type({grad_output, self, target});
  const Tensor difference = toOpMath(self).sub(toOpMath(target));
  const Tensor slope = at::where(difference.abs().lt(beta), difference.div(beta), difference.sign());
  return slope.mul(meanFactor(self, reduction)).mul(toOpMath(grad_output)).to(type);
}

Tensor huberLossBackward(const Tensor& grad_output, const Tensor& self, const Tensor& target, int64_t reduction,
                         double delta) {
  const at::ScalarType type = at::native::result_type({grad_output, self, target});
  const Tensor slope = toOpMath(self).sub(toOpMath(target)).clamp(-delta, delta);
  return slope.mul(meanFactor(self, reduction)).mul(toOpMath(grad_output)).to(type);
}

std::tuple<Tensor, Tensor> nllLossForward(const Tensor& self, const Tensor& target, const OptionalTensor& weight,
                                          int64_t reduction, c10::SymInt ignore_index) {
  checkShapes(self, target, weight);
  return nllForward(self, target, weight, reduction, ignore_index);
}

std::tuple<Tensor, Tensor> nllLoss2dForward(const Tensor& self, const Tensor& target, const OptionalTensor& weight,
                                            int64_t reduction, c10::SymInt ignore_index) {
  checkShapes2d(self, target, weight);
  return nllForward(self, target, weight, reduction, ignore_index);
}

Tensor nllLossBackward(const Tensor& grad_output, const Tensor& self, const Tensor& target,
                       const OptionalTensor& weight, int64_t reduction, c10::SymInt ignore_index,
                       const Tensor& total_weight) {
  checkShapes(self, target, weight);
  checkTotalWeight(total_weight);
  if (reduction == at::Reduction::None && self.dim() == 2) {
    TORCH_CHECK(grad_output.dim() == 1 && grad_output.size(0) == self.size(0),
                "Expected a tensor of dimension 1 and tensor.size[0] == ", self.size(0), " but got: dimension ",
                grad_output.dim(), " and tensor of shape ", grad_output.sizes());
  } else {
    TORCH_CHECK(grad_output.dim() <= 1 && grad_output.numel() == 1,
                "Expected a single element grad_output tensor, but got: ", grad_output.sizes());
  }
  return nllBackward(grad_output, self, target, weight, reduction, ignore_index, total_weight);
}

Tensor nllLoss2dBackward(const Tensor& grad_output, const Tensor& self, const Tensor& target,
                         const OptionalTensor& weight, int64_t reduction, c10::SymInt ignore_index,
                         const Tensor& total_weight) {
  checkShapes2d(self, target, weight);
  checkTotalWeight(total_weight);
  return nllBackward(grad_output, self, target, weight, reduction, ignore_index, total_weight);
}

}  // namespace torch_func
