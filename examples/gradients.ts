/**
 * Inputs and results of `grad`: arguments, structures, auxiliary values, higher orders, and its interaction with noGrad,
 * detach and captured tensors.
 *
 *     npm run example -- gradients
 */

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';

import { check, checkThrows, part } from './support/check';

const { grad, gradAndValue, jvp } = torch.func;

torch.setDefaultDtype('float64');
torch.manualSeed(0);

const [x, y] = [torch.randn(5), torch.randn(5)];

part('Arguments');
{
  const dot = (x: Tensor, y: Tensor): Tensor => x.mul(y).sum();
  check('the first by default', grad(dot)(x, y), y);
  check('argnums: 1', grad(dot, { argnums: 1 })(x, y), x);
  const [dx, dy] = grad(dot, { argnums: [0, 1] })(x, y);
  check('argnums: [0, 1], the first', dx, y);
  check('argnums: [0, 1], the second', dy, x);
}

part('Structures: the gradient has the structure and the type of the argument');
{
  type Params = { layers: { weight: Tensor; bias: Tensor }[]; scale: Tensor };
  const norm = ({ layers, scale }: Params): Tensor =>
    layers
      .map(({ weight, bias }) => weight.square().sum().add(bias.sum()))
      .reduce((a, b) => a.add(b))
      .mul(scale);
  const params = {
    layers: [0, 1].map(() => ({ weight: torch.randn(2, 2), bias: torch.randn(2) })),
    scale: torch.tensor(3),
  };
  const { layers, scale } = grad(norm)(params);
  check('a weight', layers[1].weight, params.layers[1].weight.mul(6));
  check('a bias', layers[0].bias, torch.ones(2).mul(3));
  check('the scale', scale, norm({ ...params, scale: torch.tensor(1) }));
}

part('The value and auxiliary values from the same pass');
{
  const loss = (x: Tensor, target: Tensor): [Tensor, { prediction: Tensor }] => {
    const prediction = x.sin();
    return [prediction.sub(target).square().sum(), { prediction }];
  };
  const expected = x.sin().sub(y).mul(x.cos()).mul(2);
  const [gradient, { prediction }] = grad(loss, { hasAux: true })(x, y);
  check('hasAux: the gradient', gradient, expected);
  check('hasAux: the auxiliary value', prediction, x.sin());
  const [, [value]] = gradAndValue(loss, { hasAux: true })(x, y);
  check('gradAndValue: the value', value, x.sin().sub(y).square().sum());
}

part('Higher orders');
{
  const sum = (x: Tensor): Tensor => x.sin().sum();
  const sumOf = (f: (x: Tensor) => Tensor) => (x: Tensor) => f(x).sum();
  const first = grad(sum);
  const second = grad(sumOf(first));
  const third = grad(sumOf(second));
  check('the first', first(x), x.cos());
  check('the second', second(x), x.sin().neg());
  check('the third', third(x), x.cos().neg());
}

part('noGrad');
{
  const f = (x: Tensor): Tensor => x.sub(torch.noGrad(() => x.square())).sum();
  check('inside the function: x² counts as a constant', grad(f)(x), torch.ones(5));
  const g = (x: Tensor): Tensor => x.square().sum();
  const outside = torch.noGrad(() => grad(g)(x));
  check('outside: no effect', outside, x.mul(2));

  // Forward mode is independent of noGrad: tangents pass through it, but not through detach.
  const [, through] = jvp((x: Tensor) => torch.noGrad(() => x.square()), [x], [torch.ones(5)]);
  check('tangents pass through noGrad', through, x.mul(2));
  const [, stopped] = jvp((x: Tensor) => x.detach().square(), [x], [torch.ones(5)]);
  check('and end at detach()', stopped, torch.zeros(5));
}

part('Captured tensors');
{
  const w = torch.randn(5, { requiresGrad: true });
  // The gradient with respect to x depends on w, and plain autograd records it.
  const gradient = grad((x: Tensor) => x.mul(w).square().sum())(x);
  check('the gradient', gradient.detach(), x.mul(w.detach().square()).mul(2));
  gradient.sum().backward();
  check('its derivative with respect to a captured leaf', w.grad!, x.mul(w.detach()).mul(4));
}

part('Errors of grad');
{
  checkThrows('a result that is not a scalar', () => grad((x: Tensor) => x.sin())(x), /scalar Tensor/);
  checkThrows('integers', () => grad((x: Tensor) => x.sum())(torch.tensor([1n, 2n])), /floating point/);
  checkThrows('writing into what it captured', () => grad((x: Tensor) => y.copy_(x).sum())(x), /captured/);
  const fails = (_x: Tensor): Tensor => {
    throw new Error('in the function');
  };
  checkThrows('errors of the function propagate', () => grad(grad(fails))(x), /in the function/);
  check('no transform stays active', grad((x: Tensor) => x.sum())(x), torch.ones(5));
}
