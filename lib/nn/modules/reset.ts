/** The default initialisation of layers with a weight and a bias. */

import type { Tensor } from '../../tensor';
import { kaimingUniform_, uniform_ } from '../init';
import { fans } from '../init/fans';

/** Initialises the weight, then the bias if it exists, in PyTorch's order and with its bounds. */
export function drawWeightAndBias(weight: Tensor, bias: Tensor | null): void {
  kaimingUniform_(weight, Math.sqrt(5));
  if (bias === null) return;
  const { fanIn } = fans(weight);
  const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0;
  uniform_(bias, -bound, bound);
}
