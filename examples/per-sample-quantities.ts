/**
 * Per-sample quantities from the loss of one sample: gradients, norms and clipping, Fisher-vector products, curvature.
 *
 *     npm run example -- per-sample-quantities
 */

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';

import { check, checkThat, part } from './support/check';

const { grad, gradAndValue, hessian, jvp, vmap } = torch.func;

torch.setDefaultDtype('float64');
torch.manualSeed(0);

type Params = { weight: Tensor; bias: Tensor };
const [N, features] = [32, 10];

/** Logistic regression: the negative log-likelihood of one label, 0 or 1. */
function loss({ weight, bias }: Params, x: Tensor, label: Tensor): Tensor {
  const logit = x.dot(weight).add(bias);
  return torch.nn.functional.softplus(logit).sub(logit.mul(label));
}

const params: Params = { weight: torch.randn(features), bias: torch.tensor(0.1) };
const xs = torch.randn(N, features);
const labels = torch.bernoulli(torch.full([N], 0.5));
const perSample = { inDims: [null, 0, 0] };

// The closed form: the derivative with respect to the logit is p - label, where p is the probability of label 1.
const probability = xs.mv(params.weight).add(params.bias).sigmoid();
const residual = probability.sub(labels);

part('Gradients');
const gradients = vmap(grad(loss), perSample)(params, xs, labels);
{
  check('by the weight, one row per sample', gradients.weight, residual.unsqueeze(1).mul(xs));
  check('by the bias', gradients.bias, residual);

  const one = grad(loss)(params, xs.index(3), labels.index(3));
  check('the fourth, on its own', gradients.weight.index(3), one.weight);

  // Their mean is the gradient of the mean loss, the only result of one backward pass.
  const meanLoss = (params: Params): Tensor => vmap(loss, perSample)(params, xs, labels).mean();
  check('their mean', gradients.weight.mean(0), grad(meanLoss)(params).weight);

  const [again, losses] = vmap(gradAndValue(loss), perSample)(params, xs, labels);
  check('the losses', losses.mean(), meanLoss(params));
  check('in chunks of 5', vmap(grad(loss), { ...perSample, chunkSize: 5 })(params, xs, labels).bias, again.bias);
}

part('Clipping: a bound on the influence of one sample');
{
  const bound = 0.5;
  const norms = gradients.weight.square().sum(1).add(gradients.bias.square()).sqrt();
  const factor = norms.reciprocal().mul(bound).clampMax(1);
  const clipped = gradients.weight.mul(factor.unsqueeze(1));
  const largest = clipped.square().sum(1).add(gradients.bias.mul(factor).square()).sqrt().max().item();
  checkThat(
    'the largest gradient',
    largest <= bound + 1e-12,
    `${norms.max().item().toFixed(3)}, now ${largest.toFixed(3)}`,
  );
  check('small ones stay', clipped.index(norms.lt(bound)), gradients.weight.index(norms.lt(bound)));
}

part('Fisher-vector products, without the Fisher matrix');
{
  // For logistic regression the Fisher matrix is the Hessian of the mean loss, which does not depend on labels. Its
  // product with v is a directional derivative of the gradient.
  const meanLoss = (weight: Tensor): Tensor =>
    vmap((x: Tensor, label: Tensor) => loss({ weight, bias: params.bias }, x, label))(xs, labels).mean();
  const v = torch.randn(features);
  const [, product] = jvp(grad(meanLoss), [params.weight], [v]);
  const fisher = torch.einsum('n,ni,nj->ij', probability.mul(probability.neg().add(1)), xs, xs).div(N);
  check('the derivative of the gradient along v', product, fisher.mv(v));

  // The same as the mean over samples of the expected outer product of gradients: both labels of each sample, weighted
  // with their probabilities.
  const score = (x: Tensor, label: number): Tensor =>
    grad((weight: Tensor) => loss({ weight, bias: params.bias }, x, torch.tensor(label)))(params.weight);
  const expectation = vmap((x: Tensor, p: Tensor) => {
    const [one, zero] = [score(x, 1), score(x, 0)];
    return one
      .mul(one.dot(v))
      .mul(p)
      .add(zero.mul(zero.dot(v)).mul(p.neg().add(1)));
  });
  check('the expectation of score (score · v)', expectation(xs, probability).mean(0), product);

  // The empirical Fisher matrix uses the given labels.
  const empirical = gradients.weight.t().mv(gradients.weight.mv(v)).div(N);
  checkThat('the empirical Fisher matrix gives another product', !torch.allclose(empirical, product, { rtol: 1e-3 }));
}

part('Per-sample curvature');
{
  const { weight } = vmap(hessian(loss), perSample)(params, xs, labels);
  const factor = probability.mul(probability.neg().add(1));
  check('Hessians by the weight', weight.weight, torch.einsum('n,ni,nj->nij', factor, xs, xs));
  check('and by weight and bias', weight.bias, factor.unsqueeze(1).mul(xs));
}
