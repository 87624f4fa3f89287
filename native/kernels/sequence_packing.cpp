// Packing and padding of sequences under transforms and in forward mode.
//
// libtorch copies step by step into the memory of its result, which vmap refuses where only the sequences are mapped,
// and packing has no forward-mode rule (PyTorch 2.13). Here libtorch's kernels move the positions of the rows, which no
// transform maps, and the rows are selected by position.
#include <ATen/ATen.h>
#include <torch/library.h>

#include <vector>

#include "kernels/constants.h"
#include "kernels/fused_kernels.h"
#include "kernels/kernel_override.h"

namespace torch_func {

namespace {

using at::Tensor;

bool needsSelection(const KernelCall& call) { return call.recording().wrapped || call.recording().tangent; }

void checkNotMapped(const Tensor& plain, const char* name) {
  TORCH_CHECK(plain.dim() == 1, "vmap: the argument '", name,
              "' must be one-dimensional and cannot be mapped: the sizes of the results would differ between samples");
}

Tensor selectRows(const Tensor& rows, const Tensor& positions) {
  return rows.index_select(0, positions.flatten().to(rows.device()));
}

// (input, lengths, batch_first) -> (data, batch_sizes)
void pack(KernelCall& call) {
  if (!needsSelection(call)) {
    call.callOriginal();
    return;
  }
  const Tensor input = call.argument(2).toBool() ? call.tensor(0).transpose(0, 1) : call.tensor(0);
  TORCH_CHECK(input.dim() >= 2 && input.numel() > 0, "Cannot pack empty tensors.");
  const int64_t length = input.size(0);
  const int64_t count = input.size(1);
  const std::vector<Tensor> order = constantsOf(call.tensor(1), [&](const Tensor& lengths) -> std::vector<Tensor> {
    checkNotMapped(lengths, "lengths");
    const Tensor positions = at::arange(length * count, at::kLong).view({length, count});
    auto [packed, batchSizes] = at::_pack_padded_sequence(positions, lengths, /*batch_first=*/false);
    return {packed, batchSizes};
  });
  call.setOutputs(selectRows(input.flatten(0, 1), order[0]), order[1]);
}

// (data, batch_sizes, batch_first, padding_value, total_length) -> (sequences, lengths)
void pad(KernelCall& call) {
  if (!needsSelection(call)) {
    call.callOriginal();
    return;
  }
  const Tensor data = call.tensor(0);
  const bool isBatchFirst = call.argument(2).toBool();
  const std::vector<Tensor> order = constantsOf(call.tensor(1), [&](const Tensor& batchSizes) -> std::vector<Tensor> {
    checkNotMapped(batchSizes, "batch_sizes");
    // Position 0 is padding.
    const Tensor positions = at::arange(1, data.size(0) + 1, at::kLong);
    auto [padded, lengths] =
        at::_pad_packed_sequence(positions, batchSizes, isBatchFirst, /*padding_value=*/0, call.argument(4).toInt());
    return {padded, lengths};
  });
  const Tensor positions = order[0].to(data.device());
  std::vector<int64_t> shape = positions.sizes().vec();
  std::vector<int64_t> maskShape = shape;
  for (const int64_t size : data.sizes().slice(1)) {
    shape.push_back(size);
    maskShape.push_back(1);
  }
  const Tensor sequences = selectRows(data, (positions - 1).clamp_min(0)).view(shape);
  call.setOutputs(sequences.masked_fill((positions == 0).view(maskShape), call.argument(3).toScalar()), order[1]);
}

}  // namespace

void registerSequencePacking() {
  // A registration lasts as long as its Library object.
  static torch::Library autograd(torch::Library::IMPL, "aten", c10::DispatchKey::Autograd, __FILE__, __LINE__);
  static torch::Library composite(torch::Library::IMPL, "aten", c10::DispatchKey::CompositeImplicitAutograd, __FILE__,
                                  __LINE__);
  static torch::Library batched(torch::Library::IMPL, "aten", c10::DispatchKey::FuncTorchBatched, __FILE__, __LINE__);
  static torch::Library vmap(torch::Library::IMPL, "aten", c10::DispatchKey::FuncTorchBatchedDecomposition, __FILE__,
                             __LINE__);
  overrideAutogradKernel(autograd, "_pack_padded_sequence", CallKernel::factory(&pack));
  overrideKernel(batched, c10::DispatchKey::FuncTorchBatched, "_pack_padded_sequence", CallKernel::factory(&pack));
  overrideComposite(composite, vmap, "_pad_packed_sequence", CallKernel::factory(&pad));
}

}  // namespace torch_func
