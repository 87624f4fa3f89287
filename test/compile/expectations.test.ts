/** Compiled functions with sizes that depend on values, and with operators that read values. The oracle is eager execution. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectSame } from '../support/compile/expect-same';

const { grad } = torch.func;

const warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
beforeEach(() => {
  warnings.mockClear();
  torch.manualSeed(0);
});

describe('values that are not seen in JavaScript are expected again', () => {
  const reasonsOf = (compiled: torch.Compiled) => compiled.explain().map(({ isCompiled }) => isCompiled);
  const values = (...numbers: number[]) => torch.tensor(numbers, { dtype: 'float64' });

  test('sizes that depend on values', () => {
    const f = (x: Tensor) =>
      x
        .index(x.gt(0))
        .div(torch.nonzero(x).shape[0])
        .add(x.maskedSelect(x.gt(0)));
    const compiled = torch.compile(f, { fullgraph: true });
    // Two sizes, in turns: each is compiled once.
    for (const x of [values(1, 0, 2), values(-1, 4, 2), values(0, 4, 2), values(5, 6, 0), values(3, -4, 2)]) {
      expectSame(compiled(x), f(x));
    }
    expect(reasonsOf(compiled)).toEqual([true, true]);
    expect(warnings).not.toHaveBeenCalled();
  });

  test('a shape that JavaScript computes with, although nothing reads the result', () => {
    const f = (x: Tensor) => x.mul(torch.nonzero(x).shape[0]);
    const compiled = torch.compile(f);
    for (const x of [values(1, 0), values(2, 0), values(1, 2), values(0, 0)]) expectSame(compiled(x), f(x));
    expect(reasonsOf(compiled)).toEqual([true, true, true]);
  });

  test('sizes that differ in every call are given up', () => {
    const f = (x: Tensor) => x.index(x.gt(0)).sin();
    const compiled = torch.compile(f);
    for (let i = 0; i < 30; i++) {
      const x = torch.arange(40, { dtype: 'float64' }).sub(i);
      expectSame(compiled(x), f(x));
    }
    expect(reasonsOf(compiled)).toContain(false);
    expect(compiled.explain().flatMap(({ reasons }) => reasons)).toContain(
      'the shape of the result of index() depends on values, and it differs from call to call',
    );
  });

  test('what libtorch and the library read', () => {
    const weighted = (x: Tensor, weights: Tensor) => x.cov({ aweights: weights });
    const compiled = torch.compile(weighted, { fullgraph: true });
    const x = torch.randn([2, 3], { dtype: 'float64' });
    for (const weights of [values(1, 2, 3), values(3, 2, 1)]) expectSame(compiled(x, weights), weighted(x, weights));
    expect(reasonsOf(compiled)).toEqual([true]);
    expect(() => compiled(x, values(1, 2, -3))).toThrow(/aweights/);

    const loss = (y: Tensor, variance: Tensor) => torch.nn.functional.gaussianNllLoss(y, y.sin(), variance);
    const compiledLoss = torch.compile(grad(loss), { fullgraph: true });
    for (let i = 0; i < 3; i++) expectSame(compiledLoss(x, x.exp().add(i)), grad(loss)(x, x.exp().add(i)));
    expect(reasonsOf(compiledLoss)).toEqual([true]);
    expect(() => compiledLoss(x, x.exp().neg())).toThrow('var has negative entry/entries');
  });

  test('what a kernel of this package reads', () => {
    const split = torch.compile((x: Tensor, at: Tensor) => torch.tensorSplit(x, at), { fullgraph: true });
    for (const at of [
      [1, 3],
      [1, 3],
      [2, 2],
    ]) {
      expectSame(
        split(torch.arange(5), torch.tensor(at, { dtype: 'int64' })),
        torch.tensorSplit(torch.arange(5), torch.tensor(at, { dtype: 'int64' })),
      );
    }
    // The gradient of a determinant takes another way at a singular matrix, and that of singular values at a large one.
    const determinant = grad((x: Tensor) => torch.linalg.det(x));
    const compiled = torch.compile(determinant, { fullgraph: true });
    const matrix = torch.tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { dtype: 'float64' },
    );
    const singular = torch.tensor(
      [
        [1, 2],
        [2, 4],
      ],
      { dtype: 'float64' },
    );
    for (const x of [matrix, singular, matrix.mul(2)]) expectSame(compiled(x), determinant(x));
    expectSame(
      compiled(singular),
      torch.tensor(
        [
          [4, -2],
          [-2, 1],
        ],
        { dtype: 'float64' },
      ),
    );
    const norm = grad((x: Tensor) => torch.linalg.svdvals(x).sum());
    const compiledNorm = torch.compile(norm, { fullgraph: true });
    for (const x of [matrix, matrix.mul(1e100), matrix.mul(1e-100)]) expectSame(compiledNorm(x), norm(x));
  });

  test('a size that follows from the largest value', () => {
    const { oneHot } = torch.nn.functional;
    const f = (x: Tensor) => oneHot(x).sum(0);
    const compiled = torch.compile(f, { fullgraph: true });
    const classes = (...numbers: number[]) => torch.tensor(numbers, { dtype: 'int64' });
    for (const largest of [2, 2, 3, 1, 5, 2, 7, 4, 6, 3]) {
      expectSame(compiled(classes(0, 1, largest)), f(classes(0, 1, largest)));
    }
    for (let i = 0; i < 2; i++) {
      expect(() => compiled(classes(0, 1, -1))).toThrow('Class values must be non-negative');
      expectSame(compiled(classes(0, 1, 2)), f(classes(0, 1, 2)));
    }
    // An error that the recorded call did not have.
    const three = torch.compile((x: Tensor) => oneHot(x, 3), { fullgraph: true });
    three(classes(0, 2));
    expect(() => three(classes(0, 3))).toThrow('Class values must be smaller than num_classes');
    expect(() => torch.fx.makeFx(f)(classes(0, 1))).toThrow('torch.fx.makeFx: item() reads values');
  });

  test('a tensor as number, which the function writes to afterwards', () => {
    const f = (x: Tensor, given: Tensor) => {
      const size = given.clone();
      const parts = torch.split(x, size as unknown as number);
      size.zero_();
      return parts;
    };
    const compiled = torch.compile(f, { fullgraph: true });
    for (const size of [2, 2, 3, 2]) {
      const shapes = [values(1, 2, 3), torch.tensor(size, { dtype: 'int64' })] as const;
      expectSame(compiled(...shapes), f(...shapes));
    }
    expect(reasonsOf(compiled)).toEqual([true, true]);
  });

  test('a call that draws random numbers or writes to an argument is not given up halfway', () => {
    const draws = (x: Tensor) =>
      x
        .index(x.gt(0))
        .sum()
        .add(torch.rand([2]));
    const writes = (x: Tensor) => x.index(x.add_(1).gt(0));
    const compiled = [torch.compile(draws), torch.compile(writes)];
    for (const x of [values(1, -2), values(1, 2), values(-3, 2)]) {
      torch.manualSeed(3);
      const expected = draws(x);
      torch.manualSeed(3);
      expectSame(compiled[0](x), expected);
      const [written, same] = [x.clone(), x.clone()];
      expectSame(compiled[1](written), writes(same));
      expectSame(written, same);
    }
    for (const f of compiled) expect(reasonsOf(f)).toEqual([false]);
    expect(() => torch.compile(draws, { fullgraph: true })(values(1))).toThrow('depends on values');
  });
});
