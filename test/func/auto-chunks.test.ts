/** `chunkSize: 'auto'`: the results of a single batch, in chunks that follow what the function allocates. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { native } from '../../lib/native';
import { expectError } from '../support/errors';
import { expectClose, randn } from '../support/vmap';

const { grad, hessian, jacfwd, jacrev } = torch.func;
const { vmap, ValueError } = torch;
const auto = { chunkSize: 'auto' } as const;
const float64 = { dtype: 'float64' } as const;

/** The batch sizes of the innermost level, one for each call. */
function recorded(f: (x: Tensor) => Tensor): { f: (x: Tensor) => Tensor; sizes: number[] } {
  const sizes: number[] = [];
  return {
    sizes,
    f: (x) => {
      const level = torch.func.describeLevels().findLast(({ kind }) => kind === 'vmap');
      sizes.push(level?.kind === 'vmap' ? level.batchSize : 0);
      return f(x);
    },
  };
}

/** Holds as many blocks of 16 KiB for each sample as asked for, and returns the sample. */
const heavy =
  (blocks: number) =>
  (x: Tensor): Tensor => {
    const held = Array.from({ length: blocks }, () => x.newZeros([4096]).add(x));
    const result = x.mul(1);
    held.forEach((block) => block.dispose());
    return result;
  };

afterEach(() => {
  expect(native.levelDepth()).toBe(0);
});

describe('vmap', () => {
  const sizes = [0, 1, 2, 1024, 1025, 5000];
  const dims = [0, 1].flatMap((inDims) => [0, -1].map((outDims) => ({ inDims, outDims })));

  test.each(sizes.flatMap((n) => dims.map((dim) => ({ n, ...dim }))))(
    '$n samples, inDims $inDims, outDims $outDims',
    ({ n, ...options }) => {
      const x = options.inDims === 0 ? randn(n, 3) : randn(3, n);
      const f = (t: Tensor) => ({ sin: t.sin(), parts: [t.sum(), t.outer(t)] });
      expectClose(vmap(f, { ...options, ...auto })(x), vmap(f, options)(x));
    },
  );

  test('unmapped arguments, other leaves, and outputs with outDims null', () => {
    const f = (w: Tensor, { x, factor }: { x: Tensor; factor: number }) => [w.mul(x).mul(factor), w.mul(factor)];
    const options = { inDims: [null, { x: 0, factor: null }], outDims: [0, null] };
    const [w, x] = [randn(3), randn(1500, 3)];
    expectClose(vmap(f, { ...options, ...auto })(w, { x, factor: 2 }), vmap(f, options)(w, { x, factor: 2 }));
  });

  test('a small batch is one call', () => {
    const { f, sizes } = recorded((x) => x.sin());
    vmap(f, auto)(torch.ones(1024, 4));
    expect(sizes).toEqual([1024]);
  });

  test('a light function runs in few large chunks', () => {
    const { f, sizes } = recorded((x) => x.sin());
    vmap(f, auto)(torch.ones(100_000));
    expect(sizes).toEqual([1024, 16_384, 82_592]);
  });

  test('a function that holds much runs in small chunks, whose largest blocks fit the cache', () => {
    const { f, sizes } = recorded(heavy(3));
    vmap(f, auto)(torch.ones(8000));
    const { cache } = native.memoryLimits();
    expect(sizes[0]).toBe(1024);
    // The second chunk is larger, to tell what one more sample takes.
    expect(Math.max(...sizes.slice(2)) * 16_384).toBeLessThanOrEqual(Math.max(cache / 2, 16_384));
    expect(sizes.reduce((sum, size) => sum + size)).toBe(8000);
  });

  test('the result is contiguous and of the dtype of the function', () => {
    const x = torch.ones(2000, 2);
    for (const [f, dtype] of [
      [(t: Tensor) => t.gt(0), 'bool'],
      [(t: Tensor) => t.to('int64'), 'int64'],
      [(t: Tensor) => torch.complex(t, t), 'complex64'],
      [(t: Tensor) => torch.complex(t, t).conj(), 'complex64'],
    ] as const) {
      const result = vmap(f, { ...auto, outDims: 1 })(x);
      expect(result.dtype).toBe(dtype);
      expect(result.isContiguous()).toBe(true);
      expectClose(result, vmap(f, { outDims: 1 })(x));
    }
  });

  test('a result that changes its dtype between chunks is promoted, and one that changes its shape refused', () => {
    let calls = 0;
    const dtypes = (x: Tensor) => (calls++ === 0 ? x : x.to('float64'));
    expect(vmap(dtypes, auto)(torch.ones(1500, 2)).dtype).toBe('float64');
    calls = 0;
    const shapes = (x: Tensor) => (calls++ === 0 ? x : x.narrow(0, 0, 1));
    expect(() => vmap(shapes, auto)(torch.ones(1500, 2))).toThrow('Sizes of tensors must match');
  });

  test("'same' draws the same numbers for all samples, as a single batch does", () => {
    const f = (x: Tensor) => x.add(torch.randLike(x));
    const run = (chunkSize: 'auto' | null) => {
      torch.manualSeed(3);
      return vmap(f, { randomness: 'same', chunkSize })(torch.zeros(3000, 3));
    };
    expectClose(run('auto'), run(null));
  });

  test("'different' draws other numbers for each sample", () => {
    const noise = vmap((x: Tensor) => torch.randLike(x), { randomness: 'different', ...auto })(torch.zeros(2000));
    // float32 has 2^24 numbers here: a few of 2000 may be alike.
    expect(torch.unique(noise).numel()).toBeGreaterThan(1990);
  });

  test('a graph passes through the chunks', () => {
    const x = randn(1500, 3);
    const f = (t: Tensor) => t.sin().sum();
    const w = torch.ones(3, { ...float64, requiresGrad: true });
    const sum = vmap((t: Tensor) => w.mul(t).sum(), auto)(x).sum();
    expectClose(torch.autograd.grad(sum, w)[0], x.sum(0));
    expectClose(grad((t: Tensor) => vmap(f, auto)(t).sum())(x), x.cos());
    expectClose(torch.func.jvp((t: Tensor) => vmap(f, auto)(t), [x], [x])[1], x.cos().mul(x).sum(1));
  });

  test('an error of a later chunk leaves nothing behind', () => {
    let calls = 0;
    const fails = (x: Tensor): Tensor => {
      if (calls++ === 1) throw new Error('second chunk');
      return x.sin();
    };
    const { tensors } = torch.memoryUsage();
    expect(() => torch.scope(() => vmap(fails, auto)(torch.ones(100_000)))).toThrow('second chunk');
    // Fewer where a collection came in between.
    expect(torch.memoryUsage().tensors).toBeLessThanOrEqual(tensors);
  });

  test('nested, where the inner one counts the samples of the outer one', () => {
    const x = randn(1500, 1100);
    expectClose(
      vmap(
        vmap((t: Tensor) => t.sin(), auto),
        auto,
      )(x),
      x.sin(),
    );
    const { f, sizes } = recorded((t) => t.sin());
    vmap(vmap(f, auto))(torch.ones(4096, 40, float64));
    // A sample has 4096 × 8 bytes here.
    expect(sizes).toEqual([2, 32, 6]);
  });
});

describe('Jacobians', () => {
  const x = torch.linspace(-1, 1, 600, float64);
  const f = (t: Tensor) => t.sin().mul(t.flip(0));
  const expected = torch.diag(x.cos().mul(x.flip(0))).add(torch.diag(x.sin()).flip(1));

  test('in both modes', () => {
    expect(torch.allclose(jacrev(f)(x), expected)).toBe(true);
    expectClose(jacrev(f, auto)(x), expected);
    expectClose(jacfwd(f, auto)(x), expected);
  });

  test('run in chunks', () => {
    const { f: counted, sizes } = recorded(f);
    jacfwd(counted, auto)(x);
    // 600 columns of 600 × 8 bytes
    expect(sizes).toEqual([13, 208, 379]);
  });

  test('of several arguments and outputs, with the value', () => {
    const g = (a: Tensor, b: Tensor) => ({ sum: a.mul(b).sum(), all: a.mul(b) });
    const [a, b] = [randn(20, 15), randn(20, 15)];
    const options = { argnums: [0, 1], returnValue: true } as const;
    expectClose(jacrev(g, { ...options, ...auto })(a, b), jacrev(g, options)(a, b));
    expectClose(jacfwd(g, { ...options, ...auto })(a, b), jacfwd(g, options)(a, b));
  });

  test('of no elements, and of one', () => {
    expect(jacrev(f, auto)(torch.zeros(0)).shape).toEqual([0, 0]);
    expect(jacfwd(f, auto)(torch.zeros(0)).shape).toEqual([0, 0]);
    expectClose(jacrev((t: Tensor) => t.sin(), auto)(torch.zeros(1)), torch.ones(1, 1));
  });

  test('one column is batched too, unlike chunkSize 1', () => {
    const dynamic = (t: Tensor): Tensor => t.mul(t.sum().gt(0).item() ? 1 : 2);
    expectClose(jacfwd(dynamic, { chunkSize: 1 })(x), torch.eye(600, float64).mul(2));
    expectClose(jacfwd(dynamic, auto)(x), torch.eye(600, float64).mul(2));
  });

  test('hessian', () => {
    expectClose(hessian((t: Tensor) => t.pow(3).sum(), auto)(x), torch.diag(x.mul(6)));
  });

  test('inside vmap and grad', () => {
    const batch = randn(40, 30);
    const g = (t: Tensor) => t.pow(3);
    expectClose(vmap(jacrev(g, auto))(batch), vmap(jacrev(g))(batch));
    expectClose(vmap(jacfwd(g, auto))(batch), vmap(jacfwd(g))(batch));
    expectClose(grad((t: Tensor) => jacrev(g, auto)(t).sum())(x), x.mul(6));
  });

  test("'same' and 'different'", () => {
    const noisy = (t: Tensor) => t.mul(torch.rand([], float64));
    torch.manualSeed(1);
    const factor = torch.rand([], float64);
    torch.manualSeed(1);
    expectClose(jacfwd(noisy, { ...auto, randomness: 'same' })(x), torch.eye(600, float64).mul(factor));
    const different = jacfwd(noisy, { ...auto, randomness: 'different' })(x).diagonal();
    expect(torch.unique(different).numel()).toBe(600);
  });
});

describe('other strings are refused', () => {
  const option = { chunkSize: 'fast' as 'auto' };
  test.each([
    [
      'vmap',
      () => vmap((t: Tensor) => t, option),
      "vmap: chunkSize should be null, 'auto' or greater than 0. (got fast)",
    ],
    [
      'jacrev',
      () => jacrev((t: Tensor) => t, option),
      /^jacrev: .*should be null, 'auto' or greater than 0, but got fast/,
    ],
    [
      'jacfwd',
      () => jacfwd((t: Tensor) => t, option),
      /^jacfwd: .*should be null, 'auto' or greater than 0, but got fast/,
    ],
    [
      'hessian',
      () => hessian((t: Tensor) => t, option),
      /^hessian: .*should be null, 'auto' or greater than 0, but got/,
    ],
  ])('%s', (_, make, message) => {
    expectError(make, ValueError, message);
  });
});
