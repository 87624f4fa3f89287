// The inputs of the rows: values between -2 and 2 from an integer hash, which inputs.py computes bit for bit alike.

/** @param {number} seed @param {number} count */
export function values(seed, count) {
  const result = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let h = Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(seed, 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
    h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
    result[i] = ((h ^ (h >>> 16)) >>> 0) / 2 ** 30 - 2;
  }
  return result;
}
