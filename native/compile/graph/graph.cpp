// Builds, prints and checks graphs.

#include "compile/graph/graph.h"

#include <ATen/Functions.h>
#include <ATen/core/LegacyTypeDispatch.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace torch_func::compile {

int64_t TensorType::numel() const {
  int64_t count = 1;
  for (int64_t size : sizes) count *= size;
  return count;
}

TensorType typeOf(const at::Tensor& tensor) {
  TensorType type;
  type.dtype = tensor.scalar_type();
  type.device = tensor.device();
  type.layout = tensor.layout();
  type.sizes.assign(tensor.sizes().begin(), tensor.sizes().end());
  if (type.layout == c10::kStrided) type.strides.assign(tensor.strides().begin(), tensor.strides().end());
  type.isWrappedNumber = tensor.unsafeGetTensorImpl()->is_wrapped_number();
  return type;
}

at::Tensor metaOf(const TensorType& type) {
  at::Tensor tensor =
      at::empty_strided(type.sizes, type.strides, at::TensorOptions().dtype(type.dtype).device(c10::kMeta));
  if (type.isWrappedNumber) tensor.unsafeGetTensorImpl()->set_wrapped_number(true);
  return tensor;
}

std::string Node::name() const {
  const auto& name = op.operator_name();
  return name.overload_name.empty() ? name.name : name.name + "." + name.overload_name;
}

bool Node::is(std::string_view text) const {
  const auto& full = op.operator_name();
  if (!text.starts_with(full.name)) return false;
  text.remove_prefix(full.name.size());
  if (full.overload_name.empty()) return text.empty();
  return !text.empty() && text.front() == '.' && text.substr(1) == full.overload_name;
}

ValueId Node::tensor(size_t argument) const {
  for (const TensorArgument& given : tensors) {
    if (given.argument == argument && given.element < 0) return given.value;
  }
  return kNoValue;
}

static ValueId add(Graph& graph, Value::Kind kind, const at::Tensor& tensor) {
  const auto id = static_cast<ValueId>(graph.values.size());
  Value value;
  value.kind = kind;
  value.type = typeOf(tensor);
  value.base = id;
  if (kind != Value::Kind::Input) value.tensor = tensor;
  graph.values.push_back(std::move(value));
  return id;
}

ValueId Graph::addInput(const at::Tensor& tensor) {
  const ValueId id = add(*this, Value::Kind::Input, tensor);
  inputs.push_back(id);
  return id;
}

ValueId Graph::addClosure(const at::Tensor& tensor) {
  const ValueId id = add(*this, Value::Kind::Closure, tensor);
  closures.push_back(id);
  return id;
}

ValueId Graph::addConstant(at::Tensor tensor) { return add(*this, Value::Kind::Constant, tensor); }

ValueId Graph::call(const char* name, const char* overload, std::vector<Argument> arguments) {
  Node node{c10::Dispatcher::singleton().findSchemaOrThrow(name, overload), {}, {}, {}};
  for (size_t i = 0; i < arguments.size(); ++i) {
    Argument& argument = arguments[i];
    const auto position = static_cast<uint16_t>(i);
    for (size_t k = 0; k < argument.values.size(); ++k) {
      node.tensors.push_back({position, static_cast<int16_t>(k), argument.values[k]});
    }
    if (argument.value != kNoValue) node.tensors.push_back({position, -1, argument.value});
    node.arguments.push_back(std::move(argument.constant));
  }
  const auto& parameters = node.op.schema().arguments();
  for (size_t i = arguments.size(); i < parameters.size(); ++i) {
    if (!parameters[i].default_value()) throw std::logic_error(std::string("call of ") + name + " lacks an argument");
    node.arguments.push_back(*parameters[i].default_value());
  }
  return append(std::move(node));
}

ValueId Graph::append(Node node) {
  // A view of a value shares the storage of the value's meta tensor, which is how it is recognized.
  std::vector<at::Tensor> metas;
  std::vector<TensorArgument> places = node.tensors;
  for (TensorArgument& given : places) {
    const auto first = std::find_if(node.tensors.begin(), node.tensors.end(),
                                    [&](const TensorArgument& other) { return other.value == given.value; });
    const auto index = static_cast<size_t>(first - node.tensors.begin());
    metas.push_back(index < metas.size() ? metas[index] : metaOf(type(given.value)));
    given.value = static_cast<ValueId>(metas.size() - 1);
  }
  torch::jit::Stack stack;
  pushArguments(node.op, node.arguments, places, metas, stack);
  const auto& parameters = node.op.schema().arguments();
  c10::Device device = c10::kCPU;
  for (const TensorArgument& given : node.tensors) {
    // A number on the CPU takes part in computations on other devices.
    const TensorType& operand = type(given.value);
    if (given.value == node.tensors.front().value || (device.is_cpu() && !operand.device.is_cpu()))
      device = operand.device;
  }
  // A factory without a device argument would allocate memory for its result.
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (parameters[i].name() != "device") continue;
    if (stack[i].isDevice()) device = stack[i].toDevice();
    if (stack[i].isDevice() || node.tensors.empty()) stack[i] = c10::IValue(c10::Device(c10::kMeta));
  }
  {
    at::AutoDispatchBelowADInplaceOrView below;
    node.op.callBoxed(stack);
  }
  const auto index = static_cast<int32_t>(nodes.size());
  node.results.clear();
  const auto add = [&](const at::Tensor& tensor) {
    if (!tensor.defined()) return node.results.push_back(kNoValue);
    const auto id = static_cast<ValueId>(values.size());
    Value value;
    value.type = typeOf(tensor);
    value.type.device = device;
    value.base = id;
    value.producer = index;
    for (size_t i = 0; i < metas.size(); ++i) {
      if (!tensor.has_storage() || !tensor.storage().is_alias_of(metas[i].storage())) continue;
      value.base = values[node.tensors[i].value].base;
      value.offset = values[node.tensors[i].value].offset + tensor.storage_offset();
    }
    values.push_back(std::move(value));
    node.results.push_back(id);
  };
  for (const c10::IValue& result : stack) {
    if (result.isTensor()) {
      add(result.toTensor());
    } else if (result.isTensorList()) {
      for (const at::Tensor& tensor : result.toTensorVector()) add(tensor);
    }
  }
  nodes.push_back(std::move(node));
  return nodes.back().results.empty() ? kNoValue : nodes.back().results.front();
}

void pushArguments(const c10::OperatorHandle& op, c10::ArrayRef<c10::IValue> arguments,
                   c10::ArrayRef<TensorArgument> tensors, c10::ArrayRef<at::Tensor> values, torch::jit::Stack& stack) {
  size_t next = 0;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const c10::IValue& constant = arguments[i];
    const bool isGiven = next < tensors.size() && tensors[next].argument == i;
    if (!isGiven) {
      // An empty list of tensors has no places.
      const bool isEmptyList =
          constant.isNone() && op.schema().arguments()[i].type()->kind() == c10::TypeKind::ListType;
      stack.push_back(isEmptyList ? c10::IValue(c10::List<at::Tensor>()) : constant);
    } else if (tensors[next].element < 0) {
      stack.emplace_back(values[tensors[next++].value]);
    } else if (constant.isNone()) {
      c10::List<at::Tensor> list;
      for (; next < tensors.size() && tensors[next].argument == i; ++next) list.push_back(values[tensors[next].value]);
      stack.emplace_back(std::move(list));
    } else {
      auto list = constant.to<c10::List<std::optional<at::Tensor>>>().copy();
      for (; next < tensors.size() && tensors[next].argument == i; ++next) {
        list.set(tensors[next].element, values[tensors[next].value]);
      }
      stack.emplace_back(std::move(list));
    }
  }
}

namespace {

const char* dtypeText(c10::ScalarType dtype) {
  switch (dtype) {
    case c10::ScalarType::Float: return "f32";
    case c10::ScalarType::Double: return "f64";
    case c10::ScalarType::Long: return "i64";
    case c10::ScalarType::Int: return "i32";
    case c10::ScalarType::Bool: return "bool";
    default: return c10::toString(dtype);
  }
}

void printType(std::ostream& out, const TensorType& type) {
  out << dtypeText(type.dtype) << '[';
  for (size_t i = 0; i < type.sizes.size(); ++i) out << (i == 0 ? "" : ", ") << type.sizes[i];
  out << ']';
}

void printArguments(std::ostream& out, const Node& node) {
  const auto& parameters = node.op.schema().arguments();
  size_t next = 0;
  for (size_t i = 0; i < node.arguments.size(); ++i) {
    if (i > 0) out << ", ";
    if (parameters[i].kwarg_only()) out << parameters[i].name() << '=';
    const bool isGiven = next < node.tensors.size() && node.tensors[next].argument == i;
    if (!isGiven) {
      out << node.arguments[i];
    } else if (node.tensors[next].element < 0) {
      out << '%' << node.tensors[next++].value;
    } else {
      out << '[';
      for (bool first = true; next < node.tensors.size() && node.tensors[next].argument == i; first = false) {
        out << (first ? "%" : ", %") << node.tensors[next++].value;
      }
      out << ']';
    }
  }
}

}  // namespace

std::string Graph::print() const {
  std::ostringstream out;
  const auto printValue = [&](const char* word, ValueId id) {
    out << word << " %" << id << ": ";
    printType(out, type(id));
    out << '\n';
  };
  for (ValueId id : inputs) printValue("input", id);
  for (ValueId id : closures) printValue("closure", id);
  for (size_t id = 0; id < values.size(); ++id) {
    if (values[id].kind == Value::Kind::Constant) printValue("constant", static_cast<ValueId>(id));
  }
  for (const Node& node : nodes) {
    for (size_t i = 0; i < node.results.size(); ++i) {
      if (i > 0) out << ", ";
      out << '%' << node.results[i];
      if (node.results[i] == kNoValue) continue;
      out << ": ";
      printType(out, type(node.results[i]));
      if (isView(node.results[i])) out << " of %" << values[node.results[i]].base;
    }
    out << " = " << node.name() << '(';
    printArguments(out, node);
    out << ")\n";
  }
  for (const WriteBack& write : writeBacks) out << "copy %" << write.value << " to %" << write.target << '\n';
  out << "return";
  for (size_t i = 0; i < outputs.size(); ++i) out << (i == 0 ? " %" : ", %") << outputs[i];
  out << '\n';
  return out.str();
}

void Graph::check() const {
  std::vector<bool> known(values.size());
  for (size_t id = 0; id < values.size(); ++id) known[id] = values[id].kind != Value::Kind::Result;
  const auto require = [&](ValueId id, const std::string& user) {
    if (id < 0 || static_cast<size_t>(id) >= values.size() || !known[id]) {
      throw std::logic_error(user + " uses %" + std::to_string(id) + " before it is computed");
    }
  };
  for (size_t i = 0; i < nodes.size(); ++i) {
    for (const TensorArgument& given : nodes[i].tensors) require(given.value, nodes[i].name());
    for (ValueId result : nodes[i].results) {
      if (result == kNoValue) continue;
      if (values[result].producer != static_cast<int32_t>(i) && !writesInPlace(nodes[i].op)) {
        throw std::logic_error("%" + std::to_string(result) + " has another producer than " + nodes[i].name());
      }
      known[result] = true;
    }
  }
  for (ValueId id : outputs) {
    if (id != kNoValue) require(id, "the result");
  }
  for (const WriteBack& write : writeBacks) require(write.value, "a write to an input");
}

bool hasShapeOfValues(const Graph& graph, const Node& node) {
  const auto& name = node.op.operator_name().name;
  if (name != "aten::index" && name != "aten::_unsafe_index") return node.op.hasTag(at::Tag::dynamic_output_shape);
  return std::any_of(node.tensors.begin(), node.tensors.end(), [&](const TensorArgument& given) {
    const c10::ScalarType dtype = graph.type(given.value).dtype;
    return given.argument == 1 && (dtype == at::kBool || dtype == at::kByte);
  });
}

bool writesInPlace(const c10::OperatorHandle& op) {
  const auto& arguments = op.schema().arguments();
  return std::any_of(arguments.begin(), arguments.end(), [](const c10::Argument& argument) {
    return argument.alias_info() != nullptr && argument.alias_info()->isWrite();
  });
}

bool isRandom(const c10::OperatorHandle& op) { return op.hasTag(at::Tag::nondeterministic_seeded); }

bool isRepeatable(const Graph& graph) {
  return graph.writeBacks.empty() && std::none_of(graph.nodes.begin(), graph.nodes.end(), [](const Node& node) {
           return writesInPlace(node.op) || isRandom(node.op);
         });
}

}  // namespace torch_func::compile
