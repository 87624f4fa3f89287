/** Composite operators as sums, products and elementwise operators. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import { operators, random, runPasses } from '../../support/passes';

const { grad } = torch.func;
const { functional: F } = torch.nn;
const passes = ['functionalize', 'decompositions', 'dead code'];

const cases: [string, (x: Tensor, y: Tensor) => Tensor, RegExp][] = [
  ['softmax', (x) => x.softmax(1), /_softmax/],
  ['logSoftmax', (x) => x.logSoftmax(0), /_softmax/],
  ['mseLoss', (x, y) => F.mseLoss(x, y), /mse_loss/],
  ['mseLoss, summed', (x, y) => F.mseLoss(x, y, { reduction: 'sum' }), /mse_loss/],
  ['mseLoss, each', (x, y) => F.mseLoss(x, y, { reduction: 'none' }), /mse_loss/],
  ['layerNorm', (x) => F.layerNorm(x, [4]), /layer_norm/],
  ['layerNorm of two dimensions', (x) => F.layerNorm(x, [3, 4]), /layer_norm/],
  ['layerNorm with parameters', (x, y) => F.layerNorm(x, [4], y.select(0, 0), y.select(0, 1)), /layer_norm/],
  ['addmm', (x, y) => x.addmm(x.mm(y.t()), y).mm(y.t()), /addmm/],
];

test.each(cases)('%s', (_name, f, composite) => {
  const inputs = random([3, 4], [3, 4]);
  const once = runPasses({ f: ([x, y]) => [f(x, y)], inputs, passes, tolerance: 2e-6 });
  expect(once.before).toMatch(composite);
  expect(once.after).not.toMatch(composite);
  const loss = (x: Tensor, y: Tensor): Tensor => f(x, y).mul(y.sum()).sin().sum();
  const gradients = runPasses({
    f: ([x, y]) => grad(loss, { argnums: [0, 1] })(x, y) as Tensor[],
    inputs,
    passes,
    tolerance: 1e-5,
  });
  expect(gradients.after).not.toMatch(composite);
});

test('the gradient of a float32 argument beside a float64 one is float32', () => {
  const inputs = (): Tensor[] => [torch.randn([3, 4]), torch.randn([3, 4], { dtype: 'float64' })];
  const f = ([a, b]: Tensor[]): Tensor[] => grad((c: Tensor, d: Tensor) => F.mseLoss(c, d), { argnums: [0, 1] })(a, b);
  const { after } = runPasses({ f, inputs, passes, tolerance: 2e-6 });
  expect(after).not.toMatch(/mse_loss/);
  const compiled = torch.compile(f, { fullgraph: true });
  for (let i = 0; i < 2; i++) expect(compiled(inputs()).map(({ dtype }) => dtype)).toEqual(['float32', 'float64']);
});

test('dot', () => {
  const { after } = runPasses({ f: ([x, y]) => [x.dot(y)], inputs: random([5], [5]), passes, tolerance: 2e-6 });
  expect(operators(after)).toEqual(['mul.Tensor', 'sum.dim_IntList']);
});
