/**
 * Jacobians of a layer: row by row in a loop, all rows at once, with respect to any argument; and when forward mode is
 * the better choice.
 *
 *     npm run example -- jacobians
 */

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';

import { check, checkThat, part } from './support/check';

const { jacfwd, jacrev, vjp, vmap } = torch.func;

torch.setDefaultDtype('float64');
torch.manualSeed(0);

/** A linear layer and tanh, for one sample. */
function predict(weight: Tensor, bias: Tensor, x: Tensor): Tensor {
  return torch.nn.functional.linear(x, weight, bias).tanh();
}

/** The derivative of tanh at the output of the layer, a factor of every Jacobian below. */
const slope = (weight: Tensor, bias: Tensor, x: Tensor): Tensor => predict(weight, bias, x).square().neg().add(1);

/** The closed form: d predict / d x = diag(slope) weight. */
const jacobianByX = (weight: Tensor, bias: Tensor, x: Tensor): Tensor =>
  slope(weight, bias, x).unsqueeze(1).mul(weight);

/** The median time of several runs, in milliseconds. */
function milliseconds(run: () => Tensor, times = 15): number {
  const measured = Array.from({ length: times }, () => {
    const start = performance.now();
    run().dispose();
    return performance.now() - start;
  });
  return measured.sort((a, b) => a - b)[times >> 1];
}

const D = 16;
const [weight, bias, x] = [torch.randn(D, D), torch.randn(D), torch.randn(D)];
const expected = jacobianByX(weight, bias, x);
const unitVectors = torch.eye(D);

part('Rows: one product with a unit vector per row');
{
  const xp = x.clone().requiresGrad_();
  const byRows = (): Tensor =>
    torch.stack([...unitVectors].map((v) => torch.autograd.grad(predict(weight, bias, xp), xp, { gradOutputs: v })[0]));
  check('autograd.grad in a loop', byRows(), expected);

  const [, vjpFn] = vjp((x: Tensor) => predict(weight, bias, x), x);
  const [atOnce] = vmap(vjpFn)(unitVectors);
  check('vmap(vjpFn), without the loop', atOnce, expected);

  const jacobian = jacrev(predict, { argnums: 2 });
  check('jacrev, which does the same', jacobian(weight, bias, x), expected);
  const [loop, batch] = [milliseconds(byRows), milliseconds(() => jacobian(weight, bias, x))];
  console.log(`       ${D} rows in a loop: ${loop.toFixed(2)} ms; by jacrev: ${batch.toFixed(2)} ms`);
}

part('With respect to any argument');
{
  // d predict_i / d weight_jk = slope_i δ_ij x_k
  const s = slope(weight, bias, x);
  const byWeight = s.diag().unsqueeze(2).mul(x);
  check('argnums: 0, the weight', jacrev(predict, { argnums: 0 })(weight, bias, x), byWeight);
  check('argnums: 1, the bias', jacrev(predict, { argnums: 1 })(weight, bias, x), s.diag());
  check('argnums: 2, the sample', jacrev(predict, { argnums: 2 })(weight, bias, x), expected);
  check('argnums: -1, the last', jacrev(predict, { argnums: -1 })(weight, bias, x), expected);

  // Several arguments: an array of Jacobians in that order. Its type has two elements.
  const [dWeight, dBias] = jacrev(predict, { argnums: [0, 1] })(weight, bias, x);
  check('argnums: [0, 1], the weight', dWeight, byWeight);
  check('argnums: [0, 1], the bias', dBias, s.diag());
}

part('By rows or by columns: reverse or forward mode');
// jacrev runs one pass per output, jacfwd one pass per input.
for (const [outputs, inputs] of [
  [2048, 32],
  [32, 2048],
]) {
  const [weight, bias, x] = [torch.randn(outputs, inputs), torch.randn(outputs), torch.randn(inputs)];
  const expected = jacobianByX(weight, bias, x);
  const forward = jacfwd(predict, { argnums: 2 });
  const reverse = jacrev(predict, { argnums: 2 });
  check(`jacfwd, ${inputs} inputs and ${outputs} outputs`, forward(weight, bias, x), expected);
  check(`jacrev, ${inputs} inputs and ${outputs} outputs`, reverse(weight, bias, x), expected);
  const times = [forward, reverse].map((jacobian) => milliseconds(() => jacobian(weight, bias, x), 5).toFixed(1));
  console.log(`       jacfwd ${times[0]} ms, jacrev ${times[1]} ms`);

  // Chunks bound the memory of the pass; the numbers are the same.
  check('jacrev with chunkSize: 8', jacrev(predict, { argnums: 2, chunkSize: 8 })(weight, bias, x), expected);
}

part('Value, Jacobian and auxiliary values from one pass');
{
  const withMean = (x: Tensor): [Tensor, { mean: Tensor }] => {
    const y = predict(weight, bias, x);
    return [y, { mean: y.mean() }];
  };
  const [jacobian, value, { mean }] = jacrev(withMean, { hasAux: true, returnValue: true })(x);
  check('the Jacobian', jacobian, expected);
  check('the value', value, predict(weight, bias, x));
  check('the auxiliary value', mean, predict(weight, bias, x).mean());
}

part('Structures');
{
  // For each tensor of the output, the structure of the argument.
  type Layer = { weight: Tensor; bias: Tensor };
  const forward = ({ weight, bias }: Layer): { y: Tensor; norm: Tensor } => {
    const y = predict(weight, bias, x);
    return { y, norm: y.square().sum() };
  };
  const { y, norm } = jacrev(forward)({ weight, bias });
  check('y by weight', y.weight, slope(weight, bias, x).diag().unsqueeze(2).mul(x));
  check(
    'norm by bias',
    norm.bias,
    predict(weight, bias, x)
      .mul(2)
      .mul(slope(weight, bias, x)),
  );
  checkThat('y by bias', String(y.bias.shape) === `${D},${D}`, `shape [${y.bias.shape.join(', ')}]`);
}
