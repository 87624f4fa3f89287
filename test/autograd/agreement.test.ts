/**
 * torch.autograd.functional beside torch.func, on the functions of examples/: every strategy of `jacobian` and
 * `hessian` gives what jacrev, jacfwd and hessian give.
 */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';

const { functional } = torch.autograd;
const { grad, hessian, jacfwd, jacrev } = torch.func;
const options = { dtype: 'float64' } as const;
type TensorFunction = (...inputs: Tensor[]) => Tensor | Tensor[];

interface Example {
  /** The program in examples/, and what of it. */
  name: string;
  f: TensorFunction;
  inputs: () => Tensor[];
  /** Second derivatives of a function whose result is one number. */
  scalar?: (...inputs: Tensor[]) => Tensor;
}

const randn = (...shape: number[]): Tensor => torch.randn(shape, options);

const predict = (weight: Tensor, bias: Tensor, x: Tensor): Tensor => torch.nn.functional.linear(x, weight, bias).tanh();

function threeValues(x: Tensor): Tensor {
  const [a, b] = x.unbind(-1);
  return torch.stack([a.mul(b), a.add(b.square()).sin(), a.square().sub(b.mul(3))], -1);
}

// Two layers, applied to rows of x: the model of the module examples, with its parameters as arguments.
const network = (x: Tensor) => (w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor) =>
  torch.nn.functional.linear(torch.nn.functional.linear(x, w1, b1).relu(), w2, b2);
const networkParameters = (inputs: number, hidden: number) => (): Tensor[] => [
  randn(hidden, inputs),
  randn(hidden),
  randn(1, hidden),
  randn(1),
];

// The energy of atoms between which the potential of Lennard and Jones acts.
function lennardJones(positions: Tensor): Tensor {
  const n = positions.size(0);
  const [i, j] = torch.triuIndices(n, n, { offset: 1 });
  const r = positions.indexSelect(0, i).sub(positions.indexSelect(0, j)).square().sum(1);
  const r6 = r.pow(-3);
  return r6.square().sub(r6).mul(4).sum();
}

// A step of gradient descent on one task, and the loss on another sample of it.
function afterOneStep(weight: Tensor): Tensor {
  const [x, y] = [torch.linspace(-1, 1, 4, options), torch.linspace(0, 2, 4, options)];
  const loss = (w: Tensor): Tensor => w.index(0).mul(x).add(w.index(1)).sin().sub(y).square().mean();
  return loss(weight.sub(grad(loss)(weight).mul(0.1)));
}

const examples: Example[] = [
  {
    name: 'derivatives-of-a-batch: a scalar function',
    f: (x) => x.square().add(x.square().sin()),
    inputs: () => [torch.linspace(0, 5, 40, options)],
  },
  { name: 'derivatives-of-a-batch: R² to R³', f: threeValues, inputs: () => [randn(2)] },
  { name: 'derivatives-of-a-batch: the whole batch', f: threeValues, inputs: () => [randn(20, 2)] },
  {
    name: 'whirlwind-tour: sin, and its sum',
    f: (x) => x.sin(),
    scalar: (x) => x.sin().sum(),
    inputs: () => [randn(5)],
  },
  {
    name: 'gradients: a product of two arguments',
    f: (x, y) => x.mul(y),
    scalar: (x, y) => x.mul(y).sum(),
    inputs: () => [randn(5), randn(5)],
  },
  { name: 'vjp-and-jvp: several outputs', f: (x) => [x.sin(), x.cos()], inputs: () => [randn(5)] },
  { name: 'vjp-and-jvp: matrices', f: (a, b) => a.matmul(b), inputs: () => [randn(5, 4), randn(4, 5)] },
  {
    name: 'vjp-and-jvp: three values of four',
    f: (x) => torch.stack([x.prod(), x.square().sum(), x.index(0).exp()]),
    inputs: () => [randn(4)],
  },
  {
    name: 'jacobians: every argument of a layer',
    f: predict as TensorFunction,
    scalar: (weight, bias, x) => predict(weight, bias, x).sum(),
    inputs: () => [randn(16, 16), randn(16), randn(16)],
  },
  {
    name: 'jacobians: more outputs than inputs',
    f: (x) => predict(torch.ones([2048, 32], options).cumsum(0).sin(), torch.zeros([2048], options), x),
    inputs: () => [randn(32)],
  },
  {
    name: 'jacobians: more inputs than outputs',
    f: (x) => predict(torch.ones([32, 2048], options).cumsum(1).sin(), torch.zeros([32], options), x),
    inputs: () => [randn(2048)],
  },
  {
    name: 'hessians: the Hessian of each output',
    f: (x) => predict(torch.ones([8, 16], options).cumsum(1).sin(), torch.zeros([8], options), x),
    scalar: (x) => predict(torch.ones([1, 16], options).cumsum(1).sin(), torch.zeros([1], options), x).sum(),
    inputs: () => [randn(16)],
  },
  {
    name: 'hessians: the summed output of a batch',
    f: (x) => predict(torch.ones([33, 31], options).cumsum(1).sin(), torch.zeros([33], options), x).sum(0),
    inputs: () => [randn(64, 31)],
  },
  {
    name: 'hessians: blocks of two arguments',
    f: (x, y) => x.dot(y.sin()),
    scalar: (x, y) => x.dot(y.sin()),
    inputs: () => [randn(3), randn(3)],
  },
  {
    name: 'hessian-vector-products: all second derivatives',
    f: (x) => x.pow(4),
    scalar: (x) => torch.ones([12, 5], options).cumsum(0).sin().mv(x).logsumexp(0).add(x.pow(4).sum()),
    inputs: () => [randn(5)],
  },
  {
    name: 'per-sample-quantities: losses of a batch',
    f: (weight, bias) => torch.vmap((x: Tensor) => torch.nn.functional.softplus(x.dot(weight).add(bias)))(fixedBatch()),
    scalar: (weight, bias) => torch.nn.functional.softplus(fixedBatch().mv(weight).add(bias)).mean(),
    inputs: () => [randn(10), randn()],
  },
  {
    name: 'neural tangent kernels: a network by its parameters',
    f: (...parameters) => network(fixedBatch())(...(parameters as [Tensor, Tensor, Tensor, Tensor])),
    inputs: networkParameters(10, 6),
  },
  {
    name: 'ensembles: stacked parameters',
    f: (w1, b1, w2, b2) => torch.vmap(network(fixedBatch()))(w1, b1, w2, b2),
    inputs: () => networkParameters(10, 3)().map((parameter) => torch.stack([parameter, parameter.mul(0.5)])),
  },
  {
    name: 'Lennard-Jones: forces and their derivatives',
    f: lennardJones,
    scalar: lennardJones,
    inputs: () => [torch.stack([...torch.eye(3, options), torch.ones([3], options)]).mul(1.3)],
  },
  {
    name: 'MAML: the loss after a step',
    f: afterOneStep,
    scalar: afterOneStep,
    inputs: () => [randn(2)],
  },
];

const fixedBatch = (): Tensor => torch.ones([32, 10], options).cumsum(0).mul(0.7).cumsum(1).sin();

function expectClose(actual: unknown, expected: unknown): void {
  if (!torch.isTensor(expected)) {
    expect(actual).toHaveLength((expected as unknown[]).length);
    (expected as unknown[]).forEach((item, i) => expectClose((actual as unknown[])[i], item));
    return;
  }
  const result = actual as Tensor;
  expect([result.dtype, ...result.shape]).toEqual([expected.dtype, ...expected.shape]);
  // The difference itself, so that a failure says how large it is.
  const difference = result.numel() === 0 ? 0 : result.sub(expected).abs().max().item();
  expect(difference).toBeLessThan(1e-11 * Math.max(1, expected.abs().max().item()));
}

describe.each(examples)('$name', ({ f, scalar, inputs: makeInputs }) => {
  torch.manualSeed(0);
  const inputs = makeInputs();
  const argnums = inputs.map((_, i) => i);
  const isSingle = inputs.length === 1;

  test.each([
    ['row by row', {}],
    ['vectorized', { vectorize: true }],
    ['forward', { vectorize: true, strategy: 'forward-mode' as const }],
  ])('jacobian, %s', (_, how) => {
    const actual = functional.jacobian(f as any, inputs, how);
    expectClose(actual, jacrev(f, { argnums })(...inputs));
    expectClose(actual, jacfwd(f, { argnums })(...inputs));
    if (isSingle) expectClose(functional.jacobian(f as any, inputs[0], how), jacrev(f)(...inputs));
  });

  if (scalar === undefined) return;
  test.each([
    ['row by row', {}],
    ['vectorized', { vectorize: true }],
    ['forward', { vectorize: true, outerJacobianStrategy: 'forward-mode' as const }],
  ])('hessian, %s', (_, how) => {
    const actual = functional.hessian(scalar as any, inputs, how);
    expectClose(actual, hessian(scalar, { argnums })(...inputs));
    if (isSingle) expectClose(functional.hessian(scalar as any, inputs[0], how), hessian(scalar)(...inputs));
  });
});
