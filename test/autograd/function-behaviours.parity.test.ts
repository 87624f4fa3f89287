/** Custom functions as PyTorch's own tests try them. */

import { flat, parity, some, tensorOf } from '../support/parity/cases';
import { customFunctionBehaviours } from './parity/custom-functions';

parity('custom functions', (cases) => {
  cases.inputs({
    x: some([3], 'float64', 1),
    y: some([3], 'float64', 2),
    m: some([2, 3], 'float64', 3),
    s: tensorOf(0.5),
    ones: flat([1, 1, 1], [3], 'float64'),
  });
  customFunctionBehaviours(cases);
});
