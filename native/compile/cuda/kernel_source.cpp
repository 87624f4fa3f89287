// See Note [Generated kernels].

#include "compile/cuda/kernel_source.h"

#include <c10/core/ScalarType.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <set>
#include <stdexcept>
#include <utility>

#include "compile/cuda/formulas.h"

namespace torch_func::compile {

namespace {

// The parameters of a kernel have 4 KB.
constexpr size_t kMostBuffers = 500;

// Note [Conditions]
// The results of comparisons are numbers for the vector machine, and boolean variables here: with those, most kernels
// need no conversion between the types of numbers. NVRTC 13.0 has compiled kernels with many such conversions of
// comparisons wrongly for compute capability 9.0.

bool isComparison(Opcode opcode) {
  switch (opcode) {
    case Opcode::Less:
    case Opcode::LessEqual:
    case Opcode::Equal:
    case Opcode::NotEqual:
    case Opcode::LessImmediate:
    case Opcode::LessEqualImmediate:
    case Opcode::GreaterImmediate:
    case Opcode::GreaterEqualImmediate:
    case Opcode::EqualImmediate:
    case Opcode::NotEqualImmediate:
    case Opcode::IsNan: return true;
    default: return false;
  }
}

bool isLogical(Opcode opcode) { return opcode == Opcode::And || opcode == Opcode::Or || opcode == Opcode::Xor; }

// Whether the first operand is compared with 0, or converted.
bool takesTruth(Opcode opcode) {
  return isLogical(opcode) || opcode == Opcode::Not || opcode == Opcode::Where || opcode == Opcode::Convert;
}

const char* typeOf(Lane lane) { return lane == Lane::F32 ? "float" : "double"; }

const char* typeOf(c10::ScalarType dtype) {
  switch (dtype) {
    case c10::ScalarType::Float: return "float";
    case c10::ScalarType::Double: return "double";
    case c10::ScalarType::Bool: return "bool";
    case c10::ScalarType::Byte: return "unsigned char";
    case c10::ScalarType::Char: return "signed char";
    case c10::ScalarType::Short: return "short";
    case c10::ScalarType::Int: return "int";
    case c10::ScalarType::Long: return "long long";
    default: throw std::logic_error("a dtype that the vector machine does not have");
  }
}

// The elements of a transfer lie before this one.
int64_t extentOf(const Transfer& transfer) {
  const Operand& operand = transfer.operand;
  int64_t extent = std::abs(operand.offset) + static_cast<int64_t>(transfer.columns.size());
  for (size_t d = 0; d < transfer.sizes.size(); ++d) extent += transfer.sizes[d] * std::abs(operand.strides[d]);
  return extent;
}

class Writer {
 public:
  explicit Writer(const Program& program)
      : program_(program),
        isWritten_(program.offsets.size()),
        laneOf_(program.offsets.size(), Lane::F32),
        isCondition_(program.offsets.size()) {}

  KernelSource write() {
    findSlots();
    const std::string index = indexType();
    body_ =
        "  const " + index + " i = (" + index + ")blockIdx.x * blockDim.x + threadIdx.x;\n  if (i >= points) return;\n";
    declareRegisters();
    const std::string declarations = std::exchange(body_, "");
    for (const Program::Direct& direct : program_.directs) {
      if (!isWritten_[direct.slot]) assign(direct.slot, access(direct));
    }
    for (uint32_t index : program_.uniforms) load(program_.transfers[index]);
    for (const Instruction& instruction : program_.instructions) write(instruction);
    body_ = declarations + conditionDeclarations() + body_;
    return finish();
  }

 private:
  void findSlots() {
    for (const Program::Constant& constant : program_.constants) laneOf_[constant.slot] = constant.lane;
    for (const Program::Direct& direct : program_.directs) {
      laneOf_[direct.slot] = direct.size == 4 ? Lane::F32 : Lane::F64;
    }
    for (const Transfer& transfer : program_.transfers) {
      for (Slot slot : transfer.columns) laneOf_[slot] = transfer.operand.lane;
    }
    for (const Instruction& instruction : program_.instructions) {
      if (isTransfer(instruction)) continue;
      laneOf_[instruction.target] = instruction.lane;
      isWritten_[instruction.target] = true;
    }
  }

  // 32 bits where they are enough: divisions of 64 bits take many instructions.
  const char* indexType() const {
    constexpr int64_t kMost = std::numeric_limits<int32_t>::max() - kBlockThreads;
    bool isSmall = program_.points <= kMost;
    for (const Transfer& transfer : program_.transfers) isSmall = isSmall && extentOf(transfer) <= kMost;
    for (const Program::Direct& direct : program_.directs) {
      isSmall = isSmall && direct.offset / direct.size + program_.points <= kMost;
    }
    return isSmall ? "int" : "long long";
  }

  void declareRegisters() {
    for (Lane lane : {Lane::F32, Lane::F64}) {
      std::string names;
      for (size_t slot = 0; slot < laneOf_.size(); ++slot) {
        if (laneOf_[slot] == lane) names += (names.empty() ? " r" : ", r") + std::to_string(slot);
      }
      if (!names.empty()) body_ += std::string("  ") + typeOf(lane) + names + ";\n";
    }
    for (const Program::Constant& constant : program_.constants) {
      assign(constant.slot, literal(constant.value, constant.lane));
    }
  }

  static bool isTransfer(const Instruction& instruction) {
    return instruction.opcode == Opcode::Load || instruction.opcode == Opcode::Store;
  }

  static std::string nameOf(Slot slot) { return "r" + std::to_string(slot); }
  static std::string conditionOf(Slot slot) { return "q" + std::to_string(slot); }

  void assign(Slot slot, const std::string& value) {
    isCondition_[slot] = false;
    body_ += "  " + nameOf(slot) + " = " + value + ";\n";
  }

  // The register has 0 or 1 too, for instructions that take numbers. See Note [Conditions].
  void assignCondition(Slot slot, const std::string& value) {
    const std::string condition = conditionOf(slot);
    body_ += "  " + condition + " = " + value + ";\n";
    assign(slot, condition);
    isCondition_[slot] = true;
    conditions_.insert(slot);
  }

  std::string conditionDeclarations() const {
    std::string names;
    for (Slot slot : conditions_) names += (names.empty() ? " " : ", ") + conditionOf(slot);
    return names.empty() ? "" : "  bool" + names + ";\n";
  }

  // Of an operand that is compared with 0, or converted.
  std::string truthOf(Slot slot) const { return isCondition_[slot] ? conditionOf(slot) : nameOf(slot); }

  void write(const Instruction& instruction) {
    if (instruction.opcode == Opcode::Load) return load(program_.transfers[static_cast<size_t>(instruction.immediate)]);
    if (instruction.opcode == Opcode::Store) {
      return store(program_.transfers[static_cast<size_t>(instruction.immediate)]);
    }
    const Opcode opcode = instruction.opcode;
    const std::string a = takesTruth(opcode) ? truthOf(instruction.a) : nameOf(instruction.a);
    const std::string b = isLogical(opcode) ? truthOf(instruction.b) : nameOf(instruction.b);
    if (opcode == Opcode::Convert && isCondition_[instruction.a]) {
      assignCondition(instruction.target, a);
    } else if (isComparison(opcode) || isLogical(opcode) || opcode == Opcode::Not) {
      assignCondition(instruction.target, formulaOf(instruction, a, b, nameOf(instruction.c)));
    } else {
      assign(instruction.target, formulaOf(instruction, a, b, nameOf(instruction.c)));
    }
    for (const Program::Direct& direct : program_.directs) {
      if (direct.slot == instruction.target) body_ += "  " + access(direct, true) + " = " + nameOf(direct.slot) + ";\n";
    }
  }

  void load(const Transfer& transfer) {
    for (size_t k = 0; k < transfer.columns.size(); ++k) {
      const char* conversion = transfer.operand.lane == Lane::F32 ? "(float)" : "(double)";
      const std::string element = access(transfer, k, false);
      if (transfer.operand.dtype == c10::ScalarType::Bool) {
        assignCondition(transfer.columns[k], element);
      } else {
        assign(transfer.columns[k], conversion + element);
      }
    }
  }

  void store(const Transfer& transfer) {
    const std::string conversion = std::string("(") + typeOf(transfer.operand.dtype) + ")";
    for (size_t k = 0; k < transfer.columns.size(); ++k) {
      const Slot slot = transfer.columns[k];
      const bool isTruth = transfer.operand.dtype == c10::ScalarType::Bool && isCondition_[slot];
      body_ +=
          "  " + access(transfer, k, true) + " = " + (isTruth ? conditionOf(slot) : conversion + nameOf(slot)) + ";\n";
    }
  }

  std::string access(const Program::Direct& direct, bool isStore = false) {
    const auto dtype = direct.size == 4 ? c10::ScalarType::Float : c10::ScalarType::Double;
    return parameterOf(direct.buffer, dtype, isStore) + "[" + sum(direct.offset / direct.size, "i") + "]";
  }

  std::string access(const Transfer& transfer, size_t column, bool isStore) {
    const Operand& operand = transfer.operand;
    return parameterOf(operand.buffer, operand.dtype, isStore) + "[" +
           sum(operand.offset + static_cast<int64_t>(column), position(transfer)) + "]";
  }

  static std::string sum(int64_t offset, const std::string& position) {
    if (position.empty()) return std::to_string(offset);
    return offset == 0 ? position : position + (offset < 0 ? " - " : " + ") + std::to_string(std::abs(offset));
  }

  // Of the element of a point, from the operand's offset on.
  static std::string position(const Transfer& transfer) {
    const Dimensions &sizes = transfer.sizes, &strides = transfer.operand.strides;
    std::string text;
    int64_t inner = 1;
    for (size_t d = sizes.size(); d-- > 0; inner *= sizes[d]) {
      if (strides[d] == 0) continue;
      std::string at = inner == 1 ? "i" : "i / " + std::to_string(inner);
      // The outermost index needs no remainder, and so the text no number of points.
      if (d > 0) at += " % " + std::to_string(sizes[d]);
      if (strides[d] != 1) at = (at == "i" ? at : "(" + at + ")") + " * " + std::to_string(strides[d]);
      text += (text.empty() ? "" : " + ") + at;
    }
    return text;
  }

  struct Parameter {
    int32_t buffer;
    c10::ScalarType dtype;
    bool isRead, isWritten;
  };

  std::string parameterOf(int32_t buffer, c10::ScalarType dtype, bool isStore) {
    size_t k = 0;
    while (k < parameters_.size() && (parameters_[k].buffer != buffer || parameters_[k].dtype != dtype)) ++k;
    if (k == parameters_.size()) {
      if (k == kMostBuffers) throw std::length_error("a fused group uses more than 500 arrays");
      parameters_.push_back({buffer, dtype, false, false});
    }
    (isStore ? parameters_[k].isWritten : parameters_[k].isRead) = true;
    return "b" + std::to_string(k);
  }

  KernelSource finish() {
    KernelSource source;
    std::string parameters = "const long long points";
    for (size_t k = 0; k < parameters_.size(); ++k) {
      const Parameter& parameter = parameters_[k];
      parameters += std::string(", ") + (parameter.isWritten ? "" : "const ") + typeOf(parameter.dtype) + "* ";
      // What is stored overlaps nothing else, unless the program reads its own results: see machine.h.
      if (!parameter.isRead || !parameter.isWritten) parameters += "__restrict__ ";
      parameters += "b" + std::to_string(k);
      source.buffers.push_back(parameter.buffer);
    }
    source.text = "(" + parameters + ") {\n" + body_ + "}\n";
    char name[32];
    std::snprintf(name, sizeof(name), "fused_%016llx", static_cast<unsigned long long>(hash(source.text)));
    source.name = name;
    source.text =
        "extern \"C\" __global__ void __launch_bounds__(" + std::to_string(kBlockThreads) + ") " + name + source.text;
    return source;
  }

  // FNV-1a.
  static uint64_t hash(const std::string& text) {
    uint64_t value = 0xCBF29CE484222325ull;
    for (char c : text) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001B3ull;
    return value;
  }

  const Program& program_;
  std::vector<bool> isWritten_;    // by slot: by an instruction
  std::vector<Lane> laneOf_;       // by slot
  std::vector<bool> isCondition_;  // by slot: of its last value
  std::set<Slot> conditions_;      // slots that have been conditions
  std::vector<Parameter> parameters_;
  std::string body_;
};

}  // namespace

KernelSource kernelSource(const Program& program) { return Writer(program).write(); }

}  // namespace torch_func::compile
