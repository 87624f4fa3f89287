/** The triggers of messages.json for vmap. The functions have the names that the messages show. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';

const { vmap } = torch;
const x = torch.tensor([1, 2, 3]);
const m = torch.ones(2, 3);

function f1(t: Tensor): Tensor {
  return t.sin();
}
function ff(a: Tensor, b: Tensor): Tensor {
  return a.mul(b);
}

function same(actual: unknown, expected: unknown): void {
  expect(actual).toEqual(expected);
}

/** Maps over the rows of `m`. */
function map(func: (t: Tensor) => unknown, options?: torch.func.VmapOptions, input: Tensor = m): unknown {
  return vmap(func, options)(input);
}

function escaped(): Tensor {
  let kept: Tensor | undefined;
  map((t) => (kept = t.mul(2)));
  return kept!;
}

function withFallbackOff(): unknown {
  torch.func.setBatchingFallback('error');
  try {
    return map((t) => t.take(torch.tensor([0n])));
  } finally {
    torch.func.setBatchingFallback('warn');
  }
}

export const vmapTriggers: Record<string, () => unknown> = {
  'vmap randomness bad': () => vmap(f1, { randomness: 'bogus' as never }),
  'vmap chunk_size 0': () => vmap(f1, { chunkSize: 0 }),
  'vmap chunk_size -1': () => vmap(f1, { chunkSize: -1 }),
  'vmap no inputs': () => (vmap(f1) as () => unknown)(),
  'vmap in_dims None all': () => vmap(ff, { inDims: [null, null] })(m, m),
  'vmap in_dims None top-level': () => vmap(f1, { inDims: null })(x),
  'vmap in_dims list': () => same((vmap(f1, { inDims: [0] })(m) as Tensor).shape, [2, 3]),
  'vmap structure mismatch': () => vmap(ff, { inDims: [0] })(m, m),
  'vmap structure mismatch dict': () => vmap((d: { a: Tensor }) => d.a, { inDims: [{ b: 0 }] })({ a: x }),
  'vmap in_dim float': () => vmap(f1, { inDims: [0.5] })(x),
  'vmap in_dim on non tensor': () => vmap((t: never) => t)(2 as never),
  'vmap in_dim oob': () => vmap(f1, { inDims: 1 })(x),
  'vmap in_dim oob neg': () => vmap(f1, { inDims: -2 })(x),
  'vmap 0-d tensor': () => vmap(f1)(torch.tensor(1)),
  'vmap size mismatch': () => vmap(ff)(x, m),
  'vmap non-tensor output': () => map(() => 1.5),
  'vmap None output': () => map(() => null),
  'vmap out_dims None BatchedTensor': () => vmap(f1, { outDims: null })(m),
  'vmap out_dims None non-batched ok': () => {
    same(
      map(() => 5, { outDims: null }),
      5,
    );
  },
  'vmap out_dims struct mismatch tensor': () => vmap(f1, { outDims: [0, 0] })(m),
  'vmap out_dims struct mismatch tuple': () => map((t) => [t, t], { outDims: [0, 0, 0] }),
  'vmap out_dims str': () => vmap(f1, { outDims: 'lol' as never })(m),
  'vmap out_dims float': () => vmap(f1, { outDims: 0.5 })(m),
  'vmap out_dim oob': () => vmap(f1, { outDims: 3 })(m),
  'vmap bool in_dim': () => vmap(f1, { inDims: [true as never] })(x),
  'vmap item': () => map((t) => t.sum().item()),
  'vmap if': () => map((t) => (t.sum().isNonzero() ? t : t.neg())),
  'vmap nonzero': () => map((t) => t.nonzero()),
  'vmap masked_select': () => map((t) => t.index(t.gt(0))),
  'vmap unique': () => map((t) => torch.unique(t)),
  'vmap allclose': () => map((t) => t.allclose(t)),
  'vmap equal': () => map((t) => t.equal(t)),
  'vmap rand error': () => map((t) => t.add(torch.randn(3))),
  'vmap dropout error': () => map((t) => torch.nn.functional.dropout(t, 0.5, true)),
  'vmap same randomness batched in-place': () => {
    const { shape } = map((t) => t.clone().normal_(), { randomness: 'same' }) as Tensor;
    same(shape, [2, 3]);
  },
  'vmap rand inplace unbatched different': () => map(() => torch.zeros(3).normal_(), { randomness: 'different' }),
  'vmap inplace unbatched': () => map((t) => torch.zeros(3).add_(t)),
  'vmap inplace fallback unbatched': () => map((t) => torch.zeros(3).atan2_(t)),
  'vmap inplace copy_ captured': () => map((t) => torch.zeros(3).copy_(t)),
  'vmap inplace index put': () => map((t) => torch.zeros(3).indexPut_([0], t.index(0))),
  'vmap size-0 batch': () => {
    same((map(f1, {}, torch.ones(0, 3)) as Tensor).shape, [0, 3]);
  },
  'vmap size-0 batch fallback': () => map((t) => t.take(torch.tensor([0n])), {}, torch.ones(0, 3)),
  'vmap chunk size0': () => {
    same((map(f1, { chunkSize: 1 }, torch.ones(0, 3)) as Tensor).shape, [0, 3]);
  },
  'vmap chunk None out_dims': () => {
    same(
      map(() => 5, { outDims: null, chunkSize: 1 }),
      5,
    );
  },
  'vmap escaped tensor': () => escaped().add(1),
  'vmap numpy': () => map((t) => t.data()),
  'vmap tolist': () => map((t) => t.toArray()),
  'vmap backward inside': () => map((t) => (t.requiresGrad_(), t)),
  'vmap torch.tensor of batched': () => {
    const out = map((t) => torch.tensor([t.index(0), t.sum()])) as Tensor;
    same(out.toArray(), [
      [1, 3],
      [1, 3],
    ]);
  },
  'vmap one_hot': () => map((t) => torch.nn.functional.oneHot(t), {}, torch.tensor([0n, 1n])),
  'vmap batch_norm running': () => {
    const [mean, variance] = [torch.zeros(3), torch.ones(3)];
    return map((t) => torch.nn.functional.batchNorm(t, mean, variance, { training: true }), {}, torch.ones(2, 4, 3));
  },
  'vmap is_contiguous memory format': () =>
    map((t) => t.isContiguous({ memoryFormat: 'channels_last' }), {}, torch.ones(2, 3, 4, 5, 6)),
  'vmap as_strided ok': () => {
    same((map((t) => t.asStrided([2], [1])) as Tensor).shape, [2, 2]);
  },
  'vmap disabled fallback': withFallbackOff,
  'vmap generator': () => {
    const generator = new torch.Generator();
    const draw = () => map(() => torch.randn([3], { generator: generator.manualSeed(1) }), { randomness: 'different' });
    same((draw() as Tensor).toArray(), torch.randn([2, 3], { generator: generator.manualSeed(1) }).toArray());
  },
};
