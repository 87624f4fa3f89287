// Finds the dimension that becomes the lanes: see Note [Scalarizing].

#include "compile/lowering/lanes.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "compile/machine/program.h"

namespace torch_func::compile {

namespace {

// Measured, in nanoseconds: an operation costs its dispatch per block, and its arithmetic per point.
constexpr double kPerBlock = 1.5, kPerPoint = 0.03;
// Candidates that are tried for a number of lanes, and numbers of lanes.
constexpr int kMostSeeds = 4, kMostCandidates = 6;

bool hasOffset(const LaneLayout& layout, int64_t offset, int64_t low, int64_t high) {
  const int64_t outer = offset / layout.step, inner = offset % layout.step;
  return outer >= 0 && inner + low >= 0 && inner + high < layout.stride;
}

// Finds the place of the lanes in an access. False if it reads other lanes than its own, or only one.
bool locate(const LaneLayout& layout, int64_t lanes, int64_t offset, const int64_t* sizes, const int64_t* strides,
            size_t rank, LanePlace& place) {
  if (offset < 0) return false;
  int64_t low = 0, high = 0;
  place.dimension = -1;
  for (size_t d = 0; d < rank; ++d) {
    if (sizes[d] == 0) return true;
    if (sizes[d] == 1 || strides[d] == 0) continue;
    int64_t within = strides[d] % layout.step;  // has the sign of the stride
    if (place.dimension < 0 && strides[d] > 0 && strides[d] <= layout.stride && layout.stride % strides[d] == 0) {
      const int64_t inner = layout.stride / strides[d], size = lanes * inner;
      if (sizes[d] % size == 0) {
        if (sizes[d] > size && layout.step != lanes * layout.stride) return false;
        place = {static_cast<int32_t>(d), inner};
        high += (inner - 1) * strides[d];
        continue;
      }
    }
    (within < 0 ? low : high) += within * (sizes[d] - 1);
  }
  return place.dimension >= 0 && hasOffset(layout, offset, low, high);
}

class LaneFinder {
 public:
  LaneFinder(const Graph& graph, const Loops& loops, c10::ArrayRef<ValueId> outputs);
  LaneAssignment find();

 private:
  bool tryLanes(int64_t lanes, LaneAssignment& best);
  void reset();
  bool assign(ValueId base, int64_t stride);
  bool propagate();
  bool relate(const Loop& loop);
  bool tryAssign(ValueId base, int64_t stride);
  bool finish();
  bool layOut(ValueId base, int64_t stride, LaneLayout& layout) const;
  int64_t count() const;

  const Graph& graph_;
  const Loops& loops_;
  std::vector<ValueId> bases_;   // in the order of their first use, those that no loop computes first
  size_t inputs_ = 0;            // how many of them
  std::vector<int64_t> span_;    // by value: addresses of the base
  std::vector<uint32_t> users_;  // loops, by base
  std::vector<uint32_t> firstUser_;
  LaneAssignment now_;
  std::vector<ValueId> trail_;  // what was assigned, to undo it
  std::vector<uint32_t> queue_;
  std::vector<bool> queued_;
};

LaneFinder::LaneFinder(const Graph& graph, const Loops& loops, c10::ArrayRef<ValueId> outputs)
    : graph_(graph), loops_(loops) {
  std::vector<uint32_t> uses(graph.values.size() + 1);
  std::vector<bool> computed(graph.values.size());
  for (const Loop& loop : loops.loops) {
    for (size_t i = 0; i < loop.accesses; ++i) {
      const ValueId base = loops.access(loop, i).base;
      if (i < loop.results) computed[base] = true;
      ++uses[base + 1];
    }
  }
  span_.resize(graph.values.size());
  const auto add = [&](ValueId base) {
    const TensorType& type = graph.type(base);
    int64_t span = 1;
    for (size_t d = 0; d < type.sizes.size(); ++d) {
      span = type.sizes[d] == 0 ? 0 : span + (type.sizes[d] - 1) * type.strides[d];
      if (span == 0) break;
    }
    span_[base] = span;
    bases_.push_back(base);
  };
  const auto isNew = [&](ValueId base) { return uses[base + 1] > 0; };
  std::vector<bool> seen(graph.values.size());
  for (bool wanted : {false, true}) {
    for (const Access& access : loops.all) {
      if (seen[access.base] || computed[access.base] != wanted || !isNew(access.base)) continue;
      seen[access.base] = true;
      add(access.base);
    }
    if (!wanted) inputs_ = bases_.size();
  }
  // Outputs give candidates too: they come before what is computed on the way.
  size_t next = inputs_;
  for (ValueId output : outputs) {
    const auto found = std::find(bases_.begin() + static_cast<int64_t>(next), bases_.end(), graph.values[output].base);
    if (found == bases_.end()) continue;
    std::iter_swap(bases_.begin() + static_cast<int64_t>(next++), found);
  }
  std::partial_sum(uses.begin(), uses.end(), uses.begin());
  firstUser_ = uses;
  users_.resize(loops.all.size());
  for (uint32_t i = 0; i < loops.loops.size(); ++i) {
    const Loop& loop = loops.loops[i];
    for (size_t k = 0; k < loop.accesses; ++k) users_[uses[loops.access(loop, k).base]++] = i;
  }
  queued_.resize(loops.loops.size());
  now_.layouts.resize(graph.values.size());
}

bool LaneFinder::layOut(ValueId base, int64_t stride, LaneLayout& layout) const {
  const TensorType& type = graph_.type(base);
  layout.stride = stride;
  if (stride == LaneLayout::kUniform) {
    layout.count = span_[base];
    return true;
  }
  const int64_t block = now_.lanes * stride;
  int64_t step = 0;
  for (size_t d = 0; d < type.sizes.size(); ++d) {
    if (type.sizes[d] > 1 && type.strides[d] >= block) step = std::gcd(step, type.strides[d]);
    // A dimension that holds more than the lanes steps over whole blocks.
    if (type.sizes[d] > 1 && type.strides[d] < block && type.strides[d] * type.sizes[d] > block) {
      step = std::gcd(step, block);
    }
  }
  layout.step = step == 0 ? block : step;
  if (layout.step < block) return false;
  layout.count = (std::max<int64_t>(span_[base], 1) - 1) / layout.step * stride + stride;
  return true;
}

bool LaneFinder::assign(ValueId base, int64_t stride) {
  LaneLayout& layout = now_.layouts[base];
  if (layout.stride != LaneLayout::kUnknown) return layout.stride == stride;
  LaneLayout made;
  if (!layOut(base, stride, made)) return false;
  layout = made;
  trail_.push_back(base);
  for (uint32_t i = firstUser_[base]; i < firstUser_[base + 1]; ++i) {
    if (queued_[users_[i]]) continue;
    queued_[users_[i]] = true;
    queue_.push_back(users_[i]);
  }
  return true;
}

bool LaneFinder::relate(const Loop& loop) {
  const int64_t* sizes = loops_.sizesOf(loop);
  LanePlace place;
  bool isUniform = false;
  for (size_t i = 0; i < loop.accesses; ++i) {
    const Access& access = loops_.access(loop, i);
    const LaneLayout& layout = now_.layouts[access.base];
    if (i < loop.results && layout.stride == LaneLayout::kUniform) isUniform = true;
    if (!layout.hasLanes()) continue;
    LanePlace found;
    if (!locate(layout, now_.lanes, access.offset, sizes, loops_.stridesOf(access), loop.rank, found)) return false;
    if (found.dimension < 0) return true;  // no elements
    if (place.dimension >= 0 && !(found == place)) return false;
    place = found;
  }
  if (place.dimension < 0) {
    if (!isUniform) return true;
    for (size_t i = loop.results; i < loop.accesses; ++i) {
      if (!assign(loops_.access(loop, i).base, LaneLayout::kUniform)) return false;
    }
    return true;
  }
  if ((loop.ordered >> place.dimension & 1U) != 0 || sizes[place.dimension] % (now_.lanes * place.inner) != 0) {
    return false;
  }
  for (size_t i = 0; i < loop.accesses; ++i) {
    const Access& access = loops_.access(loop, i);
    const LaneLayout& layout = now_.layouts[access.base];
    if (layout.hasLanes()) continue;
    const int64_t stride = loops_.stridesOf(access)[place.dimension];
    if (stride == 0 && i < loop.results) return false;
    if (layout.stride == LaneLayout::kUniform) {
      if (stride != 0) return false;
    } else if (stride < 0 || !assign(access.base, stride * place.inner)) {
      return false;
    }
  }
  return true;
}

bool LaneFinder::propagate() {
  bool fits = true;
  for (size_t next = 0; next < queue_.size(); ++next) {
    queued_[queue_[next]] = false;
    if (fits && !relate(loops_.loops[queue_[next]])) fits = false;
  }
  queue_.clear();
  return fits;
}

// Assigns a layout and all that follow from it, or nothing.
bool LaneFinder::tryAssign(ValueId base, int64_t stride) {
  const size_t before = trail_.size();
  const bool fits = assign(base, stride);
  if (propagate() && fits) return true;
  for (size_t i = before; i < trail_.size(); ++i) now_.layouts[trail_[i]] = {};
  trail_.resize(before);
  return false;
}

void LaneFinder::reset() {
  for (ValueId base : trail_) now_.layouts[base] = {};
  trail_.clear();
}

// Whatever does not hang together with the first array.
bool LaneFinder::finish() {
  for (ValueId base : bases_) {
    if (now_.layouts[base].stride != LaneLayout::kUnknown) continue;
    const TensorType& type = graph_.type(base);
    bool isDone = false;
    for (size_t d = 0; d < type.sizes.size() && !isDone; ++d) {
      if (type.sizes[d] == now_.lanes && type.strides[d] > 0) isDone = tryAssign(base, type.strides[d]);
    }
    if (!isDone && !tryAssign(base, LaneLayout::kUniform)) return false;
  }
  return true;
}

int64_t LaneFinder::count() const {
  int64_t count = 0;
  for (const Loop& loop : loops_.loops) {
    const bool hasLanes = now_.layouts[loops_.access(loop, 0).base].hasLanes();
    count += loops_.points(loop) / (hasLanes ? now_.lanes : 1);
  }
  return count;
}

bool LaneFinder::tryLanes(int64_t lanes, LaneAssignment& best) {
  now_.lanes = lanes;
  int seeds = 0;
  bool found = false;
  for (size_t i = 0; i < bases_.size() && seeds < kMostSeeds; ++i) {
    const ValueId base = bases_[i];
    const TensorType& type = graph_.type(base);
    for (size_t d = 0; d < type.sizes.size() && seeds < kMostSeeds; ++d) {
      if (type.sizes[d] != lanes || type.strides[d] <= 0) continue;
      ++seeds;
      reset();
      bool fits = true;
      for (ValueId other : bases_) {
        if (span_[other] < lanes) fits = fits && assign(other, LaneLayout::kUniform);
      }
      fits = propagate() && fits;
      if (!fits || !tryAssign(base, type.strides[d]) || !finish()) continue;
      found = true;
      now_.elements = count();
      if (now_.cost() < best.cost()) best = now_;
    }
    // Later arrays belong to other candidates, unless the first ones failed.
    if (found) break;
  }
  return found;
}

LaneAssignment LaneFinder::find() {
  now_.lanes = 1;
  LaneAssignment best;
  for (ValueId base : bases_) assign(base, LaneLayout::kUniform);
  for (uint32_t loop : queue_) queued_[loop] = false;
  queue_.clear();
  now_.elements = count();
  best = now_;
  std::vector<int64_t> candidates;
  for (ValueId base : bases_) {
    for (int64_t size : graph_.type(base).sizes) {
      if (size > 1 && std::find(candidates.begin(), candidates.end(), size) == candidates.end()) {
        candidates.push_back(size);
      }
    }
    if (candidates.size() > 64) break;
  }
  std::sort(candidates.rbegin(), candidates.rend());
  int tried = 0;
  for (int64_t lanes : candidates) {
    if (tryLanes(lanes, best) && ++tried == kMostCandidates) break;
  }
  return best;
}

}  // namespace

LanePlace LaneAssignment::place(const Loops& loops, const Loop& loop) const {
  for (size_t i = 0; i < loop.accesses; ++i) {
    const Access& access = loops.access(loop, i);
    if (!layouts[access.base].hasLanes()) continue;
    LanePlace place;
    locate(layouts[access.base], lanes, access.offset, loops.sizesOf(loop), loops.stridesOf(access), loop.rank, place);
    return place;
  }
  return {};
}

double LaneAssignment::cost() const {
  const auto blocks = static_cast<double>((lanes + kLanes - 1) / kLanes);
  return static_cast<double>(elements) * (blocks * kPerBlock + static_cast<double>(lanes) * kPerPoint);
}

LaneAssignment assignLanes(const Graph& graph, const Loops& loops, c10::ArrayRef<ValueId> outputs) {
  return LaneFinder(graph, loops, outputs).find();
}

}  // namespace torch_func::compile
