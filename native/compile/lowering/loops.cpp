// Operators as loops over their elements, from which scalarizing unrolls them.

#include "compile/lowering/loops.h"

#include <string_view>
#include <unordered_map>

#include "compile/lowering/pointwise.h"

namespace torch_func::compile {

int64_t Loops::points(const Loop& loop) const {
  int64_t count = 1;
  for (size_t d = 0; d < loop.rank; ++d) count *= sizesOf(loop)[d];
  return count;
}

Access LoopWriter::access(const Region& region) {
  const auto strides = static_cast<uint32_t>(loops_.numbers.size());
  loops_.numbers.insert(loops_.numbers.end(), region.strides.begin(), region.strides.end());
  return {region.base, region.offset, strides};
}

Loop& LoopWriter::add(Loop::Kind kind, std::initializer_list<Region> results, c10::ArrayRef<Region> operands) {
  Loop loop;
  loop.node = index_;
  loop.kind = kind;
  loop.rank = static_cast<uint8_t>(results.begin()->rank());
  loop.results = static_cast<uint8_t>(results.size());
  loop.accesses = static_cast<uint8_t>(results.size() + operands.size());
  loop.sizes = static_cast<uint32_t>(loops_.numbers.size());
  const Sizes& sizes = results.begin()->sizes;
  loops_.numbers.insert(loops_.numbers.end(), sizes.begin(), sizes.end());
  loop.first = static_cast<uint32_t>(loops_.all.size());
  for (const Region& region : results) loops_.all.push_back(access(region));
  for (const Region& region : operands) loops_.all.push_back(access(region));
  loops_.loops.push_back(loop);
  return loops_.loops.back();
}

void LoopWriter::fill(const Region& to, double value) { add(Loop::Kind::Fill, {to}, {}).value = value; }

void LoopWriter::copy(const Region& to, const Region& from) { add(Loop::Kind::Copy, {to}, {from}); }

namespace {

using Rules = std::unordered_map<std::string_view, LoopRule>;

const Rules& rules() {
  static const Rules all = [] {
    Rules table;
    for (const auto& group : {creationRules(), movementRules(), reductionRules()}) {
      for (const NamedLoopRule& rule : group) table.emplace(rule.name, rule.rule);
    }
    return table;
  }();
  return all;
}

bool isSupported(const TensorType& type) {
  if (!isMachineDevice(type.device) || type.layout != c10::kStrided) return false;
  switch (type.dtype) {
    case c10::kFloat:
    case c10::kDouble:
    case c10::kBool:
    case c10::kInt:
    case c10::kLong: return true;
    default: return false;
  }
}

}  // namespace

bool LoopWriter::write(int32_t node, std::string& reason) {
  current = &graph.nodes[node];
  index_ = node;
  bool allViews = true;
  for (ValueId id : current->results) {
    if (id == kNoValue) continue;
    allViews &= graph.isView(id);
    if (!isSupported(graph.type(id))) {
      reason = current->name() + " has a result of another dtype, device or layout";
      return false;
    }
    if (graph.type(id).sizes.size() > 16) {
      reason = current->name() + " has more than 16 dimensions";
      return false;
    }
  }
  if (allViews) return true;
  for (const TensorArgument& given : current->tensors) {
    if (isSupported(graph.type(given.value))) continue;
    reason = current->name() + " has an operand of another dtype, device or layout";
    return false;
  }
  const auto& name = current->op.operator_name();
  std::string full = name.overload_name.empty() ? name.name : name.name + "." + name.overload_name;
  const auto rule = rules().find(full);
  if (rule != rules().end() && rule->second(*this, *current)) return true;
  if (current->results.size() == 1 && isPointwise(graph, *current)) {
    const Region to = result();
    c10::SmallVector<Region, 4> operands;
    for (const TensorArgument& given : current->tensors) operands.push_back(region(given.value).expand(to.sizes));
    add(Loop::Kind::Pointwise, {to}, operands);
    return true;
  }
  reason = "no rule for " + full;
  return false;
}

}  // namespace torch_func::compile
