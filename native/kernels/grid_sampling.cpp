// grid_sample in forward mode, in derivatives of higher order, and under vmap.
//
// libtorch has no forward-mode rule for grid_sampler. Its double backward accumulates into unbatched tensors, which
// fails under vmap. Here the values are gathered and weighted by operators that have derivatives of every order. If
// only the first derivative in reverse mode is needed, libtorch's kernel runs.
//
// If the batch dimension is not the first dimension of each argument, libtorch's batching rules read its size from the
// wrong argument: the result has a wrong shape, or the gradients are silently wrong. Therefore the batch dimension is
// moved to the front.
//
// libtorch's gradient writes out of bounds at a grid of NaN with the padding modes border and reflection, and at an
// infinite one with reflection: the process ends with a segmentation fault (pytorch/pytorch#24823). Such coordinates
// are replaced first.
#include <ATen/ATen.h>
#include <ATen/functorch/BatchedTensorImpl.h>
#include <ATen/functorch/DynamicLayer.h>
#include <ATen/functorch/PlumbingHelper.h>
#include <ATen/native/GridSamplerUtils.h>
#include <torch/library.h>

#include <array>
#include <cmath>
#include <vector>

#include "kernels/corrections.h"
#include "kernels/kernel_override.h"

namespace torch_func {

namespace {

using at::Tensor;

enum Interpolation : int64_t { bilinear = 0, nearest = 1, bicubic = 2 };
enum Padding : int64_t { zeros = 0, border = 1, reflection = 2 };

// One dimension of the image: converts coordinates of the grid to positions in pixels.
struct Axis {
  int64_t size;
  int64_t padding;
  bool alignCorners;

  // -1 and 1 are the centres of the outermost pixels if alignCorners is set, and their outer edges otherwise.
  Tensor position(const Tensor& coordinate) const {
    const auto n = static_cast<double>(size);
    return alignCorners ? (coordinate + 1) * ((n - 1) / 2) : ((coordinate + 1) * n - 1) / 2;
  }

  // At the border the derivative is 0, as it is outside.
  Tensor clip(const Tensor& position) const {
    const auto last = static_cast<double>(size - 1);
    return position.masked_fill(position <= 0, 0).masked_fill(position >= last, last);
  }

  Tensor reflect(const Tensor& position) const {
    const double low = alignCorners ? 0 : -0.5;
    const double span = static_cast<double>(alignCorners ? size - 1 : size);
    if (span == 0) return at::zeros_like(position);
    const Tensor distance = (position - low).abs();
    const Tensor flips = (distance / span).floor();
    const Tensor rest = distance - flips * span;
    return at::where(flips.remainder(2) == 0, rest, span - rest) + low;
  }

  Tensor padded(const Tensor& position) const {
    switch (padding) {
      case border: return clip(position);
      case reflection: return clip(reflect(position));
      default: return position;
    }
  }
};

// The pixels around a position in one dimension: their interpolation weights and their indices.
struct Neighbours {
  std::vector<Tensor> weights;
  std::vector<Tensor> pixels;
};

// Keys' cubic convolution kernel with a = -0.75, at distances x <= 1 (near) and 1 < x <= 2 (far).
Tensor cubicNear(const Tensor& x) { return ((x * 1.25 - 2.25) * x) * x + 1; }
Tensor cubicFar(const Tensor& x) { return ((x * -0.75 + 3.75) * x - 6) * x + 3; }

Neighbours neighboursOf(const Axis& axis, const Tensor& coordinate, int64_t interpolation) {
  if (interpolation == bicubic) {
    // Padding applies to each pixel, not to the position.
    const Tensor position = axis.position(coordinate);
    const Tensor start = position.floor();
    const Tensor t = position - start;
    return {{cubicFar(t + 1), cubicNear(t), cubicNear(1 - t), cubicFar(2 - t)},
            {axis.padded(start - 1), axis.padded(start), axis.padded(start + 1), axis.padded(start + 2)}};
  }
  const Tensor position = axis.padded(axis.position(coordinate));
  if (interpolation == nearest) return {{at::ones_like(position)}, {position.round()}};
  const Tensor start = position.floor();
  const Tensor t = position - start;
  return {{1 - t, t}, {start, start + 1}};
}

// Samples an input of shape (N, C, spatial...) at a grid of shape (N, outSpatial..., rank): the sum over all
// combinations of neighbours in the spatial dimensions.
Tensor sample(const Tensor& input, const Tensor& grid, int64_t interpolation, int64_t padding, bool alignCorners) {
  const int64_t rank = input.dim() - 2;
  std::vector<Axis> axes;
  std::vector<Neighbours> neighbours;
  for (int64_t i = 0; i < rank; ++i) {
    axes.push_back({input.size(2 + i), padding, alignCorners});
    // The grid lists the coordinates from the last spatial dimension to the first.
    neighbours.push_back(neighboursOf(axes[i], grid.select(-1, rank - 1 - i), interpolation));
  }
  const Tensor flat = input.flatten(2);
  std::vector<int64_t> shape = {input.size(0), 1};
  for (int64_t i = 0; i < rank; ++i) shape.push_back(grid.size(1 + i));

  Tensor result;
  std::vector<size_t> choice(rank, 0);
  while (true) {
    Tensor weight;
    Tensor flatIndex;
    for (int64_t i = 0; i < rank; ++i) {
      const Tensor& pixel = neighbours[i].pixels[choice[i]];
      const auto size = static_cast<double>(axes[i].size);
      const Tensor isInside = at::logical_and(pixel >= 0, pixel < size);
      const Tensor inside = pixel.masked_fill(isInside.logical_not(), 0).to(at::kLong);
      const Tensor part = neighbours[i].weights[choice[i]].masked_fill(isInside.logical_not(), 0);
      weight = weight.defined() ? weight * part : part;
      flatIndex = flatIndex.defined() ? flatIndex * axes[i].size + inside : inside;
    }
    const Tensor index = flatIndex.reshape({input.size(0), 1, -1}).expand({-1, input.size(1), -1});
    std::vector<int64_t> values = shape;
    values[1] = input.size(1);
    const Tensor term = flat.gather(2, index).reshape(values) * weight.unsqueeze(1);
    result = result.defined() ? result + term : term;

    int64_t i = rank - 1;
    while (i >= 0 && ++choice[i] == neighbours[i].weights.size()) choice[i--] = 0;
    if (i < 0) return result;
  }
}

// libtorch's kernels sample the first pixel at NaN in two dimensions, and the last one in three, if the padding clips
// coordinates. This is the coordinate of that pixel. The gradient of the grid is 0 there.
// Infinite positions have no reflection: libtorch computes NaN.
Tensor withoutNaN(const Tensor& grid, int64_t padding) {
  // A finite coordinate is multiplied by the size, which is below 2^32.
  const Tensor isNaN = padding == reflection ? (grid * std::ldexp(1.0, 32)).isfinite().logical_not() : grid.isnan();
  return grid.masked_fill(isNaN, grid.size(-1) == 2 ? -1 : 1);
}

bool clipsCoordinates(int64_t interpolation, int64_t padding) { return interpolation != bicubic && padding != zeros; }

void checkModes(int64_t interpolation, int64_t padding) {
  TORCH_CHECK_VALUE(bilinear <= interpolation && interpolation <= bicubic,
                    "grid_sampler(): interpolation_mode must be 0 (bilinear), 1 (nearest) or 2 (bicubic), got ",
                    interpolation);
  TORCH_CHECK_VALUE(zeros <= padding && padding <= reflection,
                    "grid_sampler(): padding_mode must be 0 (zeros), 1 (border) or 2 (reflection), got ", padding);
}

// (input, grid, interpolation_mode, padding_mode, align_corners)
template <int64_t rank>
void gridSampler(KernelCall& call) {
  const Recording recording = call.recording();
  const Tensor input = call.tensor(0);
  const Tensor grid = call.tensor(1);
  const int64_t interpolation = call.argument(2).toInt();
  const int64_t padding = call.argument(3).toInt();
  checkModes(interpolation, padding);
  if (!recording.tangent && !recording.isDifferentiatedAgain()) {
    call.callOriginal();
    return;
  }
  at::native::check_grid_sampler_common(input, grid);
  if (rank == 2) at::native::check_grid_sampler_2d(input, grid);
  if (rank == 3) at::native::check_grid_sampler_3d(input, grid, interpolation);
  TORCH_CHECK(input.scalar_type() == grid.scalar_type(), "expected scalar type ", input.scalar_type(), " but found ",
              grid.scalar_type());
  const bool clips = clipsCoordinates(interpolation, padding);
  Tensor result =
      sample(input, clips ? withoutNaN(grid, padding) : grid, interpolation, padding, call.argument(4).toBool());
  if (!clips && interpolation != nearest && rank == 2) {
    result = result.masked_fill(grid.isnan().any(-1).unsqueeze(1), std::nan(""));
  }
  call.setOutputs(result);
}

// (grad_output, input, grid, interpolation_mode, padding_mode, align_corners, output_mask). The kernel writes out of
// bounds at NaN.
void gridSamplerBackward(KernelCall& call) {
  const int64_t padding = call.argument(4).toInt();
  if (clipsCoordinates(call.argument(3).toInt(), padding)) call.argument(2) = withoutNaN(call.tensor(2), padding);
  call.callOriginal();
}

void moveBatchesFirst(KernelCall& call) {
  namespace functorch = at::functorch;
  const int64_t level = functorch::maybeCurrentDynamicLayer()->layerId();
  for (size_t i = 0; i < call.arguments().size(); ++i) {
    if (!call.argument(i).isTensor()) continue;
    const auto [value, dim] = functorch::unwrapTensorAtLevel(call.tensor(i), level);
    if (!dim.has_value() || *dim == 0) continue;
    c10::impl::ExcludeDispatchKeyGuard guard(c10::DispatchKey::FuncTorchBatched);
    call.argument(i) = functorch::makeBatched(value.movedim(*dim, 0), 0, level);
  }
  call.callOriginal();
}

}  // namespace

void registerGridSampling() {
  // A registration lasts as long as its Library object.
  static torch::Library autograd(torch::Library::IMPL, "aten", c10::DispatchKey::Autograd, __FILE__, __LINE__);
  static torch::Library vmap(torch::Library::IMPL, "aten", c10::DispatchKey::FuncTorchBatched, __FILE__, __LINE__);
  static torch::Library cpu(torch::Library::IMPL, "aten", c10::DispatchKey::CPU, __FILE__, __LINE__);
  overrideAutogradKernel(autograd, "grid_sampler_2d", CallKernel::factory(&gridSampler<2>));
  overrideAutogradKernel(autograd, "grid_sampler_3d", CallKernel::factory(&gridSampler<3>));
  for (const char* name : {"grid_sampler_2d_backward", "grid_sampler_3d_backward"}) {
    overrideKernel(cpu, c10::DispatchKey::CPU, name, CallKernel::factory(&gridSamplerBackward));
  }
  for (const char* name : {"grid_sampler_2d", "grid_sampler_3d", "cudnn_grid_sampler", "grid_sampler_2d_backward",
                           "grid_sampler_3d_backward", "cudnn_grid_sampler_backward"}) {
    overrideKernel(vmap, c10::DispatchKey::FuncTorchBatched, name, CallKernel::factory(&moveBatchesFirst));
  }
}

}  // namespace torch_func
