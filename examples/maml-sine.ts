/**
 * Meta-learning of sine waves (MAML): gradients through gradient descent steps, for many tasks at once.
 *
 *     npm run example -- maml-sine
 */

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';

import { check, checkThat, part } from './support/check';

const { nn, vmap } = torch;
const { functionalCall, grad, gradAndValue } = torch.func;
const F = nn.functional;

torch.setDefaultDtype('float64');
torch.manualSeed(0);
// The tensors are small: with several threads, synchronization would cost more than it saves.
torch.setNumThreads(1);

type State = Record<string, Tensor>;

const net = new nn.Sequential(
  new nn.Linear(1, 24),
  new nn.Tanh(),
  new nn.Linear(24, 24),
  new nn.Tanh(),
  new nn.Linear(24, 1),
);
const initial = (): State => Object.fromEntries(net.namedParameters().map(([name, value]) => [name, value.detach()]));

const loss = (params: State, x: Tensor, y: Tensor): Tensor => F.mseLoss(functionalCall(net, params, x), y);

const innerRate = 0.05;
const descend = (params: State, gradients: State, rate: number): State =>
  Object.fromEntries(Object.entries(params).map(([name, value]) => [name, value.sub(gradients[name].mul(rate))]));

/** A few gradient descent steps on the examples of one task. */
function adapt(params: State, x: Tensor, y: Tensor, steps = 3): State {
  let adapted = params;
  for (let i = 0; i < steps; i++) adapted = descend(adapted, grad(loss)(adapted, x, y), innerRate);
  return adapted;
}

/** The loss of the adapted network on other examples of the task, which the initial parameters are trained to minimize. */
const metaLoss = (params: State, x1: Tensor, y1: Tensor, x2: Tensor, y2: Tensor): Tensor =>
  loss(adapt(params, x1, y1), x2, y2);

/** Examples of `count` waves, each with its own amplitude and phase, for adaptation and for evaluation. */
function tasks(count: number): [x1: Tensor, y1: Tensor, x2: Tensor, y2: Tensor] {
  const amplitude = torch.rand(count, 1, 1).mul(1.5).add(0.5);
  const phase = torch.rand(count, 1, 1).mul(Math.PI);
  const x = torch.rand(count, 20, 1).mul(6).sub(3);
  const y = x.add(phase).sin().mul(amplitude);
  return [x.narrow(1, 0, 10), y.narrow(1, 0, 10), x.narrow(1, 10, 10), y.narrow(1, 10, 10)];
}

const meanOverTasks = (params: State, ...batch: ReturnType<typeof tasks>): Tensor =>
  vmap(metaLoss, { inDims: [null, 0, 0, 0, 0] })(params, ...batch).mean();

part('The gradient through gradient descent steps');
{
  const batch = tasks(3);
  const params = initial();
  const byFunc = grad(meanOverTasks)(params, ...batch);

  // The same with plain autograd: each step keeps its graph, one task after the other.
  const leaves = Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name, value.clone().requiresGrad_()]),
  );
  const losses = [0, 1, 2].map((i) => {
    const [x1, y1, x2, y2] = batch.map((each) => each.index(i));
    let adapted: State = leaves;
    for (let step = 0; step < 3; step++) {
      const gradients = torch.autograd.grad(loss(adapted, x1, y1), Object.values(adapted), { createGraph: true });
      adapted = descend(
        adapted,
        Object.fromEntries(Object.keys(adapted).map((name, k) => [name, gradients[k]])),
        innerRate,
      );
    }
    return loss(adapted, x2, y2);
  });
  const byAutograd = torch.autograd.grad(torch.stack(losses).mean(), Object.values(leaves));
  Object.keys(params).forEach((name, k) => check(`${name}, against autograd.grad`, byFunc[name], byAutograd[k]));

  // Comparison with the difference quotient along one direction.
  const direction = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, torch.randnLike(value)]));
  const h = 1e-5;
  const shifted = (sign: number): Tensor => meanOverTasks(descend(params, direction, -sign * h), ...batch);
  const slope = torch.stack(Object.entries(direction).map(([name, value]) => value.mul(byFunc[name]).sum())).sum();
  check(
    'against a difference quotient',
    slope,
    shifted(1)
      .sub(shifted(-1))
      .div(2 * h),
    1e-6,
  );
}

part('Training');
{
  const test = tasks(40);
  const adaptedLoss = (params: State): number => meanOverTasks(params, ...test).item();
  let params = initial();
  const before = adaptedLoss(params);

  // Adam.
  const moments = Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name, { m: torch.zerosLike(value), v: torch.zerosLike(value) }]),
  );
  const [rate, beta1, beta2] = [0.01, 0.9, 0.999];
  const losses: number[] = [];
  for (let iteration = 1; iteration <= 80; iteration++) {
    const [gradients, value] = gradAndValue(meanOverTasks)(params, ...tasks(8));
    losses.push(value.item());
    params = Object.fromEntries(
      Object.entries(params).map(([name, parameter]) => {
        const g = gradients[name];
        const m = moments[name].m.mul(beta1).add(g.mul(1 - beta1));
        const v = moments[name].v.mul(beta2).add(g.square().mul(1 - beta2));
        moments[name] = { m, v };
        const step = m.div(1 - beta1 ** iteration).div(
          v
            .div(1 - beta2 ** iteration)
            .sqrt()
            .add(1e-8),
        );
        return [name, parameter.sub(step.mul(rate))];
      }),
    );
  }
  const after = adaptedLoss(params);
  const text = `${before.toFixed(3)} before, ${after.toFixed(3)} after`;
  checkThat('on new waves, the adapted network is at least three times better', after < before / 3, text);

  const unadapted = vmap(loss, { inDims: [null, 0, 0] })(params, test[2], test[3])
    .mean()
    .item();
  checkThat('the improvement comes from the adaptation', after < unadapted / 2, `${unadapted.toFixed(3)} without`);
  checkThat(
    'the loss has fallen all along',
    losses.slice(-20).every((value) => value < losses[0]),
  );
}
