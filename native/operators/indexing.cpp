// x[...] and x[...] = value, with Python's rules.

#include <ATen/EmptyTensor.h>
#include <ATen/TensorIndexing.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "addon/exports.h"
#include "core/arguments.h"
#include "core/call_arguments.h"
#include "core/errors.h"
#include "core/result_call.h"
#include "core/tensor_handle.h"
#include "functorch/wrappers.h"

namespace torch_func {

namespace {

namespace indexing = at::indexing;
using indexing::TensorIndex;
using Kind = Argument::Kind;

[[noreturn]] void throwIndexError(const std::string& message) { throw ArgumentError(ErrorClass::Index, message); }

[[noreturn]] void throwInvalidIndex(Environment& environment, const Argument& item) {
  std::string got = describe(environment, item);
  if (item.kind == Kind::Float && std::isfinite(item.number)) got += " " + std::to_string(item.number);
  if (item.kind == Kind::String)
    got += " " + inQuotes(item.text) + "; a string index is '...' or a slice such as ':', '1:3', '::2'";
  throwIndexError(
      "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got " + got +
      ")");
}

// --- slices -----------------------------------------------------------------------------------

// Python clamps the bounds of a slice to the range of an index.
int64_t clampBigInt(napi_env env, napi_value value) {
  int sign = 0;
  size_t words = 1;
  uint64_t word = 0;
  check(env, napi_get_value_bigint_words(env, value, &sign, &words, &word));
  return sign != 0 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
}

// Slice bounds within the range of SymInt; larger ones are past the end of any tensor.
c10::SymInt toBound(int64_t value) { return c10::SymInt(std::clamp(value, indexing::INDEX_MIN, indexing::INDEX_MAX)); }

std::optional<c10::SymInt> readBound(Environment& environment, napi_value slice, const char* name) {
  napi_value value;
  check(environment.env, napi_get_named_property(environment.env, slice, name, &value));
  Argument bound;
  readArgument(environment, value, bound);
  switch (bound.kind) {
    case Kind::Undefined:
    case Kind::Null: return std::nullopt;
    case Kind::Integer:
    case Kind::BigInt: return toBound(bound.integer);
    case Kind::HugeUint:
    case Kind::HugeInt: return toBound(clampBigInt(environment.env, value));
    case Kind::Tensor: {
      // Python's __index__: an integer tensor with one element stands for its value.
      const at::Tensor& tensor = operandOf(*bound.tensor, name);
      if (at::isIntegralType(tensor.scalar_type(), /*includeBool=*/false) && tensor.numel() == 1) {
        return toBound(tensor.item<int64_t>());
      }
      break;
    }
    default: break;
  }
  throwTypeError(std::string("slice indices must be integers or None or have an __index__ method (got ") +
                 describe(environment, bound) + " as '" + name + "')");
}

// A slice of slice() in lib/indexing.ts, recognised by its three fields.
bool isSlice(Environment& environment, const Argument& item) {
  if (item.kind != Kind::Other && item.kind != Kind::Options) return false;
  for (const char* name : {"start", "stop", "step"}) {
    bool has = false;
    check(environment.env, napi_has_named_property(environment.env, item.value, name, &has));
    if (!has) return false;
  }
  return true;
}

indexing::Slice readSlice(Environment& environment, napi_value object) {
  auto start = readBound(environment, object, "start");
  auto stop = readBound(environment, object, "stop");
  auto step = readBound(environment, object, "step");
  return indexing::Slice(std::move(start), std::move(stop), std::move(step));
}

// Parses the text of a slice in Python: '1:3', '::2', ':', '-1:'.
std::optional<indexing::Slice> parseSlice(std::string_view text) {
  std::optional<c10::SymInt> bounds[3];
  size_t count = 0;
  while (true) {
    if (count == 3) return std::nullopt;
    const size_t colon = text.find(':');
    std::string_view part = text.substr(0, colon);
    while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
    while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
    if (!part.empty()) {
      int64_t value = 0;
      const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
      if (end != part.data() + part.size() || error == std::errc::invalid_argument) return std::nullopt;
      if (error == std::errc::result_out_of_range)
        value = part.front() == '-' ? indexing::INDEX_MIN : indexing::INDEX_MAX;
      bounds[count] = toBound(value);
    }
    ++count;
    if (colon == std::string_view::npos) break;
    text.remove_prefix(colon + 1);
  }
  if (count < 2) return std::nullopt;
  return indexing::Slice(bounds[0], bounds[1], bounds[2]);
}

// --- lists ------------------------------------------------------------------------------------

// Converts a nested list to an index tensor: a mask if all elements are booleans, else int64.
class ListReader {
 public:
  ListReader(Environment& environment, const Argument& list) : environment_(environment) {
    for (const Argument* level = &list; level->kind == Kind::List; level = &level->items.front()) {
      shape_.push_back(static_cast<int64_t>(level->items.size()));
      if (level->items.empty()) break;
    }
    read(list, 0);
  }

  // Creates it without the dispatcher, so that inside a transform it is a plain tensor, as any constant.
  at::Tensor tensor(const at::Device& device) const {
    const bool mask = onlyBooleans_ && !values_.empty();
    at::Tensor result = at::detail::empty_cpu(shape_, mask ? at::kBool : at::kLong);
    if (mask) {
      std::transform(values_.begin(), values_.end(), static_cast<bool*>(result.mutable_data_ptr()),
                     [](int64_t value) { return value != 0; });
    } else {
      std::copy(values_.begin(), values_.end(), static_cast<int64_t*>(result.mutable_data_ptr()));
    }
    return device.is_cpu() ? result : result.to(device);
  }

 private:
  void read(const Argument& item, size_t depth) {
    if (depth < shape_.size()) {
      if (item.kind != Kind::List) throwRagged(depth, "a " + describe(environment_, item));
      if (static_cast<int64_t>(item.items.size()) != shape_[depth])
        throwRagged(depth, std::to_string(item.items.size()));
      for (const Argument& element : item.items) read(element, depth + 1);
      return;
    }
    switch (item.kind) {
      case Kind::Boolean: values_.push_back(item.boolean ? 1 : 0); return;
      case Kind::Integer:
      case Kind::BigInt: values_.push_back(item.integer); break;
      case Kind::HugeUint:
      case Kind::HugeInt: throwValueError("Overflow when unpacking long long");
      case Kind::List: throwRagged(depth, "an " + describe(environment_, item));
      case Kind::Tensor: {
        const at::Tensor& tensor = operandOf(*item.tensor, "indices");
        if (!at::isIntegralType(tensor.scalar_type(), /*includeBool=*/false) || tensor.numel() != 1) {
          throwTypeError("only integer tensors of a single element can be converted to an index");
        }
        values_.push_back(tensor.item<int64_t>());
        break;
      }
      default: throwInvalidIndex(environment_, item);
    }
    onlyBooleans_ = false;
  }

  [[noreturn]] void throwRagged(size_t depth, const std::string& got) const {
    if (depth >= shape_.size()) {
      throwValueError("expected a number at dim " + std::to_string(depth) + " of an index list (got " + got + ")");
    }
    throwValueError("expected sequence of length " + std::to_string(shape_[depth]) + " at dim " +
                    std::to_string(depth) + " (got " + got + ")");
  }

  Environment& environment_;
  std::vector<int64_t> shape_;
  std::vector<int64_t> values_;
  bool onlyBooleans_ = true;
};

// x[[a, b]] means x[a, b] if an element cannot be part of a list of numbers: a former rule of NumPy that PyTorch keeps.
bool standsForSeveralIndices(Environment& environment, const Argument& list) {
  if (list.items.size() >= 32) return false;
  return std::any_of(list.items.begin(), list.items.end(), [&](const Argument& item) {
    return item.kind == Kind::Tensor || item.kind == Kind::List || item.kind == Kind::Null ||
           item.kind == Kind::String || isSlice(environment, item);
  });
}

// --- all kinds of index -----------------------------------------------------------------------

// libtorch reads a 0-d integer tensor as a number unless it is batched, but does not look for the batch inside a
// gradient wrapper. Integers have no gradient, so the wrapper is removed.
const at::Tensor& batchedOrSame(const at::Tensor& tensor) {
  const at::Tensor& value = unwrapWhile(tensor, valueOfGradWrapper);
  return at::functorch::isBatchedTensor(value) && !tensor.is_floating_point() ? value : tensor;
}

TensorIndex toIndex(Environment& environment, const Argument& item, const at::Tensor& self) {
  switch (item.kind) {
    case Kind::Integer:
    case Kind::BigInt: return TensorIndex(item.integer);
    case Kind::HugeUint:
    case Kind::HugeInt: throwValueError("Overflow when unpacking long long");
    case Kind::Boolean: return TensorIndex(item.boolean);
    case Kind::Null: return TensorIndex(std::nullopt);
    case Kind::Tensor: return TensorIndex(batchedOrSame(operandOf(*item.tensor, "indices")));
    case Kind::List: return TensorIndex(ListReader(environment, item).tensor(self.device()));
    case Kind::String:
      if (item.text == "...") return TensorIndex(indexing::Ellipsis);
      if (auto slice = parseSlice(item.text)) return TensorIndex(*slice);
      throwInvalidIndex(environment, item);
    default:
      if (isSlice(environment, item)) return TensorIndex(readSlice(environment, item.value));
      throwInvalidIndex(environment, item);
  }
}

using Indices = c10::SmallVector<TensorIndex, 4>;

Indices toIndices(Environment& environment, c10::ArrayRef<Argument> items, const at::Tensor& self) {
  if (items.size() == 1 && items[0].kind == Kind::List && standsForSeveralIndices(environment, items[0])) {
    items = items[0].items;
  }
  Indices indices;
  for (const Argument& item : items) indices.push_back(toIndex(environment, item, self));
  return indices;
}

// Whether `x[position]` is a select without an error. What is left, libtorch handles or refuses.
bool selects(int64_t position, const at::Tensor& self) {
  if (self.dim() == 0) return false;
  const int64_t size = self.size(0);
  return -size <= position && position < size;
}

// index(result, ...indices), called on the tensor: x[indices]
napi_value index(const ResultCall& call) {
  Environment& environment = call.environment;
  if (call.self() == nullptr)
    throwTypeError("index(): must be called on a Tensor, not on " + describe(environment, call.thisValue));
  const at::Tensor self = operandOf(*call.self(), "input");  // a copy: a getter among the indices may dispose of it
  c10::SmallVector<Argument, 4> items(call.values.size());
  for (size_t i = 0; i < items.size(); ++i) call.read(i, items[i]);
  if (items.size() == 1 && items[0].kind == Kind::Integer && selects(items[0].integer, self)) {
    return wrapTensor(environment, at::select(self, 0, items[0].integer));
  }
  return wrapTensor(environment, indexing::get_item(self, toIndices(environment, items, self)));
}

// The value to assign. A number becomes a tensor of the target's dtype, as in Python.
at::Tensor toValue(Environment& environment, napi_value value, const at::Tensor& self) {
  Argument argument;
  readArgument(environment, value, argument);
  switch (argument.kind) {
    case Kind::Tensor: return operandOf(*argument.tensor, "value");
    case Kind::HugeUint:
    case Kind::HugeInt: throwValueError("Overflow when unpacking long long");
    case Kind::Boolean:
    case Kind::Integer:
    case Kind::BigInt:
    case Kind::Float:
    case Kind::Complex: {
      // For a tensor on a GPU the number stays on the CPU: filling from it needs no copy to the device.
      const at::Device device = self.device().is_cuda() ? at::Device(at::kCPU) : self.device();
      const bool keepSign = self.is_floating_point() || self.is_complex();
      const at::Tensor number = indexing::scalarToTensor(toScalar(argument, keepSign), self.options(), device);
      return device.is_cpu() ? at::lift_fresh(number) : number;
    }
    default:
      throwTypeError("indexPut_(): argument 'value' must be Tensor or Number: can't assign a " +
                     describe(environment, argument) + " to a torch." + (self.device().is_cuda() ? "cuda." : "") +
                     c10::toString(self.scalar_type()) + "Tensor");
  }
}

// x[indices] += value. An element that is indexed twice is added to twice.
void accumulate(at::Tensor self, c10::ArrayRef<TensorIndex> indices, const at::Tensor& value) {
  std::vector<at::Tensor> tensorIndices;
  at::Tensor target = indexing::impl::applySlicing(self, indices, tensorIndices, /*disable_slice_optimization=*/false,
                                                   self.device(), self.sym_sizes());
  const at::Tensor trimmed = value.view_symint(indexing::slicePrefix1sSize(value.sym_sizes()));
  if (tensorIndices.empty()) {
    target.add_(trimmed);
  } else {
    target.index_put_(indexing::impl::typeConvertIndices(target, std::move(tensorIndices)), trimmed,
                      /*accumulate=*/true);
  }
}

Indices readIndices(Environment& environment, napi_value value, const at::Tensor& self) {
  Argument list;
  readArgument(environment, value, list);
  if (list.kind != Kind::List) {
    throwTypeError("indexPut_(): argument 'indices' must be an array of indices, not " + describe(environment, list));
  }
  return toIndices(environment, list.items, self);
}

// indexPut_(tensor, indices, value, accumulate): x[indices] = value, or +=
Napi::Value indexPut(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  const at::Tensor self =
      toOperand(environment, info[0], "input");  // a copy: a getter among the indices may dispose of it
  const auto indices = readIndices(environment, info[1], self);
  const at::Tensor value = toValue(environment, info[2], self);
  if (info[3].ToBoolean()) {
    accumulate(self, indices, value);
  } else {
    indexing::set_item(self, indices, value);
  }
  return info[0];
}

}  // namespace

void defineIndexing(Napi::Object exports) {
  define<index>(exports, "index");
  define<indexPut>(exports, "indexPut_");
}

}  // namespace torch_func
