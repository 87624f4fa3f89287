/**
 * A physics-informed network: it solves a differential equation, whose second derivative `grad(grad(u))` takes of the
 * network itself.
 *
 *     npm run example -- physics-informed
 *
 * The equation is -u'' + u = (π² + 1) sin(πx) + x on [0, 1], with u(0) = 0 and u(1) = 1; its solution is
 * sin(πx) + x. `twin.py` is the same program in Python.
 */

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';

import { check, checkError, checkThat, part, result } from '../support/check';

const { nn, optim } = torch;
const { functionalCall, grad, vmap } = torch.func;

torch.setDefaultDtype('float64');
torch.setNumThreads(1);
torch.manualSeed(0);

const net = new nn.Sequential(
  new nn.Linear(1, 16),
  new nn.Tanh(),
  new nn.Linear(16, 16),
  new nn.Tanh(),
  new nn.Linear(16, 1),
);
const params = (): Record<string, Tensor> => Object.fromEntries(net.namedParameters());

/** The network at one point. */
const u = (p: Record<string, Tensor>, x: Tensor): Tensor => functionalCall(net, p, x.reshape(1)).squeeze();
const firstDerivative = grad(u, { argnums: 1 });
const secondDerivative = grad(firstDerivative, { argnums: 1 });

const source = (x: Tensor): Tensor =>
  x
    .mul(Math.PI)
    .sin()
    .mul(Math.PI ** 2 + 1)
    .add(x);
const residual = (p: Record<string, Tensor>, x: Tensor): Tensor => u(p, x).sub(secondDerivative(p, x)).sub(source(x));

const solution = (x: Tensor): Tensor => x.mul(Math.PI).sin().add(x);
const inside = torch.linspace(0, 1, 42).narrow(0, 1, 40);
const ends = torch.tensor([0, 1]);

/** How far the network is from the equation inside, and from the values at the ends. */
function loss(): Tensor {
  const p = params();
  const equation = vmap(residual, { inDims: [null, 0] })(p, inside)
    .square()
    .mean();
  const boundary = vmap(u, { inDims: [null, 0] })(p, ends)
    .sub(ends)
    .square()
    .sum();
  return equation.add(boundary.mul(100));
}

part('Second derivatives of the network, compared with finite differences');
{
  const p = params();
  const step = 1e-4;
  const difference = (x: Tensor): Tensor =>
    u(p, x.add(step))
      .add(u(p, x.sub(step)))
      .sub(u(p, x).mul(2))
      .div(step ** 2);
  const points = inside.narrow(0, 0, 5);
  const exact = vmap((x: Tensor) => secondDerivative(p, x))(points);
  check('grad of grad', exact, torch.stack([...points].map(difference)), 1e-6);
}

part('Training: Adam, and then L-BFGS');
const adam = new optim.Adam(net.parameters(), { lr: 1e-2 });
const schedule = new optim.lrScheduler.ExponentialLR(adam, 0.995);
const start = loss().item();
for (let step = 0; step < 300; step++) {
  torch.scope(() => {
    adam.zeroGrad();
    loss().backward();
    adam.step();
    schedule.step();
  });
}
const middle = loss().item();
result('loss before training', start);
result('loss after Adam', middle);
checkThat('Adam reduces the loss', middle < start / 100, `${start.toFixed(1)} to ${middle.toExponential(1)}`);

const lbfgs = new optim.LBFGS(net.parameters(), { maxIter: 300, historySize: 50, lineSearchFn: 'strong_wolfe' });
lbfgs.step(() => {
  lbfgs.zeroGrad();
  const value = loss();
  value.backward();
  return value;
});
const end = loss().item();
checkThat('L-BFGS reduces it further', end < middle / 100, `${middle.toExponential(1)} to ${end.toExponential(1)}`);

part('Compared with the solution sin(πx) + x');
const grid = torch.linspace(0, 1, 201);
const values = net(grid.unsqueeze(1)).squeeze(1);
const error = values.sub(solution(grid)).abs().max().item();
result('largest error', error);
checkError('the network at 201 points', error, 1e-3);
const slopes = vmap((x: Tensor) => firstDerivative(params(), x))(grid);
const slopeError = slopes.sub(grid.mul(Math.PI).cos().mul(Math.PI).add(1)).abs().max().item();
checkError('its derivative', slopeError, 1e-2);
