/** What PyTorch's tests of autograd.functional try, against PyTorch; and what they look at beside values. */

import * as torch from '../../lib';
import { standardBasis } from '../../lib/func/jacobian-blocks';
import { parity, some, tensorOf } from '../support/parity/cases';
import { functionalBehaviours } from './parity/functional-behaviours';

parity('autograd.functional', (cases) => {
  cases.inputs({
    x: some([3], 'float64', 1),
    y: some([3], 'float64', 2),
    m: some([2, 3], 'float64', 3),
    k: some([3, 2], 'float64', 4),
    q: some([2, 2], 'float64', 5),
    b: some([4], 'float64', 6),
    u: some([2], 'float64', 7),
    v: some([2], 'float64', 8),
    s: tensorOf(0.5),
  });
  functionalBehaviours(cases);
});

test.each([
  ['one tensor', [[2, 3]]],
  ['a scalar', [[]]],
  ['scalars and vectors', [[2], [], [3]]],
  ['tensors of several ranks', [[2, 3], [3], [3, 4, 2]]],
  ['an empty one among others', [[2], [0], [1]]],
])('the basis over %s is the identity, in the dtype of each', (_, shapes) => {
  const dtypes = ['float64', 'float32', 'float64'] as const;
  const tensors = shapes.map((shape, i) => torch.ones(shape, { dtype: dtypes[i] }));
  const size = tensors.reduce((sum, tensor) => sum + tensor.numel(), 0);
  const whole = (start: number, count: number): torch.Tensor => {
    const parts = standardBasis(tensors, start, count);
    parts.forEach((part, i) => {
      expect(part.dtype).toBe(tensors[i].dtype);
      expect(part.shape).toEqual([count, ...shapes[i]]);
    });
    return torch.cat(
      parts.map((part, i) => part.to('float32').reshape(count, tensors[i].numel())),
      1,
    );
  };
  expect(torch.equal(whole(0, size), torch.eye(size))).toBe(true);
  // In chunks of rows, too.
  for (let start = 0; start < size; start++) {
    expect(torch.equal(whole(start, 1), torch.eye(size).narrow(0, start, 1))).toBe(true);
  }
});

test('vectorized Jacobians and Hessians warn of nothing', () => {
  const emit = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  try {
    const { jacobian, hessian } = torch.autograd.functional;
    for (const strategy of ['reverse-mode', 'forward-mode'] as const) {
      jacobian((a) => a.pow(2).sum(), torch.ones(3), { vectorize: true, strategy });
      hessian((a) => a.pow(2).sum(), torch.ones(3), { vectorize: true, outerJacobianStrategy: strategy });
    }
    expect(emit.mock.calls).toEqual([]);
  } finally {
    emit.mockRestore();
  }
});
