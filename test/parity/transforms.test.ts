/** The options of each transform, against PyTorch. */

import { derivatives } from './transforms/derivatives';
import { jacobians } from './transforms/jacobians';
import { mapping } from './transforms/mapping';
import { modes } from './transforms/modes';
import { normalizations } from './transforms/normalizations';
import { surroundings } from './transforms/surroundings';
import { parity, some, tensorOf } from '../support/parity/cases';

parity('transforms', (cases) => {
  cases.inputs({
    x: some([3]),
    y: some([3], 'float64', 2),
    m: some([2, 3], 'float64', 3),
    k: some([3, 2], 'float64', 4),
    t: some([2, 3, 4], 'float64', 5),
    f: some([3], 'float32', 6),
    z: some([3], 'complex128', 7),
    i: tensorOf([2, 0, 1], 'int64'),
    s: tensorOf(0.75),
  });
  for (const define of [derivatives, jacobians, mapping, modes, normalizations, surroundings]) define(cases);
});
