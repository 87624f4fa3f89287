/**
 * A tour of the transforms `grad`, `vmap`, `vjp`, `jvp`, `jacrev`, `jacfwd` and `hessian`, and of their composition.
 *
 *     npm run example -- whirlwind-tour
 *
 * A transform takes a function and returns another function, which computes its gradient, its values for a batch, or its
 * Jacobian. The result is a plain function, so it can be transformed again.
 */

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';

import { check, checkThat, part } from './support/check';

const { grad, hessian, jacfwd, jacrev, jvp, vjp, vmap } = torch.func;

torch.setDefaultDtype('float64');
torch.manualSeed(0);

part('grad: the gradient of a function that returns a number');
{
  const x = torch.randn([]);
  const sin = (x: Tensor): Tensor => x.sin();
  check('grad(sin) = cos', grad(sin)(x), x.cos());
  check('grad(grad(sin)) = -sin', grad(grad(sin))(x), x.sin().neg());
}

part('vmap: a function of one sample becomes a function of a batch');
{
  const [batchSize, features] = [3, 5];
  const weights = torch.randn(features, { requiresGrad: true });
  const model = (sample: Tensor): Tensor => {
    if (sample.dim() !== 1) throw new Error('the model takes one sample');
    return sample.dot(weights).relu();
  };
  const samples = torch.randn(batchSize, features);

  const outputs = vmap(model)(samples);
  check('vmap(model) = the model in a loop', outputs, torch.stack([...samples].map(model)));
  check('and here also one matrix product', outputs, samples.mv(weights).relu());

  // Captured tensors stay part of the outer autograd graph.
  const [g] = torch.autograd.grad(outputs.sum(), weights);
  check('the captured weights get their gradient', g, samples.mv(weights).gt(0).to('float64').matmul(samples));
}

part('vmap of grad: one gradient per sample');
{
  const [batchSize, features] = [3, 5];
  const loss = (weights: Tensor, sample: Tensor, target: Tensor): Tensor =>
    sample.dot(weights).relu().sub(target).square().mean();
  const weights = torch.randn(features);
  const samples = torch.randn(batchSize, features);
  const targets = torch.randn(batchSize);

  const perSample = vmap(grad(loss), { inDims: [null, 0, 0] })(weights, samples, targets);
  const y = samples.mv(weights);
  const factor = y.relu().sub(targets).mul(2).mul(y.gt(0));
  check('per-sample gradients', perSample, factor.unsqueeze(1).mul(samples));
}

part('vjp: the output, and products of row vectors with the Jacobian');
{
  const x = torch.randn(3);
  const [y, vjpFn] = vjp((x: Tensor) => x.sin(), x);
  check('the output', y, x.sin());
  const v = torch.randn(3);
  check('v J', vjpFn(v)[0], v.mul(x.cos()));
}

part('jvp: the output, and the product of the Jacobian with a column vector');
{
  const [x, y] = [torch.randn(5), torch.randn(5)];
  const product = (x: Tensor, y: Tensor): Tensor => x.mul(y);
  const [output, tangent] = jvp(product, [x, y], [torch.ones(5), torch.ones(5)]);
  check('the output', output, x.mul(y));
  check('the directional derivative of x y along (1, 1)', tangent, x.add(y));
}

part('jacrev and jacfwd: the whole Jacobian, row by row or column by column');
{
  const sin = (x: Tensor): Tensor => x.sin();
  const x = torch.randn(5);
  check('jacrev(sin)', jacrev(sin)(x), x.cos().diag());
  check('jacfwd(sin)', jacfwd(sin)(x), x.cos().diag());

  const batch = torch.randn(64, 5);
  const jacobians = vmap(jacrev(sin))(batch);
  check('vmap(jacrev(sin)) of 64 samples', jacobians, batch.cos().diagEmbed());
}

part('hessian and the compositions that give the same second derivatives');
{
  const f = (x: Tensor): Tensor => x.sin().sum();
  const x = torch.randn(5);
  const expected = x.sin().neg().diag();
  check('hessian(f)', hessian(f)(x), expected);
  check('jacrev(jacrev(f))', jacrev(jacrev(f))(x), expected);
  check('jacfwd(jacrev(f)), which is what hessian does', jacfwd(jacrev(f))(x), expected);
  check('jacfwd(jacfwd(f))', jacfwd(jacfwd(f))(x), expected);
}

part('a transformed function is a plain function');
{
  const cube = (x: Tensor): Tensor => x.pow(3);
  const derivatives = [cube];
  for (let order = 1; order <= 4; order++) derivatives.push(grad(derivatives[order - 1]));
  const values = derivatives.map((f) => f(torch.tensor(2)).item());
  checkThat('x³ and its derivatives at 2', String(values) === '8,12,12,6,0', values.join(', '));
}
