// Forward mode and second derivatives of reductions over segments, which libtorch lacks (segment_reduce and
// embedding_bag), and forward mode of embedding. Each element is assigned to a segment, and the elements are scattered
// to their segments:
//
// - segment_reduce: out[s] = reduce(initial, data[i] for i in s), by scatter_reduce.
// - embedding_bag: out[b] = sum of w_i weight[index_i] for i in b, divided by the size of b for the mean.
//   The maximum is gathered from the rows that libtorch found.
#include <ATen/ATen.h>
#include <ATen/WrapDimUtils.h>
#include <torch/library.h>

#include <limits>
#include <string>
#include <vector>

#include "kernels/corrections.h"
#include "kernels/decomposed_output.h"
#include "kernels/segments.h"

namespace torch_func {

namespace {

using at::Tensor;
using Values = c10::ArrayRef<c10::IValue>;

// The initial value of a reduction that has no argument `initial`.
double identityOf(const std::string& reduce) {
  if (reduce == "prod") return 1;
  if (reduce == "max") return -std::numeric_limits<double>::infinity();
  if (reduce == "min") return std::numeric_limits<double>::infinity();
  return 0;
}

// (data, reduce, lengths, indices, offsets, axis, unsafe, initial)
Tensor segmentReduce(Values arguments, Values outputs) {
  const Tensor data = arguments[0].toTensor();
  const std::string reduce(arguments[1].toStringView());
  const int64_t axis = at::maybe_wrap_dim(arguments[5].toInt(), data.dim());
  const int64_t segments = outputs[0].toTensor().size(axis);
  const Tensor index = segmentsOf(data, arguments[2], arguments[4], axis, segments);
  const bool hasInitial = !arguments[7].isNone();
  const double initial = hasInitial ? arguments[7].toScalar().toDouble() : identityOf(reduce);
  // One more segment, for the elements outside of all.
  std::vector<int64_t> shape = data.sizes().vec();
  shape[axis] = segments + 1;
  const Tensor base = at::full(shape, initial, data.options());
  if (reduce != "sum" && reduce != "mean") {
    const char* name = reduce == "max" ? "amax" : reduce == "min" ? "amin" : "prod";
    return base.scatter_reduce(axis, index, data, name).narrow(axis, 0, segments);
  }
  const Tensor sum = base.scatter_add(axis, index, data).narrow(axis, 0, segments);
  if (reduce == "sum") return sum;
  const Tensor count =
      at::zeros(shape, index.options()).scatter_add(axis, index, at::ones_like(index)).narrow(axis, 0, segments);
  const double ofNone = hasInitial ? initial : std::numeric_limits<double>::quiet_NaN();
  return (sum / count.clamp_min(1)).masked_fill(count == 0, ofNone);
}

// (weight, indices, offsets, scale_grad_by_freq, mode, sparse, per_sample_weights, include_last_offset, padding_idx)
// -> (result, bags, sizes of the bags, rows of the maxima)
Tensor embeddingBag(Values arguments, Values outputs) {
  TORCH_CHECK_NOT_IMPLEMENTED(!arguments[3].toBool(),
                              "embedding_bag: with scale_grad_by_freq=True the gradient is not the derivative: forward "
                              "mode and second derivatives are not defined. Set scale_grad_by_freq=False");
  const Tensor weight = arguments[0].toTensor();
  const int64_t mode = arguments[4].toInt();
  const Bags bags(arguments[1].toTensor(), arguments[2].toTensor(), outputs[0].toTensor().size(0),
                  arguments[8].toInt());
  if (mode == Bags::max) {
    // The row is undefined for an empty bag.
    const Tensor isEmpty = bags.isEmpty();
    return weight.gather(0, outputs[3].toTensor().to(at::kLong).masked_fill(isEmpty, 0)).masked_fill(isEmpty, 0);
  }
  Tensor rows = weight.index_select(0, bags.index);
  if (!arguments[6].isNone() && arguments[6].toTensor().defined()) rows = rows * arguments[6].toTensor().unsqueeze(1);
  rows = rows.masked_fill(bags.isIgnored.unsqueeze(1), 0);
  const Tensor total = at::zeros_like(outputs[0].toTensor()).index_add(0, bags.bag, rows);
  return mode == Bags::mean ? total / bags.divisor() : total;
}

// (weight, indices, padding_idx, scale_grad_by_freq, sparse). The row of the padding index has no gradient, and so no
// tangent: libtorch's forward-mode rule ignores the padding index.
void embedding(KernelCall& call) {
  const int64_t padding = call.argument(2).toInt();
  const bool isScaled = call.argument(3).toBool();
  if (!hasTangent(call.tensor(0)) || (padding < 0 && !isScaled)) {
    call.callOriginal();
    return;
  }
  TORCH_CHECK_NOT_IMPLEMENTED(
      !isScaled,
      "embedding: with scale_grad_by_freq=True the gradient is not the derivative: forward mode "
      "is not defined. Set scale_grad_by_freq=False");
  const Tensor indices = call.tensor(1);
  const Tensor tangent = call.takeTangent(0);
  call.callOriginal();
  call.setTangent(0, at::embedding(tangent, indices, padding).masked_fill(indices.eq(padding).unsqueeze(-1), 0));
}

}  // namespace

Tensor segmentsOf(const Tensor& data, const c10::IValue& lengths, const c10::IValue& offsets, int64_t axis,
                  int64_t segments) {
  Tensor starts, ends;
  if (lengths.isNone() || !lengths.toTensor().defined()) {
    const Tensor all = offsets.toTensor().to(at::kLong);
    starts = all.narrow(-1, 0, segments);
    ends = all.narrow(-1, 1, segments);
  } else {
    const Tensor all = lengths.toTensor().to(at::kLong);
    ends = all.cumsum(-1);
    starts = ends - all;
  }
  const Tensor position = at::arange(data.size(axis), ends.options());
  std::vector<int64_t> shape = data.sizes().slice(0, axis + 1).vec();
  Tensor index = at::searchsorted(ends.contiguous(), position.expand(shape).contiguous(), /*out_int32=*/false,
                                  /*right=*/true);
  // Elements behind the last segment have this number already.
  if (segments > 0) index = index.masked_fill(position < starts.narrow(-1, 0, 1), segments);
  shape.resize(data.dim(), 1);
  return index.reshape(shape).expand_as(data);
}

Bags::Bags(const Tensor& indices, const Tensor& offsets, int64_t count, int64_t paddingIndex)
    : index(indices.to(at::kLong)),
      bag(at::searchsorted(offsets.to(at::kLong).narrow(0, 0, count).contiguous(),
                           at::arange(indices.numel(), index.options()), /*out_int32=*/false, /*right=*/true) -
          1),
      isIgnored(index == paddingIndex),
      size(at::zeros({count}, index.options()).index_add(0, bag, isIgnored.logical_not().to(at::kLong))) {}

void registerSegments() {
  // A registration lasts as long as its Library object.
  static torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::Autograd, __FILE__, __LINE__);
  overrideAutogradKernel(library, "segment_reduce", CallKernel::factory(&decomposeOutput<&segmentReduce>));
  overrideAutogradKernel(library, "embedding", CallKernel::factory(&embedding));
  // The second one is called if the weight is not differentiated.
  for (const char* name : {"_embedding_bag", "_embedding_bag_forward_only"}) {
    overrideAutogradKernel(library, name, CallKernel::factory(&decomposeOutput<&embeddingBag>));
  }
}

}  // namespace torch_func
