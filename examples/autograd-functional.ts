/**
 * `torch.autograd.functional.vjp` step by step: from the derivative of a scalar function to a whole Jacobian. Each result
 * is compared with its closed form.
 *
 *     npm run example -- autograd-functional
 *
 * A vector-Jacobian product is the Jacobian multiplied by a row vector from the left. If each sample depends on its own
 * input alone, a vector of ones gives all derivatives of a batch in one pass.
 */

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';

import { check } from './support/check';

const { vjp } = torch.autograd.functional;
const N = 1000;
const options = { dtype: 'float64' } as const;
const uniform = (...shape: number[]): Tensor => torch.rand(shape, options).mul(2).sub(1);

// f(x) = x² + sin(x²) for a batch of numbers.
{
  const f = (x: Tensor): Tensor => x.pow(2).add(x.pow(2).sin());
  const derivative = (x: Tensor): Tensor => x.mul(2).add(x.mul(2).mul(x.pow(2).cos()));
  const x = torch.linspace(0, 5, N, options);
  // The vector has the shape of f(x).
  const [, dydx] = vjp(f, x, torch.onesLike(x));
  check('scalar function, its derivatives', dydx, derivative(x));
}

// One value per sample of two numbers: f(x) = x₁x₂ + sin(x₁x₂²).
{
  const columns = (x: Tensor): [Tensor, Tensor] => [x.select(1, 0), x.select(1, 1)];
  const f = (x: Tensor): Tensor => {
    const [a, b] = columns(x);
    return a.mul(b).add(a.mul(b.pow(2)).sin());
  };
  const gradient = (x: Tensor): Tensor => {
    const [a, b] = columns(x);
    const cos = a.mul(b.pow(2)).cos();
    return torch.stack([b.add(b.pow(2).mul(cos)), a.add(a.mul(b).mul(2).mul(cos))], 1);
  };
  const x = uniform(N, 2);
  const [, gradX] = vjp(f, x, torch.ones(N, options));
  check('one value of two numbers, its gradients', gradX, gradient(x));
}

// The same with two inputs: arrays of inputs and of gradients.
{
  const f = (x: Tensor, y: Tensor): Tensor => x.mul(y).add(x.mul(y.pow(2)).sin());
  const [x, y] = [uniform(N), uniform(N)];
  const [, [byX, byY]] = vjp(f, [x, y], torch.ones(N, options));
  const cos = x.mul(y.pow(2)).cos();
  check('two inputs, the derivative by x', byX, y.add(y.pow(2).mul(cos)));
  check('two inputs, the derivative by y', byY, x.add(x.mul(y).mul(2).mul(cos)));
}

// Three values per sample. One product gives a weighted sum of rows, so the Jacobian needs a loop: a vector that is 1 in
// column k and 0 elsewhere gives row k.
function threeValues(x: Tensor, y: Tensor): Tensor {
  return torch.stack([x.mul(y), x.add(y.pow(2)).sin(), x.pow(2).sub(y.mul(3))], 1);
}

function jacobianOfThreeValues(x: Tensor, y: Tensor): Tensor {
  const cos = x.add(y.pow(2)).cos();
  const rows = [
    [y, x],
    [cos, y.mul(2).mul(cos)],
    [x.mul(2), torch.onesLike(y).mul(-3)],
  ];
  return torch.stack(
    rows.map((row) => torch.stack(row, 1)),
    1,
  ); // [N, 3, 2]
}

{
  const f = (x: Tensor): Tensor => threeValues(x.select(1, 0), x.select(1, 1));
  const x = uniform(N, 2);
  const y = f(x);
  const J = torch.zeros(N, 3, 2, options);
  for (let k = 0; k < 3; k++) {
    const v = torch.zerosLike(y);
    v.indexPut_([':', k], 1);
    const [, gradX] = vjp(f, x, v);
    J.indexPut_([':', k, ':'], gradX);
  }
  check('three values of one input, the Jacobian', J, jacobianOfThreeValues(x.select(1, 0), x.select(1, 1)));
}

{
  const [x, y] = [uniform(N), uniform(N)];
  const out = threeValues(x, y);
  const J = torch.zeros(N, 3, 2, options);
  for (let k = 0; k < 3; k++) {
    const v = torch.zerosLike(out);
    v.indexPut_([':', k], 1);
    const [, [byX, byY]] = vjp(threeValues, [x, y], v);
    J.indexPut_([':', k, 0], byX);
    J.indexPut_([':', k, 1], byY);
  }
  check('three values of two inputs, the Jacobian', J, jacobianOfThreeValues(x, y));

  // Without a loop: vmap of the Jacobian of one sample.
  const perSample = torch.vmap(
    torch.func.jacrev((a: Tensor, b: Tensor) => threeValues(a.reshape([1]), b.reshape([1])).select(0, 0), {
      argnums: [0, 1],
    }),
  );
  check('the same by vmap of jacrev', torch.stack([...perSample(x, y)], 2), J);
}
