/** Derivatives of reductions over segments, against differences. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectClose, expectDerivatives, expectVmapped, float64 } from '../support/derivatives';
import type { TensorFunction } from '../support/derivatives';

const { embeddingBag } = torch.nn.functional;
const { functional } = torch.autograd;
const { grad, jacfwd, jvp, linearize } = torch.func;

// The modes that differentiate the gradient by the cotangent give the derivative too.
function expectTransposed(f: TensorFunction, x: Tensor): void {
  const [, right] = jvp(f, [x], [x]);
  expectClose('linearize', linearize(f, x)[1](x), right, 1e-12);
  expectClose('functional.jvp', functional.jvp(f, x, x)[1], right, 1e-12);
}

describe('segmentReduce', () => {
  const x = torch.tensor([[0.3, -1.2, 0.7], [0.9, 0.4, -0.5], [1.1, 0.2, -0.8], [0.6, -0.3, 1.4]], float64); // prettier-ignore
  const samples = [x, x.flip(0), x.mul(x)];
  const lengths = torch.tensor([1n, 0n, 3n]);
  const offsets = torch.tensor([0n, 1n, 1n, 4n]);
  const rows = torch.tensor([[1n, 2n], [3n, 0n], [0n, 3n], [2n, 1n]]); // prettier-ignore

  describe.each(['sum', 'mean', 'max', 'min', 'prod'])('%s', (reduce) => {
    const cases: Record<string, TensorFunction> = {
      lengths: (y) => torch.segmentReduce(y, reduce, { lengths, initial: 1.3 }),
      offsets: (y) => torch.segmentReduce(y, reduce, { offsets, initial: 1.3 }),
      'of a later axis': (y) => torch.segmentReduce(y, reduce, { lengths: rows, axis: 1, initial: 2 }),
      'of a part': (y) =>
        torch.segmentReduce(y, reduce, { lengths: torch.tensor([2n, 1n]), unsafe: true, initial: -3 }),
    };
    test.each(Object.keys(cases))('%s', (name) => {
      // The product with y makes second derivatives of a sum.
      const f: TensorFunction = (y) => cases[name](y.mul(y.add(2)));
      expectDerivatives(f, x);
      expectVmapped(f, samples);
      expectTransposed(f, x);
    });

    test('values in forward mode, with an empty segment and without an initial value', () => {
      const f: TensorFunction = (y) => torch.segmentReduce(y, reduce, { lengths });
      const [value] = jvp(f, [x], [x]);
      expectClose('values', value.nanToNum(), f(x).nanToNum(), 1e-15);
      expect(value.isnan().equal(f(x).isnan())).toBe(true);
    });
  });
});

test('segmentReduce without segments or elements', () => {
  const lengths = torch.zeros([0], { dtype: 'int64' });
  for (const x of [torch.ones([3], float64), torch.ones([0], float64)]) {
    const f: TensorFunction = (y) => torch.segmentReduce(y, 'sum', { lengths, unsafe: true });
    expect(jacfwd(f)(x).shape).toEqual([0, ...x.shape]);
    expect(jvp(f, [x], [x])[1].shape).toEqual([0]);
    expect(linearize(f, x)[1](x).shape).toEqual([0]);
  }
});

describe('embeddingBag', () => {
  const table = torch.tensor([[0.3, -1.2], [0.9, 0.4], [1.1, 0.2], [0.6, -0.3]], float64); // prettier-ignore
  const input = torch.tensor([2n, 0n, 2n, 1n, 3n]);
  const offsets = torch.tensor([0n, 3n, 3n]);
  const perSampleWeights = torch.tensor([0.5, -1, 2, 0.3, 0.8], float64);

  const cases: Record<string, TensorFunction> = {
    sum: (y) => embeddingBag(input, y, { offsets, mode: 'sum' }),
    mean: (y) => embeddingBag(input, y, { offsets, mode: 'mean' }),
    max: (y) => embeddingBag(input, y, { offsets, mode: 'max' }),
    'sum with weights': (y) => embeddingBag(input, y, { offsets, mode: 'sum', perSampleWeights }),
    'mean without a padding index': (y) => embeddingBag(input, y, { offsets, mode: 'mean', paddingIdx: 2 }),
    'max without a padding index': (y) => embeddingBag(input, y, { offsets, mode: 'max', paddingIdx: 2 }),
    'sum up to a last offset': (y) =>
      embeddingBag(input, y, { offsets: torch.tensor([0n, 2n, 5n]), mode: 'sum', includeLastOffset: true }),
    'of a matrix of indices': (y) => embeddingBag(torch.tensor([[0n, 1n], [3n, 3n]]), y, { mode: 'mean' }), // prettier-ignore
    'of weights and table': (y) =>
      embeddingBag(input, y, { offsets, mode: 'sum', perSampleWeights: y.flatten().narrow(0, 0, 5) }),
    'of weights alone': (y) =>
      embeddingBag(input, table, { offsets, mode: 'sum', perSampleWeights: y.flatten().narrow(0, 2, 5) }),
  };
  test.each(Object.keys(cases))('%s', (name) => {
    const f: TensorFunction = (y) => cases[name](y.mul(y.add(2)));
    if (name !== 'of weights alone') {
      expectDerivatives(f, table);
      expectVmapped(f, [table, table.neg(), table.flip(0)]);
      expectTransposed(f, table);
    } else {
      // PyTorch has no gradient of the weights alone.
      expectClose(
        'jacfwd',
        jacfwd(f)(table),
        jacfwd((y: Tensor) => cases['of weights alone'](y.mul(y.add(2))))(table),
        0,
      );
    }
  });

  test('wrong arguments are errors of the operator in every mode', () => {
    const wrong: Record<string, TensorFunction> = {
      'index out of range': (y) => embeddingBag(torch.tensor([9n]), y, { offsets: torch.tensor([0n]) }),
      'first offset': (y) => embeddingBag(input, y, { offsets: torch.tensor([1n]) }),
      lengths: (y) => torch.segmentReduce(y, 'sum', { lengths: torch.tensor([-1n, 5n]) }),
      'sum of lengths': (y) => torch.segmentReduce(y, 'sum', { lengths: torch.tensor([9n]) }),
    };
    for (const f of Object.values(wrong)) {
      const messages = [() => f(table), () => jvp(f, [table], [table]), () => jacfwd(jacfwd(f))(table)].map((call) => {
        try {
          call();
          return 'no error';
        } catch (error) {
          return (error as Error).message;
        }
      });
      expect(messages[0]).not.toBe('no error');
      expect(new Set(messages).size).toBe(1);
    }
  });

  test('scaleGradByFreq, whose gradient is not the derivative, is refused', () => {
    const f: TensorFunction = (y) => embeddingBag(input, y, { offsets, mode: 'sum', scaleGradByFreq: true });
    expect(() => jacfwd(f)(table)).toThrow(
      'embedding_bag: with scaleGradByFreq=true the gradient is not the derivative',
    );
    expect(() => grad((y: Tensor) => f(y).sum())(table)).not.toThrow();
  });
});

describe('embedding', () => {
  const { embedding } = torch.nn.functional;
  const { hessian, jacrev } = torch.func;
  const table = torch.tensor([[0.3, -1.2], [0.9, 0.4], [1.1, 0.2]], float64); // prettier-ignore
  const input = torch.tensor([2n, 0n, 2n, 1n]);

  test('the row of the padding index is a constant in every mode', () => {
    const f = (y: Tensor): Tensor => embedding(input, y, { paddingIdx: 2 }).pow(3);
    const isFree = torch.tensor([[1], [1], [0]], float64); // prettier-ignore
    // The same function, without a padding index, of a table whose last row is a constant.
    const constant = table.mul(isFree.neg().add(1));
    const right = (y: Tensor): Tensor => embedding(input, y.mul(isFree).add(constant)).pow(3);
    const J = jacrev(right)(table) as Tensor;
    expectClose('jacrev', jacrev(f)(table) as Tensor, J, 1e-12);
    expectClose('jacfwd', jacfwd(f)(table) as Tensor, J, 1e-12);
    expectClose('linearize', linearize(f, table)[1](table), jvp(right, [table], [table])[1], 1e-12);
    const sum = (g: TensorFunction) => (y: Tensor): Tensor => g(y).sum(); // prettier-ignore
    const H = hessian(sum(right))(table) as Tensor;
    expectClose('hessian', hessian(sum(f))(table) as Tensor, H, 1e-12);
    expectClose('jacfwd of jacfwd', jacfwd(jacfwd(sum(f)))(table) as Tensor, H, 1e-12);
    expectClose('jacrev of jacfwd', jacrev(jacfwd(sum(f)))(table) as Tensor, H, 1e-12);
    expectVmapped(f, [table, table.neg()]);
  });

  test('the gradient by frequency is not the derivative: forward mode is refused', () => {
    const f = (y: Tensor): Tensor => embedding(input, y, { scaleGradByFreq: true }).sum();
    expectClose('grad', grad(f)(table) as Tensor, torch.ones(3, 2, float64), 0);
    expect(() => jacfwd(f)(table)).toThrow(/embedding: with scale.*the gradient is not the derivative/);
  });
});
