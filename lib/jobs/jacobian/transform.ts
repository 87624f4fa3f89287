/** The Jacobians of a batch of samples: `vmap(jacrev(f))` or `vmap(jacfwd(f))`. */

import { jacfwd, jacrev, vmap } from '../../func';
import type { Tensor } from '../../tensor';
import type { SampleFunction } from '../function/sample-function';

/** Reverse or forward mode. */
export type Mode = 'rev' | 'fwd';

/** The function that takes samples of shape (N, ...in) to Jacobians of shape (N, ...out, ...in). */
export function batchJacobian(fn: SampleFunction, mode: Mode): (samples: Tensor) => Tensor {
  return vmap(mode === 'rev' ? jacrev(fn.call) : jacfwd(fn.call)) as (samples: Tensor) => Tensor;
}
