// From the values of a Builder to a program: order, transfers, slots.

#include <algorithm>
#include <map>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "compile/machine/builder.h"
#include "compile/machine/kernels.h"
#include "compile/machine/point_order.h"
#include "compile/machine/walk.h"

namespace torch_func::compile {

namespace {

// Registers lie a little more than 2 or 4 KB apart, so that equal lanes do not compete for the same lines of the cache.
constexpr uint32_t kPadding = 64;

uint32_t registerBytes(Lane lane) { return kLanes * (lane == Lane::F32 ? 4 : 8) + kPadding; }

// Merges neighbouring dimensions that are walked like one.
void mergeDimensions(c10::ArrayRef<int64_t> space, const Dimensions& strides, Dimensions* sizes, Dimensions* merged) {
  for (size_t d = 0; d < space.size(); ++d) {
    if (space[d] == 1) continue;
    if (!sizes->empty() && merged->back() == strides[d] * space[d]) {
      sizes->back() *= space[d];
      merged->back() = strides[d];
    } else {
      sizes->push_back(space[d]);
      merged->push_back(strides[d]);
    }
  }
  if (sizes->empty()) {
    sizes->push_back(1);
    merged->push_back(1);
  }
}

// Time for one point, in nanoseconds, measured with AVX-512 and cached operands.
double costOf(Opcode opcode, Lane lane) {
  const double width = lane == Lane::F32 ? 1 : 2;
  if (opcode >= Opcode::Exp) return (opcode >= Opcode::Sinh ? 2 : 0.6) * width;
  if (opcode == Opcode::Div || opcode == Opcode::DivImmediate || opcode == Opcode::Sqrt) return 0.15 * width;
  return 0.03 * width;
}

}  // namespace

class Assembler {
 public:
  Assembler(const Builder& builder, c10::ArrayRef<int64_t> space, c10::ArrayRef<Builder::Store> stores)
      : values(builder.values),
        operands(builder.operands),
        loops(builder.loops),
        space(space.begin(), space.end()),
        stores(stores.vec()) {
    program.points = 1;
    for (int64_t size : space) program.points *= size;
  }

  Program assemble() {
    findNeeded();
    chooseOrder();
    describeLoads();
    describeStores();
    schedule();
    assignSlots();
    describeLoops();
    return std::move(program);
  }

 private:
  using Kind = Builder::Value::Kind;
  // What happens at one time: an instruction of a value, or a transfer of columns.
  struct Step {
    Id value;           // kNoId: a transfer
    uint32_t transfer;  // its index
  };

  bool isInstruction(Id id) const { return values[id].kind == Kind::Instruction; }

  template <typename F>
  void eachOperand(Id id, F&& f) const {
    const Builder::Value& value = values[id];
    if (value.kind != Kind::Instruction) return;
    if (value.a != kNoId) f(value.a);
    if (value.b != kNoId) f(value.b);
    if (value.c != kNoId) f(value.c);
  }

  void findNeeded() {
    needed.assign(values.size(), false);
    for (const Builder::Store& store : stores) needed[store.value] = true;
    for (auto id = static_cast<Id>(values.size()); id-- > 0;) {
      if (needed[id]) eachOperand(id, [&](Id operand) { needed[operand] = true; });
    }
  }

  void chooseOrder() {
    if (space.size() < 2) return;
    std::vector<Dimensions> accesses, others;
    for (size_t id = 0; id < values.size(); ++id) {
      if (needed[id] && values[id].kind == Kind::Load) accesses.push_back(operands[values[id].a].strides);
    }
    for (const Builder::Store& store : stores) accesses.push_back(store.operand.strides);
    for (const EagerLoop& loop : loops) others.push_back(loop.strides);
    const PointOrder order(space, accesses, others);
    for (Operand& operand : operands) operand.strides = order.stridesOf(operand.strides);
    for (Builder::Store& store : stores) store.operand.strides = order.stridesOf(store.operand.strides);
    for (EagerLoop& loop : loops) loop.strides = order.stridesOf(loop.strides);
    space = order.sizes();
  }

  Transfer describe(const Operand& operand) const {
    Transfer transfer;
    transfer.operand = operand;
    transfer.operand.strides.clear();
    mergeDimensions(space, operand.strides, &transfer.sizes, &transfer.operand.strides);
    return transfer;
  }

  static bool isContiguous(const Transfer& transfer) {
    return transfer.sizes.size() == 1 && transfer.operand.strides[0] == 1;
  }

  // Whether columns next to each other can be moved together.
  static bool isColumn(const Transfer& transfer) {
    return transfer.sizes.size() == 1 && transfer.operand.strides[0] > 1 &&
           isLaneType(transfer.operand.dtype, transfer.operand.lane);
  }

  using ColumnKey = std::tuple<int32_t, int, int64_t, int64_t>;  // buffer, dtype, stride, offset
  static ColumnKey columnKey(const Transfer& transfer) {
    const Operand& operand = transfer.operand;
    return {operand.buffer, static_cast<int>(operand.dtype), operand.strides[0], operand.offset};
  }

  // Joins transfers of neighbouring columns. `members` are the values, or stores, of each.
  template <typename Members>
  void addColumns(std::map<ColumnKey, std::pair<Transfer, Members>>& columns, std::vector<Members>& membersOfTransfer) {
    const ColumnKey* previous = nullptr;
    for (auto& [key, column] : columns) {
      const bool continues = previous != nullptr && std::get<0>(*previous) == std::get<0>(key) &&
                             std::get<1>(*previous) == std::get<1>(key) && std::get<2>(*previous) == std::get<2>(key) &&
                             std::get<3>(*previous) + 1 == std::get<3>(key) &&
                             membersOfTransfer.back().size() < kMaximumColumns &&
                             static_cast<int64_t>(membersOfTransfer.back().size()) < std::get<2>(key);
      if (continues) {
        membersOfTransfer.back().push_back(column.second[0]);
      } else {
        program.transfers.push_back(column.first);
        membersOfTransfer.push_back(column.second);
      }
      previous = &key;
    }
  }

  void describeLoads() {
    transferOf.assign(values.size(), -1);
    std::map<ColumnKey, std::pair<Transfer, std::vector<Id>>> columns;
    std::vector<std::vector<Id>> members;
    for (Id id = 0; id < static_cast<Id>(values.size()); ++id) {
      if (!needed[id] || values[id].kind != Kind::Load) continue;
      Transfer transfer = describe(operands[values[id].a]);
      const bool isOwnType = isLaneType(transfer.operand.dtype, transfer.operand.lane);
      if (isContiguous(transfer) && isOwnType) {
        directLoads.push_back(id);
        continue;
      }
      if (isColumn(transfer)) {
        columns.emplace(columnKey(transfer), std::make_pair(transfer, std::vector<Id>{id}));
        continue;
      }
      const bool isUniform = transfer.sizes.size() == 1 && transfer.operand.strides[0] == 0;
      transfer.isDirect = isOwnType && !isUniform && transfer.operand.strides.back() == 1;
      if (isUniform) program.uniforms.push_back(static_cast<uint32_t>(program.transfers.size()));
      program.transfers.push_back(std::move(transfer));
      members.push_back({id});
    }
    addColumns(columns, members);
    for (size_t t = 0; t < members.size(); ++t) {
      for (Id id : members[t]) transferOf[id] = static_cast<int32_t>(t);
    }
    loadedBy = std::move(members);
    isStarted.assign(program.transfers.size(), false);
    for (uint32_t index : program.uniforms) isStarted[index] = true;
  }

  void describeStores() {
    directStore.assign(values.size(), -1);
    std::map<ColumnKey, std::pair<Transfer, std::vector<Id>>> columns;
    const size_t firstStore = program.transfers.size();
    std::vector<std::vector<Id>> members;
    for (size_t s = 0; s < stores.size(); ++s) {
      const Id id = stores[s].value;
      Transfer transfer = describe(stores[s].operand);
      transfer.operand.lane = values[id].lane;
      const bool isOwnType = isLaneType(transfer.operand.dtype, transfer.operand.lane);
      if (isContiguous(transfer) && isOwnType && isInstruction(id) && directStore[id] < 0) {
        directStore[id] = static_cast<int32_t>(s);
        continue;
      }
      if (isColumn(transfer)) {
        columns.insert_or_assign(columnKey(transfer), std::make_pair(transfer, std::vector<Id>{id}));
        continue;
      }
      program.transfers.push_back(std::move(transfer));
      members.push_back({id});
    }
    addColumns(columns, members);
    storedBy = std::move(members);
    this->firstStore = firstStore;
    // The transfers that wait for a value, and how many values each waits for.
    for (size_t t = 0; t < storedBy.size(); ++t) {
      for (Id id : storedBy[t]) waiting.emplace(id, t);
    }
  }

  void ensureLoaded(Id id) {
    if (values[id].kind != Kind::Load || transferOf[id] < 0 || isStarted[transferOf[id]]) return;
    isStarted[transferOf[id]] = true;
    steps.push_back({kNoId, static_cast<uint32_t>(transferOf[id])});
  }

  void schedule() {
    std::vector<size_t> missing(storedBy.size());
    for (size_t t = 0; t < storedBy.size(); ++t) {
      for (Id id : storedBy[t]) missing[t] += isInstruction(id) ? 1 : 0;
    }
    const auto store = [&](size_t t) {
      for (Id id : storedBy[t]) ensureLoaded(id);
      steps.push_back({kNoId, static_cast<uint32_t>(firstStore + t)});
    };
    for (Id id = 0; id < static_cast<Id>(values.size()); ++id) {
      if (!needed[id] || !isInstruction(id)) continue;
      eachOperand(id, [&](Id operand) { ensureLoaded(operand); });
      steps.push_back({id, 0});
      const auto [from, to] = waiting.equal_range(id);
      for (auto it = from; it != to; ++it) {
        if (--missing[it->second] == 0) store(it->second);
      }
    }
    for (size_t t = 0; t < storedBy.size(); ++t) {
      const bool hasInstruction =
          std::any_of(storedBy[t].begin(), storedBy[t].end(), [&](Id id) { return isInstruction(id); });
      if (!hasInstruction) store(t);
    }
  }

  Slot newSlot(uint32_t offset) {
    if (program.offsets.size() > 0xFFFF) throw std::length_error("a program of the vector machine has too many values");
    program.offsets.push_back(offset);
    return static_cast<Slot>(program.offsets.size() - 1);
  }

  // A slot with memory of its own that nothing else uses later.
  Slot newRegister(Lane lane) {
    const Slot slot = newSlot(static_cast<uint32_t>(program.scratchBytes));
    program.scratchBytes += registerBytes(lane);
    return slot;
  }

  Slot takeRegister(Lane lane) {
    auto& available = freeRegisters[static_cast<size_t>(lane)];
    if (available.empty()) return newRegister(lane);
    const Slot slot = available.back();
    available.pop_back();
    return slot;
  }

  void addDirect(Id id, const Operand& operand) {
    slotOf[id] = newSlot(0);
    const auto size = static_cast<int32_t>(c10::elementSize(operand.dtype));
    program.directs.push_back({static_cast<Slot>(slotOf[id]), operand.buffer, operand.offset * size, size});
  }

  // Slots of values that live through all blocks, or lie in a tensor's memory.
  void assignPermanentSlots() {
    slotOf.assign(values.size(), -1);
    for (Id id : directLoads) addDirect(id, operands[values[id].a]);
    for (Id id = 0; id < static_cast<Id>(values.size()); ++id) {
      if (!needed[id]) continue;
      if (directStore[id] >= 0) addDirect(id, stores[directStore[id]].operand);
      if (values[id].kind == Kind::Constant) {
        slotOf[id] = newRegister(values[id].lane);
        program.constants.push_back({static_cast<Slot>(slotOf[id]), values[id].lane, values[id].immediate});
      }
      if (values[id].kind != Kind::Load || transferOf[id] < 0) continue;
      const bool isUniform = std::find(program.uniforms.begin(), program.uniforms.end(),
                                       static_cast<uint32_t>(transferOf[id])) != program.uniforms.end();
      if (isUniform || program.transfers[transferOf[id]].isDirect) slotOf[id] = newRegister(values[id].lane);
    }
  }

  void assignSlots() {
    assignPermanentSlots();
    std::vector<size_t> lastUse(values.size(), 0);
    std::vector<bool> isTemporary(values.size());
    for (size_t s = 0; s < steps.size(); ++s) {
      if (steps[s].value != kNoId) {
        eachOperand(steps[s].value, [&](Id operand) { lastUse[operand] = s; });
      } else if (steps[s].transfer >= firstStore) {
        for (Id id : storedBy[steps[s].transfer - firstStore]) lastUse[id] = s;
      }
    }
    const auto release = [&](Id id, size_t s) {
      if (lastUse[id] != s || !isTemporary[id]) return;
      isTemporary[id] = false;
      freeRegisters[static_cast<size_t>(values[id].lane)].push_back(static_cast<Slot>(slotOf[id]));
    };
    const auto take = [&](Id id) {
      if (slotOf[id] >= 0) return;
      slotOf[id] = takeRegister(values[id].lane);
      isTemporary[id] = true;
    };
    for (size_t s = 0; s < steps.size(); ++s) {
      const Step step = steps[s];
      if (step.value != kNoId) {
        const Builder::Value& value = values[step.value];
        // A target may be one of the operands, but not one in another lane type.
        const bool mayReuse = value.opcode != Opcode::Convert;
        if (mayReuse) eachOperand(step.value, [&](Id operand) { release(operand, s); });
        take(step.value);
        if (!mayReuse) eachOperand(step.value, [&](Id operand) { release(operand, s); });
        addInstruction(step.value);
      } else if (step.transfer < firstStore) {
        Transfer& transfer = program.transfers[step.transfer];
        for (Id id : loadedBy[step.transfer]) take(id);
        addTransfer(step.transfer, loadedBy[step.transfer], Opcode::Load);
        program.cost += 0.2 * static_cast<double>(transfer.columns.size());
      } else {
        const std::vector<Id>& members = storedBy[step.transfer - firstStore];
        addTransfer(step.transfer, members, Opcode::Store);
        program.cost += 0.2 * static_cast<double>(members.size());
        for (Id id : members) release(id, s);
      }
    }
    for (uint32_t index : program.uniforms) setColumns(index, loadedBy[index]);
    program.cost += 0.1 * static_cast<double>(program.directs.size());
  }

  void setColumns(uint32_t transfer, const std::vector<Id>& members) {
    for (Id id : members) program.transfers[transfer].columns.push_back(static_cast<Slot>(slotOf[id]));
  }

  void addTransfer(uint32_t transfer, const std::vector<Id>& members, Opcode opcode) {
    setColumns(transfer, members);
    Instruction instruction{opcode};
    instruction.immediate = transfer;
    program.instructions.push_back(instruction);
  }

  void addInstruction(Id id) {
    const Builder::Value& value = values[id];
    Instruction instruction{value.opcode, value.lane, static_cast<Slot>(slotOf[id])};
    if (value.a != kNoId) instruction.a = static_cast<Slot>(slotOf[value.a]);
    if (value.b != kNoId) instruction.b = static_cast<Slot>(slotOf[value.b]);
    if (value.c != kNoId) instruction.c = static_cast<Slot>(slotOf[value.c]);
    instruction.loop = value.loop;
    instruction.immediate = value.immediate;
    program.instructions.push_back(instruction);
    program.cost += costOf(value.opcode, value.lane);
    program.callsMkl = program.callsMkl || (value.opcode >= Opcode::Exp && value.opcode <= Opcode::Erfinv);
  }

  void describeLoops() {
    for (EagerLoop loop : loops) {
      Dimensions sizes, strides;
      mergeDimensions(space, loop.strides, &sizes, &strides);
      loop.strides = strides;
      program.loops.push_back(std::move(loop));
      program.loopSizes.push_back(std::move(sizes));
    }
  }

  const std::vector<Builder::Value>& values;
  std::vector<Operand> operands;
  std::vector<EagerLoop> loops;
  Dimensions space;
  std::vector<Builder::Store> stores;
  Program program;

  std::vector<bool> needed;
  std::vector<Id> directLoads;
  std::vector<int32_t> transferOf;        // of each load that is not direct
  std::vector<std::vector<Id>> loadedBy;  // the values of each transfer that loads
  std::vector<bool> isStarted;            // whether its step exists
  std::vector<int32_t> directStore;       // the store whose memory a value is computed in
  std::vector<std::vector<Id>> storedBy;  // the values of each transfer that stores
  std::multimap<Id, size_t> waiting;
  size_t firstStore = 0;  // index of the first transfer that stores
  std::vector<Step> steps;
  std::vector<int32_t> slotOf;
  std::vector<Slot> freeRegisters[2];
};

Program Builder::finish(c10::ArrayRef<int64_t> space, c10::ArrayRef<Store> stores) const {
  return Assembler(*this, space, stores).assemble();
}

}  // namespace torch_func::compile
