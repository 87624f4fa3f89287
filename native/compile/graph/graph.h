#pragma once
// The graph of a compiled function: ATen operators on plain tensors, in the order of their execution.
//
// Note [Graphs]
// A graph comes from a recording (capture/recorder.h). Every pass (passes/) turns a graph into a graph that computes
// the same values, and every graph can be replayed operator by operator (graph/replay.h): that is how passes are
// tested, and what a compiled function falls back to.
// A value is a tensor of known type: dtype, device, sizes, strides. It may share its storage with other values: all
// values with the same `base` do. A recorded graph may write to values in place. functionalize (passes/functionalize.h)
// removes the writes; all later passes work on graphs without them, where a view is only a different reading of the
// values of its base.

#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>
#include <c10/util/SmallVector.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace torch_func::compile {

using ValueId = int32_t;
inline constexpr ValueId kNoValue = -1;

using Sizes = c10::SmallVector<int64_t, 5>;

struct TensorType {
  c10::ScalarType dtype = c10::ScalarType::Float;
  c10::Device device = c10::kCPU;
  c10::Layout layout = c10::kStrided;
  Sizes sizes;
  Sizes strides;
  bool isWrappedNumber = false;  // of a number in JavaScript: does not take part in type promotion like a tensor

  int64_t numel() const;
};

TensorType typeOf(const at::Tensor& tensor);
// A tensor of the type without data, on the meta device.
at::Tensor metaOf(const TensorType& type);

struct Value {
  enum class Kind : uint8_t {
    Input,     // an argument of the compiled function
    Closure,   // a tensor from outside of the function: read again at each call
    Constant,  // made while the function was recorded, from data of JavaScript or by a pass: never changes
    Result,    // of a node
  };
  Kind kind = Kind::Result;
  TensorType type;
  // The value whose storage this one shares, and where it starts in there, in elements from the start of `base`. A
  // value with a storage of its own is its own base, and so is every tensor that exists before the function runs, even
  // if it shares its storage with another: see Graph::inputsShareStorage.
  ValueId base = kNoValue;
  int64_t offset = 0;
  int32_t producer = -1;  // the node with this result
  at::Tensor tensor;      // of a Closure or Constant
};

// Where a node's tensors go: the argument, and the element if the argument is a list.
struct TensorArgument {
  uint16_t argument;
  int16_t element;  // -1: the argument itself
  ValueId value;
};

struct Node {
  c10::OperatorHandle op;
  std::vector<c10::IValue> arguments;   // None where tensors go; in a list of optional tensors, an undefined tensor
  std::vector<TensorArgument> tensors;  // in the order of the arguments
  std::vector<ValueId> results;         // kNoValue: an undefined tensor, or no tensor

  // "aten::mul.Tensor"; without an overload name "aten::sin".
  std::string name() const;
  // Whether the operator has this name.
  bool is(std::string_view name) const;
  // The value of a tensor argument, not of a list of tensors; kNoValue if the argument is absent.
  ValueId tensor(size_t argument) const;
};

class Graph {
 public:
  std::vector<Value> values;
  std::vector<Node> nodes;
  std::vector<ValueId> inputs;    // of the function, in the order of its leaves
  std::vector<ValueId> closures;  // the values of kind Closure
  std::vector<ValueId> outputs;
  // What a function without writes must copy into its inputs and closures at the end: {input, new value}.
  struct WriteBack {
    ValueId target;
    ValueId value;
  };
  std::vector<WriteBack> writeBacks;
  // What must be as in the recorded call, or the graph is not right: a value that libtorch has read, and shapes that
  // depend on values. The nodes that compute such shapes check them; they are listed because the graph needs them even
  // if nothing else does.
  struct Expectation {
    ValueId value;
    at::Tensor expected;  // undefined: only the shape
    std::string reason;
  };
  std::vector<Expectation> expectations;
  // Whether some of the inputs and closures share their storage. Where a graph writes in place, it then cannot do
  // without the writes.
  bool inputsShareStorage = false;

  ValueId addInput(const at::Tensor& tensor);
  ValueId addClosure(const at::Tensor& tensor);
  ValueId addConstant(at::Tensor tensor);

  // Appends a node, whose operands are given, and adds its results. Their types come from running it on meta tensors.
  // Returns the first result.
  ValueId append(Node node);

  // Appends a call of an operator. Takes tensors as ValueId and lists of tensors as std::vector<ValueId>.
  struct Argument {
    Argument(ValueId value) : value(value) {}
    Argument(std::vector<ValueId> values) : values(std::move(values)) {}
    Argument(c10::IValue constant) : constant(std::move(constant)) {}
    ValueId value = kNoValue;
    std::vector<ValueId> values;
    c10::IValue constant;
  };
  ValueId call(const char* name, const char* overload, std::vector<Argument> arguments);

  bool isView(ValueId value) const { return values[value].base != value; }
  const TensorType& type(ValueId value) const { return values[value].type; }

  // Runnable-looking text, one line for each node: for tests and logs.
  std::string print() const;
  // Throws an error that says what is wrong with the graph, if anything: a value used before it is computed, ...
  void check() const;
};

// The arguments of a call, whose tensors come from `values`.
void pushArguments(const c10::OperatorHandle& op, c10::ArrayRef<c10::IValue> arguments,
                   c10::ArrayRef<TensorArgument> tensors, c10::ArrayRef<at::Tensor> values, torch::jit::Stack& stack);

// Whether the shape of a result depends on the values of the operands: a mask as index selects as many elements as it
// has true values.
bool hasShapeOfValues(const Graph& graph, const Node& node);

// Properties of operators, from their schemas.
bool writesInPlace(const c10::OperatorHandle& op);
bool isRandom(const c10::OperatorHandle& op);  // draws from a generator
// Whether a graph only computes its outputs: it neither writes nor draws random numbers.
bool isRepeatable(const Graph& graph);

}  // namespace torch_func::compile
