// See Note [Work].

#include "compile/graph/work.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace torch_func::compile {

namespace {

double elementsOf(const TensorType& type) {
  double elements = 1;
  for (size_t d = 0; d < type.sizes.size(); ++d) {
    if (type.strides[d] != 0 || type.sizes[d] == 0) elements *= static_cast<double>(type.sizes[d]);
  }
  return elements;
}

double bytesOf(const TensorType& type) { return elementsOf(type) * static_cast<double>(c10::elementSize(type.dtype)); }

std::optional<double> productFlops(const Graph& graph, const Node& node) {
  struct Product {
    const char* name;
    size_t left;  // the argument whose last dimension is summed over
  };
  static constexpr std::array<Product, 7> kProducts = {{{"aten::mm", 0},
                                                        {"aten::bmm", 0},
                                                        {"aten::mv", 0},
                                                        {"aten::dot", 0},
                                                        {"aten::addmm", 1},
                                                        {"aten::addmv", 1},
                                                        {"aten::baddbmm", 1}}};
  for (const Product& product : kProducts) {
    if (!node.is(product.name)) continue;
    const auto inner = static_cast<double>(graph.type(node.tensor(product.left)).sizes.back());
    return 2 * static_cast<double>(graph.type(node.results.front()).numel()) * inner;
  }
  return std::nullopt;
}

// convolution(input, weight, bias, stride, padding, dilation, transposed, output_padding, groups): each place of the
// result, or of the input if it is transposed, meets the whole weight once.
double convolutionFlops(const Graph& graph, const Node& node) {
  const TensorType& weight = graph.type(node.tensor(1));
  const TensorType& places = graph.type(node.arguments[6].toBool() ? node.tensor(0) : node.results.front());
  const auto spatial = std::accumulate(places.sizes.begin() + 2, places.sizes.end(), int64_t{1}, std::multiplies<>());
  return 2 * static_cast<double>(places.sizes[0] * spatial) * static_cast<double>(weight.numel());
}

std::optional<double> flopsOf(const Graph& graph, const Node& node) {
  if (node.results.empty() || node.results.front() == kNoValue) return std::nullopt;
  const TensorType& result = graph.type(node.results.front());
  if (!c10::isFloatingType(result.dtype)) return std::nullopt;
  if (node.is("aten::convolution")) return convolutionFlops(graph, node);
  if (node.is("aten::sum") || node.is("aten::sum.dim_IntList")) {
    return std::max<double>(0, static_cast<double>(graph.type(node.tensor(0)).numel() - result.numel()));
  }
  return productFlops(graph, node);
}

}  // namespace

Workload workOf(const Graph& graph, const Node& node) {
  Workload work;
  const bool returnsViews =
      !node.results.empty() && std::all_of(node.results.begin(), node.results.end(),
                                           [&](auto id) { return id == kNoValue || graph.isView(id); });
  if (returnsViews && !writesInPlace(node.op)) {
    work.flops = 0;
    return work;
  }
  work.flops = flopsOf(graph, node);
  std::vector<ValueId> known;
  for (const TensorArgument& given : node.tensors) {
    const auto* alias = node.op.schema().arguments()[given.argument].alias_info();
    if (alias != nullptr && alias->isWrite()) work.bytesWritten += bytesOf(graph.type(given.value));
    if (std::find(known.begin(), known.end(), given.value) != known.end()) continue;
    known.push_back(given.value);
    work.bytesRead += bytesOf(graph.type(given.value));
  }
  for (ValueId id : node.results) {
    const bool isNew = id != kNoValue && !graph.isView(id) && std::find(known.begin(), known.end(), id) == known.end();
    if (isNew) work.bytesWritten += bytesOf(graph.type(id));
  }
  return work;
}

std::vector<std::string> namesOf(const Graph& graph, c10::ArrayRef<int32_t> nodes) {
  std::vector<std::string> names;
  for (int32_t node : nodes) {
    std::string name = graph.nodes[node].name();
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
  }
  return names;
}

std::vector<std::string> namesOf(const Graph& graph) {
  std::vector<int32_t> all(graph.nodes.size());
  std::iota(all.begin(), all.end(), 0);
  return namesOf(graph, all);
}

}  // namespace torch_func::compile
