/** torch.autograd.functional, grad and backward, and forward mode against PyTorch. */

import * as torch from '../../lib';
import { flat, parity, some, tensorOf } from '../support/parity/cases';
import { functionalCases } from './parity/functional';
import { gradCases } from './parity/grad';
import { forwardCases } from './parity/forward';

test('the default dtype is float32', () => {
  expect(torch.getDefaultDtype()).toBe('float32');
});

parity('autograd', (cases) => {
  cases.inputs({
    x: some([3], 'float64', 1),
    y: some([3], 'float64', 2),
    m: some([2, 3], 'float64', 3),
    s: tensorOf(0.5),
    f: some([2], 'float32', 4),
    z: some([2], 'complex128', 5),
    i: tensorOf([1, 2], 'int64'),
    b: some([4, 3], 'float64', 6),
    ones: flat([1, 1, 1], [3], 'float64'),
  });
  for (const define of [functionalCases, gradCases, forwardCases]) define(cases);
});
