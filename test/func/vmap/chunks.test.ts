/** `chunkSize`: the results of a `vmap` over everything at once, whatever the dimensions and structures. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import type { Dims, Randomness } from '../../../lib/func/vmap';
import { expectError } from '../../support/errors';
import { expectClose, randn } from '../../support/vmap';

const { vmap, ValueError } = torch;
const chunkSizes = [1, 2, 3, 4, 7, 100];

/** `body` with and without chunks, from the same seed. */
function compare(body: (chunkSize: number | null) => unknown): void {
  torch.manualSeed(1);
  const expected = body(null);
  for (const chunkSize of chunkSizes) {
    torch.manualSeed(1);
    expectClose(body(chunkSize), expected);
  }
}

describe.each(['error', 'same'] as Randomness[])('randomness %s', (randomness) => {
  const noise = (x: Tensor): Tensor => (randomness === 'error' ? x : x.add(torch.randLike(x)));
  const [x, y] = [randn(4, 5, 6), randn(4, 5, 6)];

  const cases = [0, 1, 2].flatMap((inDim) => [0, 1, 2].map((outDims) => ({ inDim, outDims })));
  test.each(cases)('inDims $inDim and outDims $outDims, tensors and structures', ({ inDim, outDims }) => {
    const first = x.select(inDim, 0);
    const calls: [(arg: any) => unknown, unknown, Dims][] = [
      [(t: Tensor) => noise(t.sin()), x, inDim],
      [([a, b]: Tensor[]) => noise(a.sin().add(b.cos())), [x, y], [[inDim, inDim]]],
      [(t: Tensor) => ({ out: noise(t.sin()), more: t.add(2) }), x, inDim],
      [
        (p: { a: Tensor; b: Tensor }) => ({ z: noise(p.a.sin().add(p.b.cos())), pair: [p.b, p.b.add(1)] }),
        { a: first, b: y },
        [{ a: null, b: inDim }],
      ],
      [
        (p: { a: number; b: Tensor }) => ({ z: noise(p.b.cos().add(p.a)), pair: [p.b, p.b.add(1)] }),
        { a: 2, b: y },
        [{ a: null, b: inDim }],
      ],
    ];
    for (const [fn, argument, inDims] of calls) {
      compare((chunkSize) => {
        let count = 0;
        const counted = (arg: any): unknown => (count++, fn(arg));
        const result = vmap(counted, { inDims, outDims, randomness, chunkSize })(argument);
        expect(count).toBe(Math.ceil(x.size(inDim) / (chunkSize ?? 100)));
        return result;
      });
    }
  });

  const pairs = [0, 1].flatMap((inDims) => [0, 1].map((outDims) => ({ inDims, outDims })));
  test.each(pairs)('nested, inDims $inDims and outDims $outDims', (dims) => {
    const calls: [(arg: any) => unknown, unknown][] = [
      [(t: Tensor) => noise(t.sin()), x],
      [([a, b]: Tensor[]) => noise(a.sin().add(b.cos())), [x, y]],
      [(t: Tensor) => ({ out: noise(t.sin()), more: t.add(2) }), x],
      [(p: { a: Tensor; b: Tensor }) => ({ z: noise(p.a.mul(p.b)), pair: [p.b, p.b.add(1)] }), { a: x, b: y }],
    ];
    for (const [fn, argument] of calls) {
      compare((chunkSize) =>
        vmap(vmap(fn, { ...dims, randomness, chunkSize }), { ...dims, randomness, chunkSize })(argument),
      );
    }
  });

  test.each(pairs)('refusals, inDims $inDims and outDims $outDims', ({ inDims, outDims }) => {
    const fn = (t: Tensor): Tensor => noise(t.sin());
    for (const chunkSize of [-1, 0]) {
      expectError(
        () => vmap(fn, { inDims, outDims, randomness, chunkSize })(x),
        ValueError,
        `vmap: chunkSize should be null or greater than 0. (got ${chunkSize})`,
      );
    }
    expectError(
      () => vmap(fn, { inDims, outDims: [outDims, outDims], randomness, chunkSize: 2 })(x),
      ValueError,
      /outDims is not compatible with the structure of `outputs`/,
    );
  });
});
