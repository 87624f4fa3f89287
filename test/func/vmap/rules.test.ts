/** Operators whose batching rules have corners of their own: indexing, factorizations, checks, searches. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import { expectError } from '../../support/errors';
import { checkChoices, checkVmap, expectClose, rand, randn, withoutFallback } from '../../support/vmap';

const { vmap, RuntimeError } = torch;
const int64 = { dtype: 'int64' } as const;
const indices = (values: unknown): Tensor => torch.tensor(values as number[], int64);

beforeEach(() => {
  torch.manualSeed(0);
});

describe('factorizations that are not unique, multiplied again', () => {
  test('svd', () => {
    for (const fullMatrices of [true, false]) {
      const product = (a: Tensor): Tensor => {
        const [u, s, vh] = torch.linalg.svd(a, { fullMatrices });
        const k = s.shape[0];
        return u
          .narrow(1, 0, k)
          .mul(s)
          .matmul(vh.narrow(0, 0, k));
      };
      for (const shape of [
        [3, 3],
        [5, 2],
        [2, 5],
      ])
        checkChoices(product, [randn(...shape)], { gradients: !fullMatrices });
    }
  });

  test('eigh', () => {
    const product = (a: Tensor): Tensor => {
      const [values, vectors] = torch.linalg.eigh(a.add(a.mT));
      return vectors.mul(values).matmul(vectors.mT);
    };
    checkChoices(product, [randn(4, 4)], { tolerance: 1e-8 });
  });
});

describe('linear algebra of vectors', () => {
  test.each<[string, (x: Tensor) => unknown]>([
    ['det', (x) => torch.linalg.det(x)],
    ['slogdet', (x) => torch.linalg.slogdet(x)],
    ['inv', (x) => torch.linalg.inv(x)],
    ['cholesky', (x) => torch.linalg.cholesky(x)],
    ['eig', (x) => torch.linalg.eig(x)],
    ['eigh', (x) => torch.linalg.eigh(x)],
    ['eigvals', (x) => torch.linalg.eigvals(x)],
    ['eigvalsh', (x) => torch.linalg.eigvalsh(x)],
    ['svd', (x) => torch.linalg.svd(x)],
    ['svdvals', (x) => torch.linalg.svdvals(x)],
    ['qr', (x) => torch.linalg.qr(x)],
    ['lu', (x) => torch.linalg.lu(x)],
    ['luFactor', (x) => torch.linalg.luFactor(x)],
    ['pinv', (x) => torch.linalg.pinv(x)],
    ['matrixRank', (x) => torch.linalg.matrixRank(x)],
    ['matrixPower', (x) => torch.linalg.matrixPower(x, 2)],
    ['cond', (x) => torch.linalg.cond(x)],
    ['solve', (x) => torch.linalg.solve(x, x)],
    ['lstsq', (x) => torch.linalg.lstsq(x, x)],
    ['householderProduct', (x) => torch.linalg.householderProduct(x, x)],
  ])('%s refuses them, mapped or not', (_, fn) => {
    const x = randn(3, 3);
    expect(() => fn(x.select(0, 0))).toThrow(/dimension/);
    expect(() => vmap(fn as any)(x)).toThrow(/dimension/);
  });

  test('multiDot refuses one in the middle', () => {
    const fn = (tensors: Tensor[]): Tensor => torch.linalg.multiDot(tensors);
    const factors = [randn(3, 3), randn(3), randn(3, 3)];
    const message = /tensor 1 must be 2D but got 1D/;
    expectError(() => fn(factors), RuntimeError, message);
    expectError(() => vmap(fn)(factors.map((factor) => factor.expand([3, ...factor.shape]))), RuntimeError, message);
  });
});

describe('indexFill', () => {
  const cases: [string, number[], number, unknown, number | null][] = [
    [
      'a dimension from the end, only the index mapped',
      [2, 5, 5],
      -2,
      [
        [2, 3],
        [0, 4],
      ],
      null,
    ],
    ['both mapped', [2, 3], 0, [[0], [1]], 0],
    ['both mapped, an index without dimensions', [2, 3], 0, [0, 1], 0],
    ['a tensor without dimensions', [], 0, [[0], [0]], null],
    ['both without dimensions', [], 0, [0, 0], null],
    ['only the index mapped', [3], 0, [[0], [1]], null],
    ['only an index without dimensions mapped', [3], 0, [0, 1], null],
    ['a matrix, an index without dimensions', [2, 3, 3], 0, [0, 1], 0],
  ];
  test.each(cases)('%s', (_, shape, dim, index, at) => {
    for (const value of [5, rand()]) {
      const fn = (x: Tensor, i: Tensor): Tensor => x.indexFill(dim, i, value as number);
      checkVmap(fn, [randn(...shape), indices(index)], { inDims: [at, 0] });
    }
  });
});

describe('writing at indices', () => {
  /** `fn` of a tensor, an index and values, each mapped or not. */
  function check(
    fn: (x: Tensor, index: Tensor, values: Tensor) => Tensor,
    x: Tensor,
    index: Tensor,
    values: Tensor,
  ): void {
    const options = { gradients: false };
    checkVmap(fn, [x, index, values], options);
    checkVmap(fn, [x, index.select(0, 0), values], { ...options, inDims: [0, null, 0] });
    checkVmap(fn, [x, index, values.select(0, 0)], { ...options, inDims: [0, 0, null] });
    checkVmap(fn, [x, index.select(0, 0), values.select(0, 0)], { ...options, inDims: [0, null, null] });
  }

  test('of the first, the last and a middle dimension', () => {
    check((x, i, v) => x.indexPut_([i], v), randn(3, 4, 5), torch.zeros([3, 2], int64), randn(3, 2, 5));
    check(
      (x, i, v) => x.indexPut_([':', i], v),
      randn(3, 2, 3),
      indices([
        [1, 2],
        [1, 2],
        [0, 2],
      ]),
      randn(3, 1, 2),
    );
    check(
      (x, i, v) => x.indexPut_([':', i, ':'], v),
      randn(3, 2, 3, 3),
      indices([
        [0, 2],
        [0, 2],
        [1, 2],
      ]),
      randn(3, 1, 2, 3),
    );
  });

  // PyTorch gives wrong values here where sizes are alike, and an error where they are not.
  test('behind a slice, where the index is mapped', () => {
    const one = indices([
      [0, 2],
      [1, 0],
      [2, 1],
    ]);
    // Mapped over whatever the index or the values are mapped over: else there is no writing into it.
    const copy = (x: Tensor, i: Tensor, v: Tensor): Tensor => x.add(i.sum().mul(0)).add(v.sum().mul(0));
    const second = (x: Tensor, i: Tensor, v: Tensor): Tensor => copy(x, i, v).indexPut_([':', i], v);
    for (const [shape, values] of [
      [
        [5, 3],
        [5, 2],
      ],
      [
        [5, 3],
        [1, 2],
      ],
      [[5, 3], [2]],
      [[5, 3], []],
      [
        [2, 3],
        [2, 2],
      ],
      [
        [5, 3, 4],
        [5, 2, 4],
      ],
      [
        [5, 3, 4],
        [2, 4],
      ],
    ]) {
      checkChoices(
        (x: Tensor, v: Tensor, i: Tensor) => second(x, i, v),
        [randn(...shape), randn(...values), one.select(0, 0)],
      );
    }
    // The last of three, two next to each other, an index of two dimensions, nested, added.
    const check3 = (fn: (x: Tensor, i: Tensor, v: Tensor) => Tensor, values: number[], index = one): void =>
      checkVmap(
        (x: Tensor, i: Tensor, v: Tensor) => fn(x.mul(1), i, v),
        [randn(3, 5, 4, 3), index, randn(3, ...values)],
      );
    check3((x, i, v) => x.indexPut_([':', ':', i], v), [5, 4, 2]);
    check3((x, i, v) => x.indexPut_([':', i, i.flip(0)], v), [5, 2]);
    check3((x, i, v) => x.indexPut_([':', i], v), [5, 2, 2, 3], torch.stack([one, one.flip(1)], 1));
    check3((x, i, v) => torch.ops.aten.index_put_(x, [null, i], v, true) as Tensor, [5, 2, 3]);
    check3((x, i, v) => torch.indexPut(x, [null, i] as Tensor[], v), [5, 2, 3]);
    checkVmap((i: Tensor, x: Tensor, v: Tensor) => second(x, i, v), [one, randn(3, 6, 5, 3), randn(6, 5, 2)], {
      levels: [{ inDims: [null, 0, 0] }, { inDims: [0, 0, null] }],
    });
  });

  test('with a slice between two indices', () => {
    const fn = (x: Tensor, v: Tensor, i: Tensor, j: Tensor): Tensor =>
      x.add(v.sum().mul(0)).add(i.sum().mul(0)).add(j.sum().mul(0)).indexPut_([i, ':', j], v);
    for (const values of [[2, 5], [5], []]) {
      checkChoices(fn, [randn(4, 5, 3), randn(...values), indices([3, 1]), indices([0, 2])]);
    }
  });

  test('behind a slice, differentiated', () => {
    const f = (x: Tensor, i: Tensor, v: Tensor): Tensor => x.mul(1).indexPut_([':', i], v.sin()).cos();
    const [x, i, v] = [
      randn(3, 5, 3),
      indices([
        [0, 2],
        [1, 0],
        [2, 1],
      ]),
      randn(3, 5, 2),
    ];
    const tangent = (a: Tensor, b: Tensor, c: Tensor): unknown =>
      torch.func.jvp((p: Tensor, q: Tensor) => f(p, b, q), [a, c], [a.sin(), c.cos()]);
    checkVmap(tangent, [x, i, v]);
    // And the other way round: the tangent of a batch is the batch of the tangents.
    const batch = torch.func.jvp((p: Tensor, q: Tensor) => vmap(f)(p, i, q), [x, v], [x.sin(), v.cos()]);
    expectClose(batch, vmap(tangent)(x, i, v));
  });

  test('of slices', () => {
    const fn = (x: Tensor, v: Tensor): Tensor => x.indexPut_([':', ':2', ':'], v);
    checkVmap(fn, [randn(3, 2, 3, 3), randn(3, 1, 2, 3)], { gradients: false });
    checkVmap(fn, [randn(3, 2, 3, 3), randn(1, 2, 3)], { gradients: false, inDims: [0, null] });
  });

  test('of several dimensions, with indices that are not mapped', () => {
    const [rows, columns] = [indices([[0]]), indices([1, 2])];
    const fn = (x: Tensor, v: Tensor): Tensor => x.indexPut_([rows, columns], v);
    const [x, value] = [torch.zeros([3, 3, 4], { dtype: 'float64' }), torch.ones([3, 2], { dtype: 'float64' })];
    const expected = x.clone().indexPut_([indices([[0], [1], [2]]), rows, columns], value);
    expectClose(vmap(fn)(x.clone(), value), expected);
    expectClose(vmap(fn, { inDims: [0, null] })(x.clone(), value.select(0, 0)), expected);
  });

  test('of a mask, and of a number', () => {
    const masked = (x: Tensor, g: Tensor): Tensor =>
      torch.ops.aten.index_put(g, [x.lt(1e-9)], torch.zeros([], { dtype: 'float64' })) as Tensor;
    checkVmap(masked, [randn(1, 3, 3), randn(2, 1, 3, 3)], { inDims: [null, 0], gradients: false });
    const index = indices([1, 3]);
    for (const inPlace of [true, false]) {
      const fn = (x: Tensor, v: Tensor): Tensor => (inPlace ? x.indexPut_([index], v) : torch.indexPut(x, [index], v));
      checkVmap(fn, [torch.zeros([2, 5], { dtype: 'float64' }), torch.ones([], { dtype: 'float64' })], {
        inDims: [0, null],
        gradients: false,
      });
    }
  });

  // As behind a slice: a mask counts as the indices of its elements. PyTorch's values are wrong, or an error.
  test('of masks that are not mapped, apart from each other', () => {
    const [rows, columns] = [torch.tensor([true, false, true]), torch.tensor([true, true, false, false])];
    const grid = torch.tensor([
      [true, false, true, true],
      [false, true, false, false],
    ]);
    for (const accumulate of [false, true]) {
      const options = { gradients: false };
      const apart = (x: Tensor, v: Tensor): Tensor => x.indexPut_([rows, ':', columns], v, { accumulate });
      checkVmap(apart, [randn(2, 3, 5, 4), randn(2, 2, 5)], options);
      checkVmap(apart, [randn(2, 3, 2, 4), randn(2, 2)], { ...options, inDims: [0, null] });
      const behind = (x: Tensor, v: Tensor): Tensor => x.indexPut_([':', grid], v, { accumulate });
      checkVmap(behind, [randn(3, 4, 2, 4), randn(3, 4, 4)], options);
      const mixed = (x: Tensor, i: Tensor, v: Tensor): Tensor => x.indexPut_([':', rows, i], v, { accumulate });
      checkVmap(mixed, [randn(2, 2, 3, 5), indices([[0, 4], [2, 1]]), randn(2, 2, 2)], options); // prettier-ignore
      checkVmap(mixed, [randn(2, 2, 3, 5), indices([0, 4]), randn(2, 2, 2)], { ...options, inDims: [0, null, 0] });
    }
    const wrong = (x: Tensor): Tensor => x.indexPut_([':', rows], 1);
    expectError(() => vmap(wrong)(randn(2, 3, 4)), torch.IndexError, /The shape of the mask \[3\]/);
  });
});

describe('reading at indices', () => {
  const reads: [string, (x: Tensor, i: Tensor) => Tensor][] = [
    ['the second dimension', (x, i) => x.index(':', i)],
    ['the first', (x, i) => x.index(i, ':')],
    ['the third', (x, i) => x.index(':', ':', i)],
  ];
  test.each(reads)('%s, with indices of every rank', (_, fn) => {
    for (const shape of [
      [5, 5, 5],
      [5, 5, 5, 5],
      [5, 5, 5, 5, 5],
    ]) {
      for (const rank of [[3], [3, 1], [3, 1, 1]]) {
        checkChoices(fn, [randn(...shape), indices([0, 1, 2]).reshape(rank)], { gradients: shape.length === 3 });
      }
    }
  });

  test('an index of the outer level on a tensor of the inner', () => {
    const e = rand(7, 4);
    const expected = torch.stack([0, 1].map((k) => e.t().index(':', `${k}:${k + 1}`)));
    const result = vmap((i: Tensor) => vmap((column: Tensor) => column.index(i), { inDims: 1 })(e))(
      indices([[0], [1]]),
    );
    expectClose(result, expected);
  });
});

test('searchsorted and bucketize, with boundaries that differ', () => {
  const boundaries = indices([
    [1, 4, 5, 7, 9],
    [1, 2, 6, 8, 10],
  ]);
  const search = (b: Tensor, v: Tensor): Tensor => torch.searchsorted(b, v);
  const bucketize = (b: Tensor, v: Tensor): Tensor => torch.bucketize(v, b);
  for (const fn of [search, bucketize]) {
    checkVmap(fn, [boundaries, indices(3)], { inDims: [0, null] });
    checkVmap(fn, [boundaries, indices([3, 4])]);
  }
});

test('writing into views of views, and back', () => {
  const fn = (x: Tensor): Tensor => {
    const view = x.mul(x).transpose(0, 1);
    view.index('2:4', '2:4').mul_(2);
    view.index('0:2', '0:2').diagonal().sin_();
    return view.index('1:3', '1:3').cos_();
  };
  const pullback = (x: Tensor, g: Tensor): Tensor => torch.func.vjp(fn, x)[1](g)[0] as Tensor;
  const [x, g] = [randn(3, 4, 4), randn(3, 2, 2)];
  // A step of it has no batching rule in PyTorch either.
  const options = { gradients: false, fallback: true };
  checkVmap(pullback, [x, g], options);
  checkVmap(pullback, [x.movedim(0, -1), g.movedim(0, -1)], { ...options, inDims: -1 });
  checkVmap(pullback, [x.select(0, 0), g], { ...options, inDims: [null, 0] });
});

describe('operators that look at the whole batch', () => {
  test.each(['_is_all_true', '_is_any_true'] as const)('%s gives a number that is not mapped', (name) => {
    const all = name === '_is_all_true';
    const x = torch.arange(10);
    const cases: [Tensor, boolean][] = [
      [x.ge(0), true],
      [x.lt(0), false],
      [x.ge(5), !all],
      [x.index('5:').ge(5), true],
      [x.index('::2').eq(5), false],
    ];
    for (const [mask, expected] of cases) {
      const seen: unknown[] = [];
      withoutFallback(() =>
        vmap((t: Tensor) => {
          const result = torch.ops.aten[name](t) as Tensor;
          seen.push(result.shape, result.item());
          return result;
        })(mask),
      );
      expect(seen).toEqual([[], expected]);
    }
  });

  test('a check of all elements fails for one that is wrong, in any sample', () => {
    const fn = (x: Tensor): Tensor => torch.ops.aten._test_check_tensor(x.ge(0)) as Tensor;
    const failure = /Test message for TORCH_CHECK_TENSOR_ALL/;
    for (const shape of [[1], [10], [1, 1], [1, 10], [10, 1], [10, 10], [1, 10, 1], [10, 10, 10]]) {
      const mapped = shape.length === 1 ? [vmap(fn)] : [vmap(fn), vmap(vmap(fn))];
      const good = rand(...shape);
      const one = good.clone();
      one
        .view([-1])
        .select(0, Math.floor(one.numel() / 2))
        .fill_(-1);
      for (const call of mapped) {
        withoutFallback(() => call(good));
        for (const bad of [good.sub(1), one])
          expectError(() => withoutFallback(() => call(bad)), RuntimeError, failure);
      }
    }
  });
});
