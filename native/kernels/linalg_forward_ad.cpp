// Forward-mode rules of det, slogdet, solve, lu_solve, cholesky, cholesky_inverse, cholesky_solve, and the singular
// values of lstsq.
//
// libtorch's forward-mode rules of det, slogdet and solve use the LU factors that the operator returns beside its
// result. These outputs have no derivatives, so that a derivative of such a rule, in either mode, treats A^-1 as a
// constant: jacfwd of jacfwd is silently wrong, and zero for slogdet (pytorch/pytorch#192540). The rules of
// cholesky_inverse and cholesky_solve are wrong (pytorch/pytorch#196682, #196694). lstsq treats the singular values
// that it returns as constants, without an error. The rule of lu_solve writes in place into views, which vmap and
// nested forward modes refuse: it is decomposed into triangular solves. The old operator cholesky has no rule.
//
// The rules below are functions of A. They are used if the derivative will be differentiated again. Otherwise
// libtorch's rules run, which save a factorization.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/library.h>

#include <algorithm>

#include "core/recording.h"
#include "kernels/constants.h"
#include "kernels/corrections.h"
#include "kernels/decomposed_output.h"
#include "kernels/determinant.h"
#include "kernels/kernel_override.h"
#include "kernels/linalg_shapes.h"

namespace torch_func {

namespace {

using at::Tensor;

// libtorch factorizes A or its transpose, depending on whether A is contiguous, and the forward-mode rule tests again
// which of them it was. The rule tests the batched tensor, which has the strides of a sample; the kernel tests the
// tensor with the batch dimension. Both tests agree for a contiguous copy.
void makeContiguousIfBatched(KernelCall& call, const Recording& recording) {
  if (recording.tangent && recording.batched) call.argument(0) = call.tensor(0).clone(at::MemoryFormat::Contiguous);
}

bool hasZero(const Tensor& tensor) {
  bool result = false;
  constantsOf(tensor, [&](const Tensor& values) -> std::vector<Tensor> {
    if (values.is_meta()) return {};
    // Every determinant with a gradient is asked: for a few values a loop is cheaper than operators.
    const bool isInMemory = values.device().is_cpu() && values.is_contiguous() && !isRecording();
    if (isInMemory && values.scalar_type() == at::kDouble) {
      const double* data = values.const_data_ptr<double>();
      result = std::find(data, data + values.numel(), 0.0) != data + values.numel();
    } else if (isInMemory && values.scalar_type() == at::kFloat) {
      const float* data = values.const_data_ptr<float>();
      result = std::find(data, data + values.numel(), 0.0F) != data + values.numel();
    } else {
      result = values.eq(0).any().item<bool>();
    }
    return {};
  });
  return result;
}

// A -> (result, LU, pivots)
void det(KernelCall& call) {
  const Recording recording = call.recording();
  if (!recording.gradient && !recording.tangent) {
    call.callOriginal();
    return;
  }
  const Tensor A = call.tensor(0);
  if (recording.isDifferentiatedAgain()) {
    // The original kernel checks the arguments and computes the factors, which have no derivatives.
    call.callWithoutDerivatives();
  } else {
    makeContiguousIfBatched(call, recording);
    call.callOriginal();
    // At a singular matrix libtorch's tangent is zero, and so is the gradient of a backward pass that records no graph.
    if (!hasZero(call.output(0).toTensor())) return;
  }
  call.output(0) = determinant(A);
}

Tensor inverseTimes(const Tensor& A, const Tensor& B, bool left) {
  return std::get<0>(at::linalg_solve_ex(A, B, left, /*check_errors=*/false));
}

// A -> (sign, logabsdet, LU, pivots): the tangent of log det(A) is t = tr(A^-1 dA). Its real part is the tangent of
// log |det(A)|, its imaginary part the tangent of the argument of det(A).
void slogdet(KernelCall& call) {
  const Recording recording = call.recording();
  if (!recording.tangent || !recording.isDifferentiatedAgain()) {
    makeContiguousIfBatched(call, recording);
    call.callOriginal();
    return;
  }
  const Tensor tangent = call.takeTangent(0);
  const Tensor A = call.primal(0);
  call.callOriginal();
  const Tensor trace = inverseTimes(A, tangent, /*left=*/true).diagonal(0, -2, -1).sum(-1);
  const Tensor sign = call.primalOutput(0);
  if (A.is_complex()) {
    call.setTangent(0, sign * (trace - at::real(trace)));
    call.setTangent(1, at::real(trace));
  } else {
    call.setTangent(0, at::zeros_like(sign));
    call.setTangent(1, trace);
  }
}

// (A, B, left, check_errors) -> (X, LU, pivots, info): dX = A^-1 (dB - dA X), or (dB - X dA) A^-1.
void solve(KernelCall& call) {
  const Recording recording = call.recording();
  if (!recording.tangent || !recording.isDifferentiatedAgain()) {
    call.callOriginal();
    return;
  }
  const Tensor dA = call.takeTangent(0);
  const Tensor dB = call.takeTangent(1);
  const Tensor A = call.primal(0);
  const Tensor B = call.primal(1);
  const bool left = call.argument(2).toBool();
  const bool isVector = isVectorOf(A, B);
  call.callOriginal();
  const Tensor X = call.primalOutput(0);
  const auto columns = [&](const Tensor& tensor) { return isVector ? tensor.unsqueeze(-1) : tensor; };

  Tensor right = dB.defined() ? columns(dB) : Tensor();
  if (dA.defined()) {
    const Tensor product = left ? dA.matmul(columns(X)) : columns(X).matmul(dA);
    right = right.defined() ? right - product : -product;
  }
  Tensor tangent = inverseTimes(A, right, left);
  if (isVector) tangent = tangent.squeeze(-1);
  call.setTangent(0, tangent.expand_as(X));
}

// The operators read one triangle of the factor, but libtorch's gradient has elements in the other triangle too.
Tensor triangle(const Tensor& factor, bool upper) { return upper ? factor.triu() : factor.tril(); }

Tensor lower(const Tensor& factor, bool upper) { return upper ? factor.triu().mH() : factor.tril(); }

// If an argument has a gradient and a tangent, cholesky_inverse and cholesky_solve are decomposed into triangular
// solves: libtorch's kernel would save the result for reverse mode with the tangent of its own rule.
//
// (L, upper) -> A^-1 of A = L L^H: with Y = L^-H L^-1 dL L^-1, dA^-1 = -(Y + Y^H).
void choleskyInverse(KernelCall& call) {
  const Recording recording = call.recording();
  if (!recording.gradient && !recording.tangent) {
    call.callOriginal();
    return;
  }
  const bool upper = call.argument(1).toBool();
  if (recording.gradient && recording.tangent) {
    const Tensor L = lower(call.tensor(0), upper);
    const Tensor identity = at::eye(L.size(-1), L.options());
    const Tensor inverse = at::linalg_solve_triangular(L, identity, /*upper=*/false);
    call.setOutputs(inverse.mH().matmul(inverse));
    return;
  }
  const Tensor tangent = call.takeTangent(0);
  call.argument(0) = triangle(call.tensor(0), upper);
  if (!tangent.defined()) {
    call.callOriginal();
    return;
  }
  const Tensor L = lower(call.tensor(0), upper);
  call.callOriginal();
  const Tensor inverse = call.output(0).toTensor();
  const Tensor Y =
      at::linalg_solve_triangular(L, inverse.matmul(lower(tangent, upper)), /*upper=*/false, /*left=*/false);
  call.setTangent(0, -(Y + Y.mH()));
}

// (B, L, upper) -> X = A^-1 B of A = L L^H: dX = A^-1 (dB - dA X), dA = dL L^H + L dL^H.
void choleskySolve(KernelCall& call) {
  const Recording recording = call.recording();
  if (!recording.gradient && !recording.tangent) {
    call.callOriginal();
    return;
  }
  const bool upper = call.argument(2).toBool();
  if (recording.gradient && recording.tangent) {
    const Tensor L = lower(call.tensor(1), upper);
    const Tensor Y = at::linalg_solve_triangular(L, call.tensor(0), /*upper=*/false);
    call.setOutputs(at::linalg_solve_triangular(L.mH(), Y, /*upper=*/true));
    return;
  }
  const Tensor dB = call.takeTangent(0);
  const Tensor dFactor = call.takeTangent(1);
  const Tensor factor = triangle(call.tensor(1), upper);
  call.argument(1) = factor;
  call.callOriginal();
  if (!dB.defined() && !dFactor.defined()) return;
  const Tensor X = call.output(0).toTensor();
  Tensor right = dB;
  if (dFactor.defined()) {
    const Tensor product = lower(dFactor, upper).matmul(lower(factor, upper).mH());
    const Tensor change = (product + product.mH()).matmul(X);
    right = right.defined() ? right - change : -change;
  }
  call.setTangent(0, at::cholesky_solve(right, factor, upper).expand_as(X));
}

// (self, upper)
Tensor cholesky(c10::ArrayRef<c10::IValue> arguments, c10::ArrayRef<c10::IValue> /*outputs*/) {
  return at::linalg_cholesky(arguments[0].toTensor(), arguments[1].toBool());
}

// Solves A X = B, or A^H X = B, for A = P L U, whose factors L and U share one matrix.
Tensor solveFactored(const Tensor& LU, const Tensor& P, const Tensor& B, bool adjoint) {
  if (!adjoint) {
    const Tensor Y = at::linalg_solve_triangular(LU, P.mT().matmul(B), /*upper=*/false, /*left=*/true,
                                                 /*unitriangular=*/true);
    return at::linalg_solve_triangular(LU, Y, /*upper=*/true);
  }
  const Tensor Y = at::linalg_solve_triangular(LU.mH(), B, /*upper=*/false);
  return P.matmul(at::linalg_solve_triangular(LU.mH(), Y, /*upper=*/true, /*left=*/true, /*unitriangular=*/true));
}

// (LU, pivots, B, left, adjoint): X A = B is A^H X^H = B^H.
void luSolve(KernelCall& call) {
  if (!call.recording().tangent) {
    call.callOriginal();
    return;
  }
  call.checkArguments();
  const Tensor LU = call.tensor(0);
  const Tensor B = call.tensor(2);
  const bool left = call.argument(3).toBool();
  const bool adjoint = call.argument(4).toBool();
  const Tensor P = std::get<0>(at::lu_unpack(constantOf(LU), call.tensor(1), /*unpack_data=*/false));
  call.setOutputs(left ? solveFactored(LU, P, B, adjoint) : solveFactored(LU, P, B.mH(), !adjoint).mH());
}

// (A, B, rcond, driver) -> (solution, residuals, rank, singular values). Some drivers return no singular values.
void lstsq(KernelCall& call) {
  const Tensor A = call.tensor(0);
  const Recording recording = recordingOf(call.arguments().slice(0, 1));
  const bool isDifferentiated = recording.tangent || (recording.gradient && c10::GradMode::is_enabled());
  call.callOriginal();
  if (isDifferentiated && call.output(3).toTensor().numel() > 0) {
    call.output(3) = at::linalg_svdvals(A).expand_as(call.output(3).toTensor());
  }
}

}  // namespace

void registerLinalgForwardAd() {
  // A registration lasts as long as its Library object.
  static torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::Autograd, __FILE__, __LINE__);
  overrideAutogradKernel(library, "_linalg_det", CallKernel::factory(&det));
  overrideAutogradKernel(library, "_linalg_slogdet", CallKernel::factory(&slogdet));
  overrideAutogradKernel(library, "_linalg_solve_ex", CallKernel::factory(&solve));
  overrideAutogradKernel(library, "linalg_lu_solve", CallKernel::factory(&luSolve));
  overrideAutogradKernel(library, "cholesky", CallKernel::factory(&decomposeOutput<&cholesky>));
  overrideAutogradKernel(library, "cholesky_inverse", CallKernel::factory(&choleskyInverse));
  overrideAutogradKernel(library, "cholesky_solve", CallKernel::factory(&choleskySolve));
  overrideAutogradKernel(library, "linalg_lstsq", CallKernel::factory(&lstsq));
}

}  // namespace torch_func
