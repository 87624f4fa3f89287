/** `torch._higher_order_ops.associative_scan`. */

import { vmap } from '../../func/vmap';
import { native } from '../../native';
import { torchFunctions } from '../../operators';
import { aten } from '../../ops';
import type { Tensor } from '../../tensor';
import { type Body, type HigherOrder, expectBody } from './higher-order';

type Combine = (left: Tensor[], right: Tensor[]) => Tensor[];

const every = (x: Tensor, start: number, end: number, step: number): Tensor =>
  aten.slice.Tensor(x, 0, start, end, step) as Tensor;

/** `a[0], b[0], a[1], b[1], ...`, where `a` may have one row more. */
function interleave(a: Tensor, b: Tensor): Tensor {
  const pairs = native.shape(b)[0];
  const mixed = torchFunctions.stack([a.narrow(0, 0, pairs), b], 1).flatten(0, 1);
  return native.shape(a)[0] === pairs ? mixed : torchFunctions.cat([mixed, a.narrow(0, pairs, 1)]);
}

/** Combines neighbours, scans the half as many results, and fills in the rest; in Python's order. */
function scanPairs(combine: Combine, xs: Tensor[]): Tensor[] {
  const size = native.shape(xs[0])[0];
  if (size < 2) return xs;
  const reduced = combine(
    xs.map((x) => every(x, 0, size - 1, 2)),
    xs.map((x) => every(x, 1, size, 2)),
  );
  const odd = scanPairs(combine, reduced);
  const rest = xs.map((x) => every(x, 2, size, 2));
  const before = size % 2 === 0 ? odd.map((x) => x.narrow(0, 0, native.shape(x)[0] - 1)) : odd;
  const filled = size > 2 ? combine(before, rest) : rest;
  return xs.map((x, i) => interleave(torchFunctions.cat([x.narrow(0, 0, 1), filled[i]]), odd[i]));
}

/** The running results of an associative graph along the first dimension. */
export const associativeScan: HigherOrder = {
  types: ['graph', 'list', 'list'],
  check: ([body, xs, rest], outputs) =>
    (xs === 0 ? 'it scans no tensors' : null) ??
    expectBody('the combining graph', body, 2 * (xs as number) + (rest as number), outputs) ??
    (outputs === xs ? null : `it scans ${String(xs)} tensors, but returns ${outputs}`),
  run: (args) => {
    const [body, xs, rest] = args as [Body, Tensor[], unknown[]];
    // The graph is that of one pair of slices.
    const combine = vmap((left: Tensor[], right: Tensor[]) => body(...left, ...right, ...rest) as Tensor[]);
    return scanPairs(combine, xs);
  },
};
