// The graph node of a backward rule that replaces libtorch's.
#include "kernels/saved_rule.h"

#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/saved_variable.h>

#include <mutex>
#include <string>

namespace torch_func {

namespace {

namespace autograd = torch::autograd;
using at::Tensor;

// Saves the argument and the result, as libtorch's nodes do.
struct SavedRuleNode final : public autograd::Node {
  SavedRuleNode(const BackwardRule& rule, int64_t dim, autograd::edge_list&& edges)
      : Node(std::move(edges)), rule_(rule), dim_(dim) {}

  std::string name() const override { return rule_.nodeName; }

  autograd::variable_list apply(autograd::variable_list&& grads) override {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!grads[0].defined() || !task_should_compute_output(0)) return {Tensor()};
    return {rule_.gradient(grads[0], self.unpack(), result.unpack(getptr()), dim_)};
  }

  void release_variables() override {
    std::lock_guard<std::mutex> lock(mutex_);
    self.reset_data();
    result.reset_data();
  }

  autograd::SavedVariable self, result;

 private:
  const BackwardRule& rule_;
  int64_t dim_;
};

}  // namespace

void callWithBackward(KernelCall& call, const BackwardRule& rule, int64_t dim) {
  const Tensor self = call.tensor(0);
  if (!c10::GradMode::is_enabled() || !self.requires_grad()) {
    call.callOriginal();
    return;
  }
  call.callBelowAutograd();
  const Tensor result = call.output(0).toTensor();
  auto node = c10::make_intrusive<SavedRuleNode>(rule, dim, autograd::collect_next_edges(self));
  autograd::set_history(result, node);
  node->self = autograd::SavedVariable(self, /*is_output=*/false);
  node->result = autograd::SavedVariable(result, /*is_output=*/true);
}

}  // namespace torch_func
