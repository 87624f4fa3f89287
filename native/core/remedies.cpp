// The table of libtorch messages and the advice that follows each.

#include "core/remedies.h"

#include <ATen/functorch/DynamicLayer.h>

#include <algorithm>
#include <cctype>
#include <string_view>
#include <utility>

#include "core/arguments.h"

namespace torch_func {

namespace {

enum class Where { Anywhere, InVmap };

struct Remedy {
  std::string_view message;  // a part of libtorch's message
  std::string_view text;
  Where where = Where::Anywhere;  // outside of vmap the message has other causes
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

constexpr std::string_view kMappedIntoUnmapped =
    "A tensor that is made inside the mapped function is the same for all samples, and a mapped value cannot be "
    "written "
    "into it. Make it from a mapped tensor, for example x.newZeros(3), or build the result from its parts with "
    "torch.stack, torch.cat or torch.where.";

constexpr Remedy kRemedies[] = {
    {"doesn't match the broadcast shape", kMappedIntoUnmapped, Where::InVmap},
    {"(self, *extra_args) is not possible because there exists a Tensor `other`", kMappedIntoUnmapped},
    {"has been modified by an inplace operation",
     "Backward needs the value that the tensor had. Compute out of place, y.add(1) in place of y.add_(1), or write to "
     "a "
     "copy, y.clone()."},
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

bool isInVmap() {
  const auto& layers = at::functorch::getDynamicLayerStack();
  return std::any_of(layers.begin(), layers.end(),
                     [](const auto& layer) { return layer.key() == at::functorch::TransformType::Vmap; });
}

// `retain_graph` as `retainGraph`, from its first letter up to `end`.
void spell(std::string& text, size_t& end) {
  size_t start = end;
  while (start > 0 && (std::isalnum(static_cast<unsigned char>(text[start - 1])) || text[start - 1] == '_')) --start;
  const std::string name = camelCase(text.substr(start, end - start));
  text.replace(start, end - start, name);
  end = start + name.size();
}

}  // namespace

std::string inOurSpelling(std::string text) {
  constexpr std::string_view kAnomaly = "set_detect_anomaly(True, check_nan=False)";
  if (const size_t at = text.find(kAnomaly); at != std::string::npos) {
    text.replace(at, kAnomaly.size(), "setDetectAnomaly(true, { checkNan: false })");
  }
  constexpr std::pair<std::string_view, std::string_view> kValues[] = {
      {"=True", "=true"}, {"=False", "=false"}, {"=None", "=null"}};
  for (const auto& [python, ours] : kValues) {
    for (size_t at = text.find(python); at != std::string::npos; at = text.find(python, at)) {
      spell(text, at);
      text.replace(at, python.size(), ours);
    }
  }
  return text;
}

std::string remedyFor(const std::string& message) {
  for (const Remedy& remedy : kRemedies) {
    if (remedy.where == Where::InVmap && !isInVmap()) continue;
    if (message.find(remedy.message) != std::string::npos) return "\n" + std::string(remedy.text);
  }
  return "";
}

std::string valuesOfBatchedTensor() {
  return "Cannot access data pointer of Tensor that doesn't have storage\n" + std::string(kReadLater) +
         " torch.func.debugUnwrap(x) shows all samples while debugging.";
}

}  // namespace torch_func
