/** Every form of index under `vmap`, in place or not, and the operators that gather and scatter. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import { checkChoices, randn } from '../../support/vmap';

const index = torch.tensor([0, 2], { dtype: 'int64' });

beforeEach(() => {
  torch.manualSeed(0);
  torch.func.setBatchingFallback('silent');
});
afterAll(() => {
  torch.func.setBatchingFallback('warn');
});

/** `x`, mapped over whatever the others are mapped over: else there is no writing into it. */
const copyFor = (x: Tensor, ...others: Tensor[]): Tensor =>
  others.reduce((sum, other) => sum.add(other.sum().mul(0)), x.mul(1));

type Form = (i: Tensor) => (Tensor | null)[];

describe.each<[string, Form, number[], number[]]>([
  ['[i]', (i) => [i], [3, 5], [2, 5]],
  ['[:, i]', (i) => [null, i], [5, 3], [5, 2]],
  ['[:, :, i]', (i) => [null, null, i], [5, 4, 3], [5, 4, 2]],
  ['[:, i, :]', (i) => [null, i], [5, 3, 4], [5, 2, 4]],
  ['[:, i, i]', (i) => [null, i, i], [5, 3, 3], [5, 2]],
  ['[i, :, i]', (i) => [i, null, i], [3, 5, 3], [2, 5]],
  ['[:, i, :, i]', (i) => [null, i, null, i], [5, 3, 4, 3], [2, 5, 4]],
])('x%s', (_, form, shape, selected) => {
  const indices = (i: Tensor): Tensor[] => form(i) as Tensor[];
  test('is read', () => {
    checkChoices((x: Tensor, i: Tensor) => torch.ops.aten.index(x, indices(i)), [randn(...shape), index]);
  });
  test.each([[selected], [selected.slice(-1)], [[]]])('is written with values of shape %j', (values) => {
    const inputs = [randn(...shape), randn(...values), index];
    for (const accumulate of [false, true]) {
      checkChoices((x: Tensor, v: Tensor, i: Tensor) => torch.indexPut(x, indices(i), v, accumulate), inputs);
      checkChoices(
        (x: Tensor, v: Tensor, i: Tensor) => torch.ops.aten.index_put_(copyFor(x, v, i), indices(i), v, accumulate),
        inputs,
      );
    }
  });
});

// In PyTorch neither.
const WITHOUT_RULE = ['indexCopy_', 'scatter_'];

test.each<[string, (x: Tensor, v: Tensor, i: Tensor) => Tensor]>([
  ['indexAdd', (x, v, i) => x.indexAdd(1, i, v)],
  ['indexAdd_', (x, v, i) => copyFor(x, v, i).indexAdd_(1, i, v)],
  ['indexCopy', (x, v, i) => x.indexCopy(1, i, v)],
  ['indexCopy_', (x, v, i) => copyFor(x, v, i).indexCopy_(1, i, v)],
  ['indexFill_', (x, v, i) => copyFor(x, v, i).indexFill_(1, i, 3)],
  ['indexSelect', (x, v, i) => x.indexSelect(1, i).add(v)],
  ['scatter', (x, v, i) => x.scatter(1, i.expand([5, 2]), v)],
  ['scatter_', (x, v, i) => copyFor(x, v, i).scatter_(1, i.expand([5, 2]), v)],
  ['scatterAdd', (x, v, i) => x.scatterAdd(1, i.expand([5, 2]), v)],
  ['gather', (x, v, i) => x.gather(1, i.expand([5, 2])).mul(v)],
  ['takeAlongDim', (x, v, i) => torch.takeAlongDim(x, i.expand([5, 2]), 1).mul(v)],
  ['selectScatter', (x, v) => torch.selectScatter(x, v.select(1, 0), 1, 2)],
  ['sliceScatter', (x, v) => torch.sliceScatter(x, v, 1, 0, 2)],
  ['diagonalScatter', (x, v) => torch.diagonalScatter(x, v.flatten().narrow(0, 0, 3))],
])('%s', (name, fn) => {
  // Whatever a function leaves out still takes part, so that each choice of arguments is mapped over.
  const inputs = [randn(5, 3), randn(5, 2), index];
  const fallback = WITHOUT_RULE.includes(name);
  checkChoices((x: Tensor, v: Tensor, i: Tensor) => fn(x, v, i).add(i.sum().mul(0)), inputs, { fallback });
});
