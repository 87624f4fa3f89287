// The backward of the singular value decomposition of complex matrices.
//
// With skew(X) = X - X^H, P = skew(U^H gU) and Q = skew(V^H gV), the gradient of A is U M V^H with
//
//   M[j][k] = (P[j][k] S[k] + S[j] Q[j][k]) / (S[k]^2 - S[j]^2)   for j != k
//   M[k][k] = gS[k] + P[k][k] / (2 S[k])
//
// and parts outside of the columns of U or V. The singular vectors of a complex matrix have an arbitrary phase. A loss
// that does not depend on it has P[k][k] = -Q[k][k]. libtorch adds the first line for j = k too, divided by 1: the term
// is zero, but its rounding errors are proportional to S[k], and its derivative consists of large terms that cancel.
// Second derivatives in reverse mode lose digits in proportion to the square of the condition, third derivatives to a
// higher power (PyTorch 2.13). Here the term is left out.
//
// libtorch checks the phase by allclose, which vmap does not allow. Here it is checked for the elements of all samples.
#include "kernels/svd_backward.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/saved_variable.h>

#include <mutex>
#include <string>
#include <vector>

#include "kernels/constants.h"

namespace torch_func {

namespace {

namespace autograd = torch::autograd;
using at::Tensor;

Tensor skew(const Tensor& X) { return X - X.mH(); }
Tensor diagonalOf(const Tensor& X) { return X.diagonal(0, -2, -1); }

void checkPhase(const Tensor& P, const Tensor& Q) {
  constantsOf(at::imag(diagonalOf(P + Q)).abs() - 1e-2 * at::imag(diagonalOf(Q)).abs(),
              [](const Tensor& excess) -> std::vector<Tensor> {
                TORCH_CHECK(excess.is_meta() || excess.le(1e-2).all().item<bool>(),
                            "svd_backward: The singular vectors in the complex case are specified up to multiplication "
                            "by e^{i phi}. The specified loss function depends on this phase term, making it "
                            "ill-defined.");
                return {};
              });
}

Tensor svdBackward(const Tensor& gU, const Tensor& gS, const Tensor& gVh, const Tensor& U, const Tensor& S,
                   const Tensor& Vh) {
  if (!gU.defined() && !gVh.defined()) return at::matmul(U * gS.unsqueeze(-2), Vh);
  const Tensor rows = S.unsqueeze(-1);
  const Tensor columns = S.unsqueeze(-2);
  const Tensor P = gU.defined() ? skew(at::matmul(U.mH(), gU)) : at::zeros_like(at::matmul(Vh, Vh.mH()));
  const Tensor Q = gVh.defined() ? skew(at::matmul(Vh, gVh.mH())) : at::zeros_like(P);
  checkPhase(P, Q);

  const Tensor isDiagonal = at::eye(S.size(-1), S.options().dtype(at::kBool));
  const Tensor gaps = ((columns - rows) * (columns + rows)).masked_fill(isDiagonal, 1);
  Tensor diagonal = diagonalOf(P) / (2 * S);
  if (gS.defined()) diagonal = diagonal + gS;
  const Tensor M = ((P * columns + rows * Q) / gaps).masked_fill(isDiagonal, 0) + diagonal.diag_embed();

  Tensor left = at::matmul(U, M);
  if (U.size(-2) > U.size(-1) && gU.defined()) {
    const Tensor outside = gU / columns;
    left = left + outside - at::matmul(U, at::matmul(U.mH(), outside));
  }
  Tensor gradient = at::matmul(left, Vh);
  if (Vh.size(-1) > Vh.size(-2) && gVh.defined()) {
    const Tensor outside = gVh / rows;
    gradient = gradient + at::matmul(U, outside - at::matmul(at::matmul(outside, Vh.mH()), Vh));
  }
  return gradient;
}

struct SvdNode final : public autograd::Node {
  explicit SvdNode(autograd::edge_list&& edges) : Node(std::move(edges)) {}

  std::string name() const override { return "LinalgSvdBackward0"; }

  autograd::variable_list apply(autograd::variable_list&& grads) override {
    std::lock_guard<std::mutex> lock(mutex_);
    if ((!grads[0].defined() && !grads[1].defined() && !grads[2].defined()) || !task_should_compute_output(0)) {
      return {Tensor()};
    }
    const auto self = getptr();
    return {svdBackward(grads[0], grads[1], grads[2], U.unpack(self), S.unpack(self), Vh.unpack(self))};
  }

  void release_variables() override {
    std::lock_guard<std::mutex> lock(mutex_);
    for (autograd::SavedVariable* saved : {&U, &S, &Vh}) saved->reset_data();
  }

  autograd::SavedVariable U, S, Vh;
};

}  // namespace

void callSvdWithBackward(KernelCall& call) {
  const Tensor A = call.tensor(0);
  call.callBelowAutograd();
  auto node = c10::make_intrusive<SvdNode>(autograd::collect_next_edges(A));
  const Tensor outputs[] = {call.output(0).toTensor(), call.output(1).toTensor(), call.output(2).toTensor()};
  for (const Tensor& output : outputs) autograd::set_history(output, node);
  node->U = autograd::SavedVariable(outputs[0], /*is_output=*/true);
  node->S = autograd::SavedVariable(outputs[1], /*is_output=*/true);
  node->Vh = autograd::SavedVariable(outputs[2], /*is_output=*/true);
}

}  // namespace torch_func
