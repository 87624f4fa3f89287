/** torch.nn's modules against PyTorch's: text, initial values, results, state, errors. */

import { flat, parity, some, tensorOf } from '../support/parity/cases';
import { initializations } from './modules/initializations';
import { layers } from './modules/layers';
import { state } from './modules/state';

const probabilities = (seed: number) => {
  const values = some([3, 4], 'float32', seed).values as number[];
  return flat(
    values.map((value) => (value + 2) / 4),
    [3, 4],
    'float32',
  );
};

parity('torch.nn', (cases) => {
  cases.inputs({
    x: some([3, 4], 'float32'),
    y: some([3, 4], 'float32', 2),
    p: probabilities(3),
    q: probabilities(4),
    c: tensorOf([1, 0, 3], 'int64'),
    i: tensorOf(
      [
        [1, 0],
        [3, 1],
      ],
      'int64',
    ),
    seq: some([2, 4, 8], 'float32', 5),
    img: some([2, 3, 5, 6], 'float32', 6),
    vol: some([2, 2, 3, 4, 3], 'float32', 7),
  });
  layers(cases);
  initializations(cases);
  state(cases);
});
