/** How the layers that multiply by a weight and add a bias draw both. */

import type { Tensor } from '../../tensor';
import { kaimingUniform_, uniform_ } from '../init';
import { fans } from '../init/fans';

/** Draws the weight, then the bias if there is one, in PyTorch's order and from its bounds. */
export function drawWeightAndBias(weight: Tensor, bias: Tensor | null): void {
  kaimingUniform_(weight, Math.sqrt(5));
  if (bias === null) return;
  const { fanIn } = fans(weight);
  const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0;
  uniform_(bias, -bound, bound);
}
