// Second derivatives of eigenvalues and singular values of which some are equal.
#pragma once

#include "kernels/kernel_override.h"
#include "kernels/recording.h"

namespace torch_func {

// Replaces the derivatives of the first output of _linalg_eigh, the eigenvalues of A, if some of them are equal. To be
// called with the outputs of a call that computed eigenvectors.
void differentiateEigenvalues(KernelCall& call, const at::Tensor& A, const Recording& recording);

// The same for the second output of _linalg_svd, the singular values.
void differentiateSingularValues(KernelCall& call, const at::Tensor& A, const Recording& recording);

}  // namespace torch_func
