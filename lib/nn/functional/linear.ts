/** Grouped matrix products. `linear` and `bilinear` are operators. */

import { readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import type { Dtype } from '../../dtype';
import { torchFunctions } from '../../operators';
import type { Tensor } from '../../tensor';

/** The options of {@link groupedMm}, all by name. */
export interface GroupedMmOptions {
  /** The end of each group, int32; required if an operand is 2-D. */
  offs?: Tensor | null;
  /** Not supported by PyTorch yet. */
  bias?: Tensor | null;
  /** The dtype of the result. */
  outDtype?: Dtype | null;
}

/**
 * The products of groups of matrices; `torch.nn.functional.grouped_mm`. Operands `(M, K)` or `(G, M, K)`,
 * and `(K, N)` or `(G, K, N)`; bfloat16, float16 or float32.
 *
 * @throws RuntimeError for shapes, strides or dtypes that do not match.
 */
export function groupedMm(matA: Tensor, matB: Tensor, ...optional: Optional<[], GroupedMmOptions>): Tensor {
  const options = readOptions<GroupedMmOptions>('groupedMm', optional, [], ['offs', 'bias', 'outDtype'], 2);
  return torchFunctions._groupedMm(matA, matB, options);
}
