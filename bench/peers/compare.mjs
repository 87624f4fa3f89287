// Compares the results of two peers, element by element.

import fs from 'node:fs';

/** @typedef {{ file: string, dtype: string, shape: readonly number[] }} Leaf a tensor's values in row-major order */

/** Relative to the largest element: the peers sum in different orders. */
const TOLERANCES = { float32: 2e-5, float64: 1e-12 };
const arrays = { float32: Float32Array, float64: Float64Array };

/** @param {Leaf} leaf */
function read({ file, dtype }) {
  const { buffer, byteOffset, length } = fs.readFileSync(file);
  const Type = arrays[/** @type {keyof typeof arrays} */ (dtype)];
  return new Type(buffer, byteOffset, length / Type.BYTES_PER_ELEMENT);
}

/** @param {Leaf[]} leaves */
const shapesOf = (leaves) => leaves.map(({ shape }) => `[${shape.join(', ')}]`).join(', ');

/**
 * What is different, or null. The dtypes may differ: forward mode in PyTorch computes in float64 where a tensor of no
 * dimension is multiplied by a number.
 *
 * @param {Leaf[]} leaves
 * @param {Leaf[]} expected
 * @returns {string | null}
 */
export function differenceOf(leaves, expected) {
  const [shapes, wantedShapes] = [shapesOf(leaves), shapesOf(expected)];
  if (shapes !== wantedShapes) return `${shapes} instead of ${wantedShapes}`;
  for (const [i, leaf] of leaves.entries()) {
    const [values, wanted] = [read(leaf), read(expected[i])];
    let scale = 0;
    for (const value of wanted) scale = Math.max(scale, Math.abs(value));
    const isSingle = leaf.dtype === 'float32' || expected[i].dtype === 'float32';
    const tolerance = scale * TOLERANCES[isSingle ? 'float32' : 'float64'];
    // Negated, so that NaN is a difference.
    const at = values.findIndex((value, j) => !(Math.abs(value - wanted[j]) <= tolerance));
    if (at >= 0) return `element ${at} of result ${i} is ${values[at]} instead of ${wanted[at]}`;
  }
  return null;
}
