/** Operator calls: that overload resolution picks what Python's picks, and results follow. */

import { arithmetic } from './operators/arithmetic';
import { factories } from './operators/factories';
import { failures } from './operators/failures';
import { indexing } from './operators/indexing';
import { matrices } from './operators/matrices';
import { newTensors } from './operators/new-tensors';
import { reductions } from './operators/reductions';
import { scalars } from './operators/scalars';
import { shapes } from './operators/shapes';
import { parity, some, tensorOf } from '../support/parity/cases';

const operands = {
  x: some([3, 4]),
  y: some([3, 4], 'float64', 2),
  row: some([4], 'float64', 3),
  s: tensorOf(1.5),
  f: some([3, 4], 'float32', 4),
  h: some([3, 4], 'bfloat16', 5),
  half: some([3, 4], 'float16', 6),
  i: some([3, 4], 'int64', 7),
  u: some([3, 4], 'uint8', 8),
  b: some([3, 4], 'bool', 9),
  z: some([3, 4], 'complex128', 10),
  cf: some([3, 4], 'complex64', 11),
  n: tensorOf(3, 'int64'),
  empty: some([0, 4]),
};

parity('operators', (cases) => {
  cases.inputs(operands);
  for (const define of [arithmetic, reductions, shapes, indexing, matrices, factories, newTensors, failures, scalars])
    define(cases);
});
