// Matrix products as steps: operands without copies, outer products as multiplications.

#include "compile/lowering/matmul.h"

#include <utility>

#include "compile/passes/rewriter.h"

namespace torch_func::compile {

namespace {

bool isNumber(const c10::IValue& value, double number) {
  return value.isScalar() && !value.isComplexDouble() && value.toScalar().toDouble() == number;
}

// The outermost and the middle dimension of an array as one.
bool canMerge(int64_t outer, int64_t outerStride, int64_t inner, int64_t innerStride) {
  return outer == 1 || inner == 1 || outerStride == inner * innerStride;
}

struct Array {
  Sizes sizes, strides;
};

// As an array of matrices.
Array matricesOf(const TensorType& type, bool isColumn) {
  Array array{type.sizes, type.strides};
  if (array.sizes.size() == 1) {
    array.sizes.insert(isColumn ? array.sizes.end() : array.sizes.begin(), 1);
    array.strides.insert(isColumn ? array.strides.end() : array.strides.begin(), 1);
  }
  if (array.sizes.size() == 2) {
    array.sizes.insert(array.sizes.begin(), 1);
    array.strides.insert(array.strides.begin(), 0);
  }
  return array;
}

}  // namespace

std::optional<NodeProduct> productOf(const Graph& graph, const Node& node) {
  const bool isVector = node.is("aten::mv");
  if (!isVector && !node.is("aten::mm") && !node.is("aten::bmm")) return std::nullopt;
  NodeProduct found;
  found.a = node.tensor(0);
  found.b = node.tensor(1);
  found.c = node.results.front();
  found.name = node.name();
  const TensorType& type = graph.type(found.c);
  if (graph.isView(found.c) || (type.dtype != c10::kFloat && type.dtype != c10::kDouble)) return std::nullopt;
  for (ValueId id : {found.a, found.b}) {
    if (graph.type(id).dtype != type.dtype || graph.type(id).layout != c10::kStrided) return std::nullopt;
  }
  const Array a = matricesOf(graph.type(found.a), false);
  const Array b = matricesOf(graph.type(found.b), isVector);
  const Array c = matricesOf(type, isVector);
  ProductBatch& batch = found.batch;
  batch.batches = c.sizes[0];
  batch.aBatch = a.strides[0];
  batch.bBatch = b.strides[0];
  batch.cBatch = c.strides[0];
  batch.product = {c.sizes[1],   c.sizes[2],   a.sizes[2],   a.strides[1], a.strides[2],
                   b.strides[1], b.strides[2], c.strides[1], c.strides[2]};
  MatrixProduct& p = batch.product;
  // The same right operand for all: one product with all rows.
  if (batch.batches > 1 && (b.strides[0] == 0) && canMerge(batch.batches, batch.aBatch, p.m, p.aRow) &&
      canMerge(batch.batches, batch.cBatch, p.m, p.cRow)) {
    if (p.m == 1) p.aRow = batch.aBatch, p.cRow = batch.cBatch;
    p.m *= batch.batches;
    batch.batches = 1;
  }
  if (batch.batches == 0 || !p.isPossible()) return std::nullopt;
  return found;
}

void expandProducts(Graph& graph) {
  Rewriter rewriter(graph);
  const auto isReal = [&](ValueId id) {
    const auto dtype = graph.type(id).dtype;
    return dtype == c10::kFloat || dtype == c10::kDouble;
  };
  const auto add = [&](ValueId product, ValueId added, ValueId result) {
    const ValueId sum = graph.call("aten::add", "Tensor", {product, added, c10::IValue(1)});
    rewriter.replace(result, sum);
  };
  for (Node& node : std::exchange(rewriter.nodes, {})) {
    const ValueId result = node.results.empty() ? kNoValue : node.results.front();
    const bool isAddition = node.is("aten::addmm") || node.is("aten::addmv") || node.is("aten::baddbmm");
    if (isAddition && isReal(result) && isNumber(node.arguments[3], 1) && isNumber(node.arguments[4], 1)) {
      const ValueId added = rewriter[node.tensor(0)], a = rewriter[node.tensor(1)], b = rewriter[node.tensor(2)];
      const char* name = node.is("aten::addmm") ? "aten::mm" : node.is("aten::addmv") ? "aten::mv" : "aten::bmm";
      if (graph.type(added).dtype == graph.type(result).dtype) {
        add(graph.call(name, "", {a, b}), added, result);
        continue;
      }
    }
    if ((node.is("aten::bmm") || node.is("aten::mm")) && isReal(result)) {
      const ValueId a = rewriter[node.tensor(0)], b = rewriter[node.tensor(1)];
      if (graph.type(a).sizes.back() == 1 && graph.type(a).dtype == graph.type(b).dtype) {
        rewriter.replace(result, graph.call("aten::mul", "Tensor", {a, b}));
        continue;
      }
    }
    rewriter.keep(std::move(node));
  }
  rewriter.finish();
}

}  // namespace torch_func::compile
