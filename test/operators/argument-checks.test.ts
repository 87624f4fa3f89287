/** Arguments that ended the process, because a kernel of libtorch does not check them. */

import * as torch from '../../lib';

test('nativeGroupNorm of meta tensors', () => {
  const meta = torch.empty([1, 2, 5, 5], { device: 'meta' });
  const norm = (n: number, c: number, positions: number, groups: number) => (): unknown =>
    torch.nativeGroupNorm(meta, null, null, n, c, positions, groups, 1e-5);
  expect(norm(0, -1, 0, 0)).toThrow('Expected num groups to be greater than 0, got 0');
  expect(norm(0, -1, 0, 1)).toThrow('expected an input of N * C * HxW elements, got the shape [1, 2, 5, 5]');
  expect(norm(1, 2, 25, 3)).toThrow('to be divisible by num_groups');
});

test('_computeLinearCombination', () => {
  const input = torch.tensor([[1, 2], [3, 4], [5, 6]]); // prettier-ignore
  const coefficients = torch.tensor([[1, 0, 1], [0, 2, 0]]); // prettier-ignore
  const right = coefficients.matmul(input);
  expect(torch._computeLinearCombination(input, coefficients).equal(right)).toBe(true);
  const out = torch.zeros(2, 2);
  expect(torch._computeLinearCombination(input, coefficients, { out }).equal(right)).toBe(true);
  const wrong = 'expected a matrix of coefficients with one column per slice of the input';
  expect(() => torch._computeLinearCombination(input, torch.ones(5, 8))).toThrow(wrong);
  expect(() => torch._computeLinearCombination(input, torch.ones(3))).toThrow(wrong);
  expect(() => torch._computeLinearCombination(input, coefficients.to('int64'))).toThrow('of the dtype of the input');
  expect(() => torch._computeLinearCombination(input, coefficients, { out: torch.ones(3, 2) })).toThrow(
    'expected an out tensor of shape [2, 2]',
  );
});

describe('a tensor without memory after a failed operator', () => {
  const message = 'The tensor has no memory: an earlier operator that changed its shape failed';

  function resized(): torch.Tensor {
    const x = torch.ones(2);
    expect(() => x.resize_([2 ** 45])).toThrow("can't allocate memory");
    return x;
  }

  function written(): torch.Tensor {
    const out = torch.ones(2);
    const factors = [torch.ones(2 ** 22, 1), torch.ones(1, 2 ** 23)] as const;
    expect(() => torch.mul(...factors, { out })).toThrow("can't allocate memory");
    return out;
  }

  test.each(Object.entries({ resized, written }))('%s', (_, make) => {
    const x = make();
    for (const use of [
      () => x.sign_(),
      () => torch._foreachSign_([x]),
      () => torch._foreachSigmoid_([x]),
      () => torch._foreachFrac_([x]),
      () => x.sum(),
      () => x.copy_(torch.ones(1)),
      () => x.data(),
    ]) {
      expect(use).toThrow(message);
    }
    for (const use of [
      () => torch.func.jvp((y: torch.Tensor) => y.sum(), [x], [x]),
      () => torch.vmap((y: torch.Tensor) => y.sum())(x),
      () => x.sin(),
      () => x.narrow(0, 1, 1),
      () => x.toArray(),
      () => String(x),
      () => x.resize_([2]),
    ]) {
      expect(use).toThrow();
    }
  });

  test('inside a transform, and a view of the old memory', () => {
    const x = torch.ones(2);
    const view = x.view(2);
    expect(() => torch.func.functionalize((y: torch.Tensor) => y.resize_([2 ** 45]))(x)).toThrow();
    expect(() => x.resize_([2 ** 45])).toThrow("can't allocate memory");
    expect(() => x.neg_()).toThrow(message);
    expect(view.toArray()).toEqual([1, 1]);
  });
});

test.each([1, 3, 5])('derivatives of det of meta tensors of size %i have shapes', (n) => {
  const A = torch.empty([n, n], { device: 'meta' });
  const det = (x: torch.Tensor): torch.Tensor => torch.linalg.det(x);
  const { hessian, jacfwd, jacrev } = torch.func;
  for (const first of [jacfwd(det)(A), jacrev(det)(A)])
    expect([first.device.type, first.shape]).toEqual(['meta', [n, n]]);
  for (const second of [hessian(det)(A), jacrev(jacrev(det) as typeof det)(A)] as torch.Tensor[]) {
    expect(second.shape).toEqual([n, n, n, n]);
  }
});
