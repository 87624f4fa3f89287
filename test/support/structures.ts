/** Comparison of nested values: tensors within a tolerance, all else exactly. */

import * as torch from '../../lib';
import { expectClose } from './numbers';

/** @param at - What the value is, for the error. */
export function expectSame(found: unknown, expected: unknown, at: string): void {
  if (torch.isTensor(expected)) {
    if (!torch.isTensor(found)) throw new Error(`${at} is ${String(found)}`);
    expectClose(found, expected, 1e-12, at);
  } else if (Array.isArray(expected)) {
    expect([at, Array.isArray(found), (found as unknown[]).length]).toEqual([at, true, expected.length]);
    expected.forEach((item, i) => expectSame((found as unknown[])[i], item, `${at}[${i}]`));
  } else if (typeof expected === 'object' && expected !== null) {
    expect(Object.keys(found as object)).toEqual(Object.keys(expected));
    for (const [key, item] of Object.entries(expected)) {
      expectSame((found as Record<string, unknown>)[key], item, `${at}.${key}`);
    }
  } else {
    expect([at, found]).toEqual([at, expected]);
  }
}
