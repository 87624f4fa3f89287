#pragma once
// Runs a graph operator by operator, as it was recorded.

#include <memory>

#include "compile/execute/executable.h"
#include "compile/graph/graph.h"

namespace torch_func::compile {

class Replay final : public Executable {
 public:
  explicit Replay(Graph graph);

  using Executable::run;
  void run(c10::ArrayRef<at::Tensor> inputs, std::vector<at::Tensor>& outputs, const RunOptions& options) override;
  c10::ArrayRef<at::Tensor> closures() const override { return closures_; }
  std::vector<StepReport> report() const override;
  bool isRepeatable() const override { return compile::isRepeatable(graph_); }
  std::vector<double> time(c10::ArrayRef<at::Tensor> inputs) override;

  // Through the whole dispatcher: under transforms, and for inputs that are differentiated. For graphs without writes,
  // and only for functions that are linear in the inputs: a detached tensor is differentiated as well.
  void runDifferentiably(c10::ArrayRef<at::Tensor> inputs, std::vector<at::Tensor>& outputs);

  const Graph& graph() const { return graph_; }

 private:
  template <typename Call>
  void interpret(c10::ArrayRef<at::Tensor> inputs, std::vector<at::Tensor>& outputs, const RunOptions& options,
                 Call&& call);

  Graph graph_;
  std::vector<at::Tensor> closures_;
  // For each node the values that no later node needs: they are released as early as in eager execution.
  std::vector<std::vector<ValueId>> lastUses_;
  std::vector<ValueId> written_;   // inputs and closures
  std::vector<bool> checksShape_;  // for each node, whether its results may have other shapes than recorded
};

// The arguments of the node with its tensors from `values`.
void pushArguments(const Node& node, c10::ArrayRef<at::Tensor> values, torch::jit::Stack& stack);

}  // namespace torch_func::compile
