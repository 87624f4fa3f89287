/**
 * The largest curvature of a trained network: power iteration on Hessian-vector products, without the Hessian.
 *
 *     npm run example -- curvature
 *
 * The largest eigenvalue of the Hessian bounds the learning rate with which gradient descent is stable. `twin.py` is the
 * same program in Python.
 */

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';

import { check, checkError, checkThat, part, result } from '../support/check';

const { nn, optim } = torch;
const { functionalCall, grad, hessian, jvp } = torch.func;

torch.setDefaultDtype('float64');
torch.setNumThreads(1);
torch.manualSeed(0);

part('Training: three classes in a plane, 120 samples');
const centers = torch.tensor([[2, 0], [-1, 1.7], [-1, -1.7]]); // prettier-ignore
const labels = torch.arange(120, { dtype: 'int64' }).remainder(3);
const x = centers.indexSelect(0, labels).add(torch.randn(120, 2).mul(0.8));
const net = new nn.Sequential(new nn.Linear(2, 12), new nn.Tanh(), new nn.Linear(12, 3));
const optimizer = new optim.Adam(net.parameters(), { lr: 1e-2, weightDecay: 1e-3 });
for (let step = 0; step < 300; step++) {
  torch.scope(() => {
    optimizer.zeroGrad();
    nn.functional.crossEntropy(net(x), labels).backward();
    optimizer.step();
  });
}
const accuracy = net(x).argmax(1).eq(labels).double().mean().item();
result('accuracy', accuracy);
checkThat('the network separates the classes', accuracy > 0.9, `${(100 * accuracy).toFixed(1)} %`);

part('Power iteration: H v as the derivative of the gradient along v');
const names = net.namedParameters().map(([name]) => name);
const shapes = net.parameters().map((parameter) => parameter.shape);
const theta = nn.utils.parametersToVector(net.parameters()).detach();

/** The loss as a function of all parameters in one vector. */
function loss(vector: Tensor): Tensor {
  const parts = vector.split(shapes.map((shape) => shape.reduce((a, b) => a * b, 1)));
  const params = Object.fromEntries(names.map((name, i) => [name, parts[i].reshape(shapes[i])]));
  return nn.functional.crossEntropy(functionalCall(net, params, x), labels);
}

const product = (v: Tensor): Tensor => jvp(grad(loss), [theta], [v])[1];

let direction = torch.randn(theta.numel());
let eigenvalue = 0;
let iterations = 0;
for (let change = Infinity; change > 1e-13 && iterations < 1000; iterations++) {
  torch.scope(() => {
    const unit = direction.div(direction.norm());
    direction = product(unit);
    const next = unit.dot(direction).item();
    change = Math.abs(next - eigenvalue) / Math.abs(next);
    eigenvalue = next;
    return direction;
  });
}
result('largest curvature', eigenvalue);
checkThat('the iteration has converged', iterations < 1000, `${iterations} products of ${theta.numel()} parameters`);

part('Compared with all eigenvalues of the Hessian');
const H = hessian(loss)(theta);
const largest = torch.linalg.eigvalsh(H).max().item();
checkError('the largest eigenvalue', Math.abs(largest - eigenvalue) / largest, 1e-9);
const unit = direction.div(direction.norm());
check('the eigenvector', H.mv(unit), unit.mul(largest), 1e-5);

part('Gradient descent from two neighbouring points: they approach below the learning rate 2 / curvature');
for (const [factor, approaches] of [
  [0.9, true],
  [1.3, false],
] as const) {
  const rate = (2 * factor) / eigenvalue;
  const distance = torch.scope(() => {
    let points = [theta, theta.add(unit, { alpha: 1e-6 })];
    for (let step = 0; step < 10; step++) points = points.map((point) => point.sub(grad(loss)(point), { alpha: rate }));
    return Math.abs(points[1].sub(points[0]).dot(unit).item()) / 1e-6;
  });
  result(`growth of the distance at ${factor} times the bound`, distance);
  checkThat(`${factor} times the bound`, approaches === distance < 1, `distance times ${distance.toPrecision(2)}`);
}
