/**
 * A Laplace approximation: how certain a trained network is, from the generalised Gauss-Newton matrix.
 *
 *     npm run example -- laplace
 *
 * The posterior of the parameters is a normal distribution around the trained ones, whose precision is the
 * Gauss-Newton matrix (products of it are one `jvp` and one `vjp`) plus the precision of the prior. The variance of a
 * prediction follows from its Jacobian. The plot is in `output/` beside this program; `twin.py` is the same program in
 * Python.
 */

import fs from 'node:fs';
import path from 'node:path';

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';

import { check, checkThat, part, result } from '../support/check';
import { bandPlot } from './band-plot';

const { nn, optim } = torch;
const { functionalCall, jacrev, jvp, vjp, vmap } = torch.func;

torch.setDefaultDtype('float64');
torch.setNumThreads(1);
torch.manualSeed(0);

const NOISE = 0.1;
const PRIOR_PRECISION = 1;

part('Training: 40 samples of a noisy function, with a gap between -0.5 and 1');
const x = torch.cat([torch.linspace(-2, -0.5, 20), torch.linspace(1, 2, 20)]).unsqueeze(1);
const y = x.mul(2).sin().add(torch.randn(40, 1).mul(NOISE));
const net = new nn.Sequential(new nn.Linear(1, 16), new nn.Tanh(), new nn.Linear(16, 1));
// The loss is the negative logarithm of the posterior: likelihood and prior.
const optimizer = new optim.LBFGS(net.parameters(), { maxIter: 500, lineSearchFn: 'strong_wolfe' });
const posterior = optimizer.step(() => {
  optimizer.zeroGrad();
  const misfit = net(x)
    .sub(y)
    .square()
    .sum()
    .div(2 * NOISE ** 2);
  const penalty = nn.utils
    .parametersToVector(net.parameters())
    .square()
    .sum()
    .mul(PRIOR_PRECISION / 2);
  const loss = misfit.add(penalty);
  loss.backward();
  return loss;
});
const error = net(x).sub(y).square().mean().sqrt().item();
result('negative log posterior before training', posterior.item());
result('root mean square error', error);
checkThat('the error is that of the noise', error < 1.5 * NOISE, error.toFixed(3));

part('The Gauss-Newton matrix: one product for each unit vector, in one batch');
const names = net.namedParameters().map(([name]) => name);
const shapes = net.parameters().map((parameter) => parameter.shape);
const theta = nn.utils.parametersToVector(net.parameters()).detach();

/** The outputs as a function of all parameters in one vector. */
function predict(vector: Tensor, inputs: Tensor): Tensor {
  const parts = vector.split(shapes.map((shape) => shape.reduce((a, b) => a * b, 1)));
  const params = Object.fromEntries(names.map((name, i) => [name, parts[i].reshape(shapes[i])]));
  return functionalCall(net, params, inputs).squeeze(1);
}

/** G v = Jᵀ (H (J v)), where H, the Hessian of the misfit with respect to the outputs, is the identity over the variance. */
function product(v: Tensor): Tensor {
  const outputs = (vector: Tensor): Tensor => predict(vector, x);
  const [, tangent] = jvp(outputs, [theta], [v]);
  const [, pullBack] = vjp(outputs, theta);
  return pullBack(tangent.div(NOISE ** 2))[0];
}

const G = vmap(product)(torch.eye(theta.numel()));
const J = jacrev((vector: Tensor) => predict(vector, x))(theta);
check('compared with Jᵀ J of the whole Jacobian', G, J.mT.matmul(J).div(NOISE ** 2), 1e-8);
check('the matrix is symmetric', G, G.mT, 1e-8);

part('Predictions with their uncertainty');
const precision = G.add(torch.eye(theta.numel()), { alpha: PRIOR_PRECISION });
const cholesky = torch.linalg.cholesky(precision);
const grid = torch.linspace(-3, 3, 121);
const mean = predict(theta, grid.unsqueeze(1));
const jacobians = vmap((point: Tensor) =>
  jacrev((vector: Tensor) => predict(vector, point.reshape(1, 1)).index(0))(theta),
)(grid);
// j Σ jᵀ, with Σ as the inverse of the precision.
const variance = torch.linalg.solveTriangular(cholesky, jacobians.mT, { upper: false }).square().sum(0);
const deviation = variance.sqrt();
const at = (value: number): number => deviation.index(Math.round((value + 3) / 0.05)).item();
check(
  'compared with the inverse of the precision',
  variance,
  jacobians.matmul(precision.inverse()).mul(jacobians).sum(1),
  1e-9,
);
for (const place of [-1, 0.25, 1.5, 3]) result(`standard deviation at ${place}`, at(place));
checkThat(
  'the network is less certain in the gap',
  at(0.25) > 2 * at(-1),
  `${at(0.25).toFixed(3)} and ${at(-1).toFixed(3)}`,
);
checkThat('and outside', at(3) > 2 * at(1.5), `${at(3).toFixed(3)} and ${at(1.5).toFixed(3)}`);

const folder = path.join(__dirname, 'output');
fs.mkdirSync(folder, { recursive: true });
const file = path.join(folder, 'laplace.svg');
const values = (tensor: Tensor): number[] => Array.from(tensor.detach().flatten().data() as Float64Array);
const svg = bandPlot({
  title: 'Predictions of a network with a Laplace approximation',
  subtitle: 'mean, two standard deviations, and the samples',
  x: values(grid),
  mean: values(mean),
  deviation: values(deviation),
  samples: values(x).map((at, i) => [at, values(y)[i]] as const),
});
fs.writeFileSync(file, svg);
checkThat(
  'the plot has the mean and every sample',
  (svg.match(/<circle/g) ?? []).length === 40,
  path.relative(process.cwd(), file),
);
