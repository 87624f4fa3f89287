/** Compares the result of a compiled function with that of eager execution. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';

/** Asserts equal structure, dtypes, shapes and strides, and elements within the rounding of float32. */
export function expectSame(actual: unknown, expected: unknown): void {
  if (expected instanceof torch.Tensor) {
    expect(actual).toBeInstanceOf(torch.Tensor);
    const tensor = actual as Tensor;
    expect(tensor.dtype).toBe(expected.dtype);
    expect(tensor.shape).toEqual(expected.shape);
    expect(tensor.strides).toEqual(expected.strides);
    expect(torch.allclose(tensor, expected, { rtol: 2e-6, atol: 2e-6, equalNan: true })).toBe(true);
  } else if (typeof expected === 'object' && expected !== null) {
    expect(Object.keys(actual as object)).toEqual(Object.keys(expected));
    for (const key of Object.keys(expected)) {
      expectSame((actual as Record<string, unknown>)[key], (expected as Record<string, unknown>)[key]);
    }
  } else {
    expect(actual).toBe(expected);
  }
}
