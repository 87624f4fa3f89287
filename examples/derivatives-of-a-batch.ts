/**
 * Derivatives for a thousand samples at once: of a scalar function with `vmap(grad(f))`, and the Jacobians of a
 * vector-valued function in several ways.
 *
 *     npm run example -- derivatives-of-a-batch
 */

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';

import { check, part } from './support/check';

const { grad, jacfwd, jacrev } = torch.func;

torch.setDefaultDtype('float64');
torch.manualSeed(0);
const N = 1000;

part('f(x) = x² + sin(x²), from a number to a number');
{
  const f = (x: Tensor): Tensor => x.square().add(x.square().sin());
  const derivative = (x: Tensor): Tensor => x.mul(2).add(x.mul(2).mul(x.square().cos()));
  const x = torch.linspace(0, 5, N);

  // grad(f) is a function of one number; vmap applies it to all numbers of x without a loop.
  check('vmap(grad(f))(x)', torch.vmap(grad(f))(x), derivative(x));

  // Plain autograd does the same, because sample i of f(x) depends on x[i] alone.
  const leaf = x.clone().requiresGrad_();
  f(leaf).backward(torch.onesLike(leaf));
  check('backward() with a vector of ones', leaf.grad!, derivative(x));
}

// f(x) = (x₁x₂, sin(x₁ + x₂²), x₁² - 3x₂), written for one sample.
function f(x: Tensor): Tensor {
  const [a, b] = x;
  return torch.stack([a.mul(b), a.add(b.square()).sin(), a.square().sub(b.mul(3))]);
}

// The closed form of its Jacobian for a batch: [N, 3, 2].
function jacobian(x: Tensor): Tensor {
  const [a, b] = x.unbind(1);
  const cos = a.add(b.square()).cos();
  const rows = [
    [b, a],
    [cos, b.mul(2).mul(cos)],
    [a.mul(2), torch.fullLike(b, -3)],
  ];
  return torch.stack(
    rows.map((row) => torch.stack(row, 1)),
    1,
  );
}

part('f: R² → R³, the Jacobian of every sample');
{
  const x = torch.rand(N, 2).mul(2).sub(1);
  const expected = jacobian(x);

  // Transform the function of one sample, and batch the result with vmap.
  check('vmap(jacrev(f))(x): three rows, backwards', torch.vmap(jacrev(f))(x), expected);
  check('vmap(jacfwd(f))(x): two columns, forwards', torch.vmap(jacfwd(f))(x), expected);

  // One backward pass through the whole batch gives one row of every Jacobian. vmap of autograd.grad runs the three
  // passes, one per unit vector, as one.
  const leaf = x.clone().requiresGrad_();
  const y = torch.vmap(f)(leaf);
  const row = (v: Tensor): Tensor =>
    torch.autograd.grad(y, leaf, { gradOutputs: v.unsqueeze(0).expandAs(y), retainGraph: true })[0];
  const byRows = torch.vmap(row)(torch.eye(3)); // [3, N, 2]: rows first
  check('vmap over autograd.grad', byRows.permute(1, 0, 2), expected);

  // The same with autograd's own batching of gradients, without vmap.
  const [batched] = torch.autograd.grad(y, leaf, {
    gradOutputs: torch.eye(3).unsqueeze(1).expand(3, N, 3),
    isGradsBatched: true,
  });
  check('autograd.grad with isGradsBatched', batched.permute(1, 0, 2), expected);
}
