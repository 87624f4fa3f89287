/**
 * Hessians and batches: second derivatives from several compositions, Jacobians and Hessians of every sample, and the
 * summed-output trick, which needs no vmap.
 *
 *     npm run example -- hessians
 */

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';

import { check, part } from './support/check';

const { grad, hessian, jacfwd, jacrev, vmap } = torch.func;

torch.setDefaultDtype('float64');
torch.manualSeed(0);

/** A linear layer and tanh, for one sample or a batch. */
function predict(weight: Tensor, bias: Tensor, x: Tensor): Tensor {
  return torch.nn.functional.linear(x, weight, bias).tanh();
}

// With y = tanh(W x + b): dy = (1 - y²) W, and d²y_i / dx_j dx_k = -2 y_i (1 - y_i²) W_ij W_ik, for every sample.
function closedForms(weight: Tensor, bias: Tensor, x: Tensor): { jacobian: Tensor; hessian: Tensor } {
  const y = predict(weight, bias, x);
  const slope = y.square().neg().add(1);
  const curvature = y.mul(slope).mul(-2);
  return {
    jacobian: torch.einsum('...i,ij->...ij', slope, weight),
    hessian: torch.einsum('...i,ij,ik->...ijk', curvature, weight, weight),
  };
}

part('The Hessian of 8 outputs by 128 inputs');
{
  const [outputs, inputs] = [8, 128];
  const [weight, bias, x] = [torch.randn(outputs, inputs).div(8), torch.randn(outputs), torch.randn(inputs)];
  const { hessian: expected } = closedForms(weight, bias, x);
  const byX = { argnums: 2 } as const;
  check('hessian: forward over reverse', hessian(predict, byX)(weight, bias, x), expected);
  check('jacfwd(jacfwd(f)): forward over forward', jacfwd(jacfwd(predict, byX), byX)(weight, bias, x), expected);
  check('jacrev(jacrev(f)): reverse over reverse', jacrev(jacrev(predict, byX), byX)(weight, bias, x), expected);
  check('hessian in chunks of 16', hessian(predict, { ...byX, chunkSize: 16 })(weight, bias, x), expected);
}

part('The Hessian with respect to several arguments: blocks');
{
  const f = (x: Tensor, y: Tensor): Tensor => x.dot(y.sin());
  const [x, y] = [torch.randn(3), torch.randn(3)];
  const [[xx, xy], [yx, yy]] = hessian(f, { argnums: [0, 1] })(x, y);
  check('x by x', xx, torch.zeros(3, 3));
  check('x by y', xy, y.cos().diag());
  check('y by x', yx, y.cos().diag());
  check('y by y', yy, x.mul(y.sin()).neg().diag());
}

const [batchSize, inputs, outputs] = [64, 31, 33];
const [weight, bias, batch] = [torch.randn(outputs, inputs), torch.randn(outputs), torch.randn(batchSize, inputs)];
const expected = closedForms(weight, bias, batch);

part(`The Jacobians of ${batchSize} samples`);
{
  const batchJacobian = vmap(jacrev(predict, { argnums: 2 }), { inDims: [null, null, 0] });
  check('vmap(jacrev)', batchJacobian(weight, bias, batch), expected.jacobian);
  const forward = vmap(jacfwd(predict, { argnums: 2 }), { inDims: [null, null, 0] });
  check('vmap(jacfwd)', forward(weight, bias, batch), expected.jacobian);
  const chunked = vmap(jacrev(predict, { argnums: 2 }), { inDims: [null, null, 0], chunkSize: 24 });
  check('in chunks of 24 samples', chunked(weight, bias, batch), expected.jacobian);

  // predict also accepts a batch, whose rows are independent: in the derivative of the sum over the batch the samples do
  // not mix. jacrev then needs no vmap over samples.
  const summed = (weight: Tensor, bias: Tensor, x: Tensor): Tensor => predict(weight, bias, x).sum(0);
  const bySum = jacrev(summed, { argnums: 2 })(weight, bias, batch); // [outputs, batch, inputs]
  check('jacrev of the summed output', bySum.movedim(1, 0), expected.jacobian);
}

part(`The Hessians of ${batchSize} samples`);
{
  const batchHessian = vmap(hessian(predict, { argnums: 2 }), { inDims: [null, null, 0] });
  check('vmap(hessian)', batchHessian(weight, bias, batch), expected.hessian);

  // The trick again: the Jacobian of the sum, summed over samples. In reverse mode: there are as many rows as one
  // Jacobian has elements, but as many columns as the batch has numbers.
  const jacobian = (x: Tensor): Tensor => jacrev((x: Tensor) => predict(weight, bias, x).sum(0))(x).sum(1);
  const bySum = jacrev(jacobian)(batch); // [outputs, inputs, batch, inputs]
  check('the summed output, twice', bySum.permute(2, 0, 1, 3), expected.hessian);
}

part('An application of the Hessian: a Newton step');
{
  // log(Σ exp(A x + b)) + |x|²/2 is strictly convex. Near the minimum each Newton step doubles the number of correct digits.
  const [A, b] = [torch.randn(6, 3), torch.randn(6)];
  const f = (x: Tensor): Tensor => A.mv(x).add(b).logsumexp(0).add(x.dot(x).div(2));
  let x = torch.zeros(3);
  for (let step = 0; step < 8; step++) {
    const gradient = grad(f)(x);
    if (step < 5) console.log(`       step ${step}: |gradient| = ${gradient.norm().item().toExponential(1)}`);
    x = x.sub(torch.linalg.solve(hessian(f)(x), gradient));
  }
  check('the gradient at the minimum', grad(f)(x), torch.zeros(3));
}
