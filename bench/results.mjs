// What a benchmark compares of a result, which may be large.

import pytree from '../dist/pytree.js';

/** The sum of the absolute values of each tensor in a result. @param {unknown} result @returns {number[]} */
export function sums(result) {
  const leaves = /** @type {import('../dist/index.js').Tensor[]} */ (pytree.flatten(result).leaves);
  return leaves.map((leaf) => leaf.abs().sum({ dtype: 'float64' }).item());
}
