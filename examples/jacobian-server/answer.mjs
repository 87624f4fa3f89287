// From the body of a request to that of its answer.

import torch from 'torch-func';

/** @typedef {import('torch-func').Tensor} Tensor */

/** The most samples in a request. The function is compiled for this size, and smaller batches are padded. */
export const BATCH = 16;

/** The numbers of a sample. */
export const INPUTS = 6;

/** @param {unknown} row */
const isSample = (row) => Array.isArray(row) && row.length === INPUTS && row.every((value) => Number.isFinite(value));

/**
 * Parses `{"inputs": [[...six numbers], ...]}`.
 *
 * @param {Uint8Array} body
 * @returns {{ inputs: Tensor, count: number }} the padded batch, and the number of samples in it
 */
export function parse(body) {
  /** @type {unknown} */
  const given = JSON.parse(Buffer.from(body).toString('utf8'));
  const inputs = /** @type {{ inputs?: unknown }} */ (given)?.inputs;
  if (!Array.isArray(inputs) || inputs.length === 0 || inputs.length > BATCH || !inputs.every(isSample)) {
    throw new TypeError(`'inputs' must be an array of 1 to ${BATCH} arrays of ${INPUTS} numbers`);
  }
  const values = new Float64Array(BATCH * INPUTS);
  values.set(inputs.flat());
  return { inputs: torch.fromTypedArray(values, [BATCH, INPUTS]), count: inputs.length };
}

/**
 * @param {Tensor} jacobians of shape (BATCH, 6, 6)
 * @param {number} count
 * @returns {Uint8Array} the answer
 */
export function format(jacobians, count) {
  return new TextEncoder().encode(JSON.stringify({ jacobians: jacobians.narrow(0, 0, count).toArray() }));
}

/**
 * @param {Uint8Array} body
 * @param {(inputs: Tensor) => Tensor} jacobian
 */
export function answer(body, jacobian) {
  return torch.scope(() => {
    const { inputs, count } = parse(body);
    return { bytes: format(jacobian(inputs), count) };
  }).bytes;
}
