/** torch.nn.functional against PyTorch's: values, gradients, random numbers, errors, and the names. */

import * as torch from '../../lib';
import { flat, parity, some, tensorOf } from '../support/parity/cases';
import { activations } from './functional/activations';
import { layers } from './functional/layers';
import { losses } from './functional/losses';
import { transformers } from './functional/transformers';

const F = torch.nn.functional;

const positive = some([3, 4], 'float64', 3);
const inputs = {
  x: some([3, 4]),
  y: some([3, 4], 'float64', 2),
  pos: { ...positive, values: positive.values.map((value) => Math.abs(value as number) + 0.25) },
  p: { ...positive, values: positive.values.map((value) => Math.abs(value as number) / 2) },
  square: some([4, 4], 'float64', 12),
  row: some([4], 'float64', 4),
  s: tensorOf(-1.5),
  f: some([3, 4], 'float32', 5),
  z: some([3, 4], 'complex128', 6),
  i: some([3, 4], 'int64', 7),
  c: tensorOf([1, 0, 3], 'int64'),
  labels: tensorOf(
    [
      [3, 0, -1, 1],
      [0, -1, 2, 3],
      [1, 2, 3, -1],
    ],
    'int64',
  ),
  seq: some([2, 3, 8], 'float64', 8),
  img: some([2, 4, 6, 6], 'float64', 9),
  vol: some([2, 2, 4, 4, 4], 'float64', 10),
  grid: some([2, 3, 2, 2], 'float64', 11),
  logp: some([5, 2, 4], 'float64', 13),
  words: tensorOf(
    [
      [1, 2],
      [3, 1],
    ],
    'int64',
  ),
  lengths: tensorOf([5, 4], 'int64'),
  wordlengths: tensorOf([2, 1], 'int64'),
  flat: tensorOf([4, 1, 1, 0, 5], 'int64'),
  start: tensorOf([0, 2, 4], 'int64'),
  b3: some([2, 16, 16], 'bfloat16', 14),
  ends: tensorOf([8, 16], 'int32'),
  q: some([4, 2, 8], 'float64', 15),
  k: some([3, 2, 8], 'float64', 16),
  wi: some([24, 8], 'float64', 17),
  bi: some([24], 'float64', 18),
  wo: some([8, 8], 'float64', 19),
  bo: some([8], 'float64', 20),
  bk: some([1, 1, 8], 'float64', 21),
  mask: some([4, 3], 'float64', 22),
  square4: some([4, 4], 'float64', 23),
  kmask: flat([false, true, false, false, false, true], [2, 3], 'bool'),
  fixed: some([4, 5, 4], 'float64', 24),
};

/** What lib/nn/functional/index.ts says is left out. */
const LEFT_OUT = ['scaledMm', 'scaledGroupedMm', 'ScalingType', 'SwizzleType', 'assertIntOrPair'];

parity('torch.nn.functional', (cases) => {
  cases.inputs(inputs);

  cases.group('names', () => {
    // What torch/nn/functional.py defines or takes from an operator, not what it imports to do so.
    cases.add(
      `modules = ('torch.nn.functional', 'torch._C._nn', 'torch')
names = [n for n in dir(F) if n[0] != '_' and (n.isupper() or getattr(getattr(F, n), '__module__', '') in modules)]
words = [n.split('_') for n in names if n not in ('Tensor', 'BroadcastingList1') and not n.isupper()]
camel = [w[0] + ''.join(p[:1].upper() + p[1:] for p in w[1:]) + ('_' if w[-1] == '' else '') for w in words]
known = ${JSON.stringify([...Object.keys(F), ...LEFT_OUT])}
return sorted(set(camel + [n for n in names if n.isupper() and n != 'TYPE_CHECKING']) - set(known))`,
      () => [],
      { name: 'every public name is there, or listed as left out' },
    );
  });

  for (const define of [activations, losses, layers, transformers]) define(cases);

  cases.group('arguments', () => {
    const wrong: [name: string, call: (inputs: any) => unknown, message: RegExp][] = [
      ['too many', ({ x, y }) => (F.mseLoss as any)(x, y, 'mean', null, 1), /mseLoss\(\) takes from 2 to 4 positional/],
      ['an unknown name', ({ x, y }) => F.mseLoss(x, y, { reduce: true } as any), /unknown option 'reduce'/],
      ['given twice', ({ x, y }) => F.mseLoss(x, y, 'mean', { reduction: 'sum' }), /multiple values .*'reduction'/],
      ['none', () => (F.mseLoss as any)(), /mseLoss\(\): missing required argument 'input' \(Tensor\)/],
      ['one missing', ({ x }) => (F.mseLoss as any)(x), /mseLoss\(\): missing required argument 'target' \(Tensor\)/],
      [
        'an array',
        ({ x }) => F.huberLoss(x, [1, 2] as any),
        /huberLoss\(\): argument 'target' must be Tensor, not array/,
      ],
      [
        'a wrong weight',
        ({ x, y }) => F.l1Loss(x, y, { weight: 2 as any }),
        /'weight' must be Tensor or null, not number/,
      ],
      ['a text', ({ x }) => F.dropout(x, 'half' as any), /dropout\(\): argument 'p' must be a number, not string/],
      [
        'a size in words',
        ({ img }) => F.interpolate(img, 'big' as any),
        /'size' must be an array of numbers, not string/,
      ],
      ['a grid size', ({ x }) => F.affineGrid(x, 4 as any), /'size' must be an array of numbers, not number/],
      ['no kernel', ({ seq }) => (F.lpPool1d as any)(seq, 2), /'kernelSize' must be a number or an array of numbers/],
      ['a long kernel', ({ img }) => F.unfold(img, [2, 2, 2]), /'kernelSize' must have 1 or 2 elements, not 3/],
    ];
    for (const [name, call, message] of wrong) {
      cases.add(
        `return True`,
        (given) => {
          expect(() => call(given)).toThrow(message);
          expect(() => call(given)).toThrow(TypeError);
          return true;
        },
        { name },
      );
    }
  });
});
