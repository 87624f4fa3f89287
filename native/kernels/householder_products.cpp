// Derivatives of householder_product and ormqr. The derivative of libtorch's rule of householder_product is wrong
// (pytorch/pytorch#196698). Its gradient divides by 1 - tau |v|^2, which is 0 for a projection: NaN, or few digits
// nearby (PyTorch 2.13). The gradient of ormqr uses this rule, and it has no rule for forward mode.
//
// Both operators apply the reflections I - tau_i v_i v_i^H of (H, tau). v_i has zeros above row i, 1 in row i, and the
// elements of column i of H below. Here they are applied one by one.
#include <ATen/ATen.h>
#include <torch/library.h>

#include <algorithm>

#include "kernels/constants.h"
#include "kernels/corrections.h"
#include "kernels/kernel_override.h"

namespace torch_func {

namespace {

using at::Tensor;

class Reflections {
 public:
  Reflections(Tensor H, Tensor tau) : H_(std::move(H)), tau_(std::move(tau)) {}

  // Whether a reflection is nearly a projection, which has no inverse.
  bool hasProjection() const {
    c10::AutoGradMode withoutGradients(false);
    c10::AutoFwGradMode withoutTangents(false);
    const int64_t count = tau_.size(-1);
    const Tensor below = H_.narrow(-1, 0, count).tril(-1);
    const Tensor determinant = 1 - tau_ * ((below * below.conj()).sum(-2) + 1);
    bool result = false;
    constantsOf(determinant, [&](const Tensor& values) -> std::vector<Tensor> {
      if (!values.is_meta()) result = (values.abs() < 1e-2).any().item<bool>();
      return {};
    });
    return result;
  }

  // H_1 H_2 ... X, or H_k^H ... H_2^H H_1^H X.
  Tensor timesLeft(Tensor X, bool isAdjoint) const {
    const int64_t count = tau_.size(-1);
    for (int64_t k = 0; k < count; ++k) {
      const int64_t i = isAdjoint ? k : count - 1 - k;
      const Tensor v = vector(i);
      const Tensor tau = tau_.select(-1, i).unsqueeze(-1).unsqueeze(-1);
      X = X - (isAdjoint ? tau.conj() : tau) * v.matmul(v.mH().matmul(X));
    }
    return X;
  }

 private:
  Tensor vector(int64_t i) const {
    const auto positions = H_.options().dtype(at::kLong);
    const int64_t rows = H_.size(-2);
    const Tensor unit = at::zeros({rows}, H_.options()).index_fill(0, at::scalar_tensor(i, positions), 1);
    const Tensor isBelow = at::arange(rows, positions) > i;
    return (H_.select(-1, i) * isBelow + unit).unsqueeze(-1);
  }

  Tensor H_;
  Tensor tau_;
};

// Whether there are reflections for matrices of `rows` rows. libtorch reports the errors of all other arguments.
bool areReflections(const Tensor& H, const Tensor& tau, int64_t rows) {
  return H.dim() >= 2 && tau.dim() == H.dim() - 1 && H.size(-2) == rows && tau.size(-1) <= std::min(rows, H.size(-1)) &&
         H.sizes().slice(0, H.dim() - 2) == tau.sizes().slice(0, tau.dim() - 1) && H.scalar_type() == tau.scalar_type();
}

// (H, tau) -> the first columns of the product of the reflections
void householderProduct(KernelCall& call) {
  const Tensor H = call.tensor(0);
  const Tensor tau = call.tensor(1);
  const Recording recording = call.recording();
  if (!(recording.gradient || recording.tangent) || H.dim() < 2 || H.size(-1) > H.size(-2) ||
      !areReflections(H, tau, H.size(-2)) ||
      !(recording.isDifferentiatedAgain() || Reflections(H, tau).hasProjection())) {
    call.callOriginal();
    return;
  }
  const Tensor identity = at::eye(H.size(-2), H.size(-1), H.options()).expand_as(H);
  call.setOutputs(Reflections(H, tau).timesLeft(identity, /*isAdjoint=*/false));
}

// (H, tau, X, left, transpose) -> Q X, Q^H X, X Q or X Q^H, where Q is the product of the reflections
void ormqr(KernelCall& call) {
  const Tensor H = call.tensor(0);
  const Tensor tau = call.tensor(1);
  const Tensor X = call.tensor(2);
  const bool isLeft = call.argument(3).toBool();
  const bool isAdjoint = call.argument(4).toBool();
  const bool fits = X.dim() >= 2 && X.dim() == H.dim() && areReflections(H, tau, X.size(isLeft ? -2 : -1)) &&
                    X.sizes().slice(0, X.dim() - 2) == H.sizes().slice(0, H.dim() - 2) &&
                    X.scalar_type() == H.scalar_type();
  if (!fits) call.checkArguments();
  if (!call.isDifferentiated() || !fits) {
    call.callOriginal();
    return;
  }
  const Reflections Q(H, tau);
  // X Q = (Q^H X^H)^H.
  call.setOutputs(isLeft ? Q.timesLeft(X, isAdjoint) : Q.timesLeft(X.mH(), !isAdjoint).mH().resolve_conj());
}

}  // namespace

void registerHouseholderProducts() {
  // A registration lasts as long as its Library object.
  static torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::Autograd, __FILE__, __LINE__);
  overrideAutogradKernel(library, "linalg_householder_product", CallKernel::factory(&householderProduct));
  overrideAutogradKernel(library, "ormqr", CallKernel::factory(&ormqr));
}

}  // namespace torch_func
