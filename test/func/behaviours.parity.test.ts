/** What PyTorch's own tests of torch.func try, against PyTorch: test/behaviours/ says which is which. */

import { compositionBehaviours } from './behaviours/composition';
import { functionalizeBehaviours } from './behaviours/functionalized';
import { gradBehaviours } from './behaviours/grad';
import { jacobianBehaviours } from './behaviours/jacobians';
import { jvpBehaviours } from './behaviours/jvp';
import { modeBehaviours } from './behaviours/modes';
import { vjpBehaviours } from './behaviours/vjp';
import { parity, some, tensorOf } from '../support/parity/cases';

parity('behaviours of torch.func', (cases) => {
  cases.inputs({
    x: some([3]),
    y: some([3], 'float64', 2),
    m: some([2, 3], 'float64', 3),
    k: some([3, 2], 'float64', 4),
    t: some([2, 2, 3], 'float64', 5),
    w: some([4, 3], 'float64', 6),
    v: some([4], 'float64', 7),
    z: some([3], 'complex128', 8),
    i: tensorOf([2, 0], 'int64'),
    s: tensorOf(0.75),
    u: tensorOf(-1.25),
  });
  cases.group('grad', () => gradBehaviours(cases));
  cases.group('vjp', () => vjpBehaviours(cases));
  cases.group('Jacobians', () => {
    cases.inputs({
      x: some([3]),
      y: some([3], 'float64', 2),
      m: some([2, 3], 'float64', 3),
      k: some([3, 2], 'float64', 4),
      q: some([2, 2], 'float64', 6),
      t: some([2, 2, 3], 'float64', 5),
      u: some([2], 'float64', 7),
      v: some([2], 'float64', 8),
      s: tensorOf(0.75),
      z: some([1], 'complex128', 9),
    });
    jacobianBehaviours(cases);
  });
  cases.group('jvp', () => {
    cases.inputs({
      m: some([2, 3], 'float64', 3),
      n: some([2, 3], 'float64', 4),
      k: some([3, 2], 'float64', 5),
      l: some([3, 2], 'float64', 6),
      t: some([2, 2, 3], 'float64', 7),
      w: some([4, 2], 'float64', 8),
      s: tensorOf(0.75),
    });
    jvpBehaviours(cases);
  });
  cases.group('composition', () => {
    cases.inputs({
      x: some([3]),
      u: some([3], 'float64', 2),
      v: some([4], 'float64', 3),
      m: some([2, 3], 'float64', 4),
      k: some([3, 2], 'float64', 5),
      q: some([3, 3], 'float64', 6),
      w: some([4, 3], 'float64', 7),
      l: some([4, 2], 'float64', 8),
      t: some([2, 3, 4], 'float64', 9),
      s: tensorOf(0.75),
    });
    compositionBehaviours(cases);
  });
  cases.group('functionalize', () => {
    cases.inputs({
      o: some([4, 2]),
      t: some([5, 3], 'float64', 2),
      m: some([2, 3], 'float64', 3),
      k: some([3, 2], 'float64', 4),
    });
    functionalizeBehaviours(cases);
  });
  cases.group('modes', () => modeBehaviours(cases));
});
