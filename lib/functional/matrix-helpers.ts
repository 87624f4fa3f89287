/** Helpers of torch/_linalg_utils.py for the algorithms that PyTorch implements in Python. */

import { linalgFunctions, sparseFunctions } from '../operators';
import type { Tensor } from '../tensor';
import type { Dtype } from '../types';

/** The dtype to compute in: float16, float32 and float64 are kept, any other dtype becomes float32. */
export function floatingDtype(A: Tensor): Dtype {
  return ['float16', 'float32', 'float64'].includes(A.dtype) ? A.dtype : 'float32';
}

/** The product A B. A may be sparse, or null for the identity. */
export function matmul(A: Tensor | null, B: Tensor): Tensor {
  if (A === null) return B;
  return A.layout === 'sparse_coo' ? sparseFunctions.mm(A, B) : A.matmul(B);
}

/** The quadratic form Sᵀ A S. */
export function quadraticForm(A: Tensor | null, S: Tensor): Tensor {
  return matmul(S.mT, matmul(A, S));
}

/** An orthonormal basis of the columns. */
export function basis(A: Tensor): Tensor {
  return linalgFunctions.qr(A).Q;
}

/** The eigenvalues and eigenvectors of a symmetric matrix, in ascending or descending order. */
export function symmetricEigen(A: Tensor, largest = false): [E: Tensor, Z: Tensor] {
  const [E, Z] = linalgFunctions.eigh(A, 'U');
  return largest ? [E.flip([-1]), Z.flip([-1])] : [E, Z];
}
