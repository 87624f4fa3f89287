// The table of libtorch messages and the advice that follows each.

#include "core/remedies.h"

#include <string_view>

namespace torch_func {

namespace {

struct Remedy {
  std::string_view message;  // a part of libtorch's message
  std::string_view text;
};

constexpr std::string_view kReadLater =
    "Inside vmap a tensor stands for all samples at once. Continue with the tensor (most functions that take a number "
    "also "
    "take a 0-d tensor, and torch.stack joins several), or return it and read its value after vmap. A value that is "
    "the "
    "same for all samples can be read before vmap and captured.";

constexpr std::string_view kSameShape =
    "The shape of the result would differ between samples. Keep the shape and mask instead: torch.where(mask, x, 0), "
    "x.mul(mask), x.maskedFill(mask, value); or call the operator outside vmap.";

constexpr Remedy kRemedies[] = {
    {"calling .item() on a Tensor", kReadLater},
    {"use a Tensor in some data-dependent control flow",
     "Inside vmap a condition has a value for each sample. Compute both branches and select with "
     "torch.where(condition, a, b); a condition that is the same for all samples can be read before vmap and "
     "captured."},
    {"batching operators that can output dynamic shape", kSameShape},
    {"batching operators that can support dynamic shape", kSameShape},
    {"Attempted to vmap over `mask` in torch.masked_select", kSameShape},
    {"vmap over torch.allclose isn't supported yet",
     "Use a.sub(b).abs().le(tolerance).all(), whose result is a tensor."},
    {"Batching rule not implemented for aten::equal. ", "Use a.eq(b).all(), whose result is a tensor."},
    {"Batching rule not implemented for aten::narrow.Tensor",
     "Take the elements by their positions: x.index(start.add(torch.arange(length)))."},
    {"hit the vmap fallback which is currently disabled",
     "torch.func.setBatchingFallback('error') has disabled it; with 'warn' the operator runs sample by sample, "
     "slowly."},
};

}  // namespace

std::string remedyFor(const std::string& message) {
  for (const Remedy& remedy : kRemedies) {
    if (message.find(remedy.message) != std::string::npos) return "\n" + std::string(remedy.text);
  }
  return "";
}

std::string valuesOfBatchedTensor() {
  return "Cannot access data pointer of Tensor that doesn't have storage\n" + std::string(kReadLater) +
         " torch.func.debugUnwrap(x) shows all samples while debugging.";
}

}  // namespace torch_func
