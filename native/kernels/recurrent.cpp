// Recurrent networks and their cells under transforms, as operators that have batching rules and derivatives of every
// order in every mode.
//
// libtorch computes them with kernels of oneDNN and cuDNN, which have neither batching rules nor forward-mode rules nor
// second derivatives, or with in-place operators, which vmap refuses where only the input is mapped (PyTorch 2.13).
// Outside of transforms and of forward mode, libtorch's kernels stay.
//
//   tanh, relu:  h' = f(W x + b + U h + d)
//   LSTM:        i, f, g, o = chunks of W x + b + U h + d;  c' = σ(f) c + σ(i) tanh(g);  h' = P σ(o) tanh(c')
//   GRU:         r, z, n = chunks of W x + b, and of U h + d;  r = σ(r + r'), z = σ(z + z'), n = tanh(n + r n');
//                h' = n + z (h - n)
#include <ATen/ATen.h>
#include <torch/library.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "kernels/constants.h"
#include "kernels/fused_kernels.h"
#include "kernels/kernel_override.h"

namespace torch_func {

namespace {

using at::Tensor;
using Tensors = std::vector<Tensor>;

enum class Kind { Tanh, Relu, Gru, Lstm };

// The weights of one direction of one layer: W, U, and b, d and P where they exist.
struct Weights {
  Tensor input, hidden, inputBias, hiddenBias, projection;
};

// Of each sequence: h, and c of an LSTM.
using State = Tensors;

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  return at::linear(x, weight, bias.defined() ? std::optional<Tensor>(bias) : std::nullopt);
}

// The state after a step with the input `gates` = W x + b.
template <Kind kind>
State step(const Tensor& gates, const State& state, const Weights& weights) {
  const Tensor& h = state[0];
  const Tensor ofHidden = linear(h, weights.hidden, weights.hiddenBias);
  if constexpr (kind == Kind::Gru) {
    const Tensors x = gates.chunk(3, -1);
    const Tensors u = ofHidden.chunk(3, -1);
    const Tensor reset = (u[0] + x[0]).sigmoid();
    const Tensor update = (u[1] + x[1]).sigmoid();
    const Tensor next = (x[2] + u[2] * reset).tanh();
    return {(h - next) * update + next};
  }
  const Tensor sum = ofHidden + gates;
  if constexpr (kind == Kind::Tanh) return {sum.tanh()};
  if constexpr (kind == Kind::Relu) return {sum.relu()};
  if constexpr (kind == Kind::Lstm) {
    const Tensors chunks = sum.chunk(4, -1);
    const Tensor cell = chunks[1].sigmoid() * state[1] + chunks[0].sigmoid() * chunks[2].tanh();
    const Tensor hidden = chunks[3].sigmoid() * cell.tanh();
    return {weights.projection.defined() ? linear(hidden, weights.projection, Tensor()) : hidden, cell};
  }
}

State rows(const State& state, int64_t start, int64_t length) {
  State part;
  for (const Tensor& tensor : state) part.push_back(tensor.narrow(0, start, length));
  return part;
}

State joined(const std::vector<State>& states) {
  State result;
  for (size_t i = 0; i < states[0].size(); ++i) {
    Tensors parts;
    for (const State& state : states) parts.push_back(state[i]);
    result.push_back(parts.size() == 1 ? parts[0] : at::cat(parts, 0));
  }
  return result;
}

// Runs over `steps`, of which each has the rows of the sequences that are long enough: the first of the step before.
// Returns the hidden states in the order of the steps, and the last state of each sequence.
template <Kind kind>
std::pair<Tensors, State> runForward(const Tensors& steps, State state, const Weights& weights) {
  Tensors outputs;
  std::vector<State> finished;
  for (const Tensor& gates : steps) {
    const int64_t count = gates.size(0);
    const int64_t before = state[0].size(0);
    if (count < before) {
      finished.push_back(rows(state, count, before - count));
      state = rows(state, 0, count);
    }
    state = step<kind>(gates, state, weights);
    outputs.push_back(state[0]);
  }
  finished.push_back(state);
  std::reverse(finished.begin(), finished.end());
  return {outputs, joined(finished)};
}

template <Kind kind>
std::pair<Tensors, State> runBackward(const Tensors& steps, const State& initial, const Weights& weights) {
  Tensors outputs;
  State state = rows(initial, 0, steps.back().size(0));
  for (auto gates = steps.rbegin(); gates != steps.rend(); ++gates) {
    const int64_t count = gates->size(0);
    const int64_t before = state[0].size(0);
    if (count > before) state = joined({state, rows(initial, before, count - before)});
    state = step<kind>(*gates, state, weights);
    outputs.push_back(state[0]);
  }
  std::reverse(outputs.begin(), outputs.end());
  return {outputs, state};
}

struct Options {
  bool hasBiases;
  int64_t layers;
  double dropout;
  bool isTraining;
  bool isBidirectional;
};

std::vector<Weights> readWeights(const Tensors& parameters, bool hasBiases, bool hasProjections) {
  const size_t count = (hasBiases ? 4 : 2) + (hasProjections ? 1 : 0);
  TORCH_CHECK(parameters.size() % count == 0, "got an incorrect number of RNN parameters");
  std::vector<Weights> all;
  for (size_t i = 0; i < parameters.size(); i += count) {
    Weights weights;
    weights.input = parameters[i];
    weights.hidden = parameters[i + 1];
    if (hasBiases) {
      weights.inputBias = parameters[i + 2];
      weights.hiddenBias = parameters[i + 3];
    }
    if (hasProjections) weights.projection = parameters[i + count - 1];
    all.push_back(std::move(weights));
  }
  return all;
}

// All layers. `input` is (T, B, F), or (rows, F) with the number of sequences of each step in `batchSizes`. The states
// are (layers * directions, B, H). Returns the output of the last layer, then the last states.
template <Kind kind>
Tensors run(Tensor input, const std::vector<int64_t>& batchSizes, const Tensors& states, const Tensors& parameters,
            const Options& options) {
  const bool hasProjections = kind == Kind::Lstm && states[0].size(2) != states[1].size(2);
  const std::vector<Weights> all = readWeights(parameters, options.hasBiases, hasProjections);
  const int64_t directions = options.isBidirectional ? 2 : 1;
  TORCH_CHECK(static_cast<int64_t>(all.size()) == options.layers * directions,
              "got an incorrect number of RNN parameters");
  for (const Tensor& state : states) {
    TORCH_CHECK(state.size(0) == options.layers * directions, "Expected hidden states of ", options.layers * directions,
                " layers and directions, got ", state.size(0));
  }
  const bool isPacked = !batchSizes.empty();
  TORCH_CHECK(isPacked || input.size(0) > 0, "Expected sequence length to be larger than 0 in RNN");
  std::vector<Tensors> last(states.size());
  for (int64_t layer = 0; layer < options.layers; ++layer) {
    std::vector<Tensors> outputs;
    for (int64_t direction = 0; direction < directions; ++direction) {
      const int64_t index = layer * directions + direction;
      const Weights& weights = all[index];
      State initial;
      for (const Tensor& state : states) initial.push_back(state.select(0, index));
      const Tensor gates = linear(input, weights.input, weights.inputBias);
      const Tensors steps = isPacked ? gates.split_with_sizes(batchSizes, 0) : gates.unbind(0);
      auto [hidden, state] =
          direction == 0 ? runForward<kind>(steps, initial, weights) : runBackward<kind>(steps, initial, weights);
      outputs.push_back(std::move(hidden));
      for (size_t i = 0; i < state.size(); ++i) last[i].push_back(state[i]);
    }
    Tensors joinedSteps;
    for (const Tensors& steps : outputs) joinedSteps.push_back(isPacked ? at::cat(steps, 0) : at::stack(steps, 0));
    input = directions == 1 ? joinedSteps[0] : at::cat(joinedSteps, -1);
    if (options.dropout != 0 && options.isTraining && layer < options.layers - 1) {
      input = at::dropout(input, options.dropout, /*train=*/true);
    }
  }
  Tensors results{input};
  for (const Tensors& tensors : last) results.push_back(at::stack(tensors, 0));
  return results;
}

bool needsDecomposition(const KernelCall& call) {
  const Recording recording = call.recording();
  return recording.wrapped || recording.tangent || recording.isDifferentiatedAgain();
}

Tensors statesAt(KernelCall& call, size_t index) {
  const c10::IValue& states = call.argument(index);
  return states.isTensor() ? Tensors{states.toTensor()} : states.toTensorVector();
}

void setOutputs(KernelCall& call, const Tensors& results) {
  if (results.size() == 2) {
    call.setOutputs(results[0], results[1]);
  } else {
    call.setOutputs(results[0], results[1], results[2]);
  }
}

Options readOptions(KernelCall& call, size_t first) {
  return {call.argument(first).toBool(), call.argument(first + 1).toInt(), call.argument(first + 2).toDouble(),
          call.argument(first + 3).toBool(), call.argument(first + 4).toBool()};
}

template <Kind kind>
void checkStates(const Tensors& states, const char* name) {
  if constexpr (kind == Kind::Lstm) TORCH_CHECK(states.size() == 2, name, " expects two hidden states");
}

// (input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first)
template <Kind kind>
void padded(KernelCall& call) {
  if (!needsDecomposition(call)) {
    call.callOriginal();
    return;
  }
  const bool isBatchFirst = call.argument(8).toBool();
  const Tensor input = isBatchFirst ? call.tensor(0).transpose(0, 1) : call.tensor(0);
  const Tensors states = statesAt(call, 1);
  checkStates<kind>(states, "lstm");
  Tensors results = run<kind>(input, {}, states, call.argument(2).toTensorVector(), readOptions(call, 3));
  if (isBatchFirst) results[0] = results[0].transpose(0, 1);
  setOutputs(call, results);
}

// The numbers of sequences, which no vmap may map.
std::vector<int64_t> batchSizesOf(const Tensor& tensor) {
  std::vector<int64_t> sizes;
  constantsOf(tensor, [&](const Tensor& plain) -> std::vector<Tensor> {
    TORCH_CHECK(plain.dim() == 1 && plain.scalar_type() == at::kLong && plain.device().is_cpu(),
                "batch_sizes has to be a one-dimensional int64 tensor on the CPU");
    const Tensor values = plain.contiguous();
    const int64_t* data = values.const_data_ptr<int64_t>();
    sizes.assign(data, data + values.numel());
    return {};
  });
  TORCH_CHECK(!sizes.empty(), "batch_sizes has to have at least one element");
  return sizes;
}

// (data, batch_sizes, hx, params, has_biases, num_layers, dropout, train, bidirectional)
template <Kind kind>
void packed(KernelCall& call) {
  if (!needsDecomposition(call)) {
    call.callOriginal();
    return;
  }
  const Tensors states = statesAt(call, 2);
  checkStates<kind>(states, "lstm");
  setOutputs(call, run<kind>(call.tensor(0), batchSizesOf(call.tensor(1)), states, call.argument(3).toTensorVector(),
                             readOptions(call, 4)));
}

// (input, hx, w_ih, w_hh, b_ih, b_hh)
template <Kind kind>
void cell(KernelCall& call) {
  if (!needsDecomposition(call)) {
    call.callOriginal();
    return;
  }
  const auto optional = [&](size_t index) {
    return call.argument(index).isNone() ? Tensor() : call.argument(index).toTensor();
  };
  const Weights weights{call.tensor(2), call.tensor(3), optional(4), optional(5), {}};
  const Tensors states = statesAt(call, 1);
  checkStates<kind>(states, "lstm_cell");
  const State next = step<kind>(linear(call.tensor(0), weights.input, weights.inputBias), states, weights);
  if (next.size() == 1) {
    call.setOutputs(next[0]);
  } else {
    call.setOutputs(next[0], next[1]);
  }
}

}  // namespace

void registerRecurrent() {
  // A registration lasts as long as its Library object.
  static torch::Library composite(torch::Library::IMPL, "aten", c10::DispatchKey::CompositeImplicitAutograd, __FILE__,
                                  __LINE__);
  static torch::Library vmap(torch::Library::IMPL, "aten", c10::DispatchKey::FuncTorchBatchedDecomposition, __FILE__,
                             __LINE__);
  const auto replace = [](const char* name, CallKernel::Function function) {
    overrideComposite(composite, vmap, name, CallKernel::factory(function));
  };
  replace("rnn_tanh.input", &padded<Kind::Tanh>);
  replace("rnn_relu.input", &padded<Kind::Relu>);
  replace("gru.input", &padded<Kind::Gru>);
  replace("lstm.input", &padded<Kind::Lstm>);
  replace("rnn_tanh.data", &packed<Kind::Tanh>);
  replace("rnn_relu.data", &packed<Kind::Relu>);
  replace("gru.data", &packed<Kind::Gru>);
  replace("lstm.data", &packed<Kind::Lstm>);
  replace("rnn_tanh_cell", &cell<Kind::Tanh>);
  replace("rnn_relu_cell", &cell<Kind::Relu>);
  replace("gru_cell", &cell<Kind::Gru>);
  replace("lstm_cell", &cell<Kind::Lstm>);
}

}  // namespace torch_func
