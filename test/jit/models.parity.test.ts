/** Scripted and traced models: outputs and derivatives equal those of torch.func in Python. */

import path from 'node:path';

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { makeFolder } from '../support/files';
import { expectError } from '../support/errors';
import { expectClose } from '../support/numbers';
import { writeScripts } from '../support/scripts';

const { func } = torch;
type Tensors = Record<string, Tensor>;

interface Expected {
  x: Tensor;
  y: Tensor;
  jacobians: Tensor;
  gradients: Tensors;
  hvp: Tensors;
  hessian: Tensor;
}

const MODELS = [
  ...['mlp', 'mlp-traced', 'cnn', 'cnn-traced', 'resnet', 'lstm', 'gru', 'encoder', 'fourier', 'branches', 'chooser'],
  'forked',
];

const TOLERANCE = 1e-12;

const folder = makeFolder();
const at = (name: string): string => path.join(folder, name);

beforeAll(() => writeScripts(folder, 'write_models'), 600_000);

/** A tensor from -1 to 1: the direction of Hessian-vector products. */
function direction(like: Tensor): Tensor {
  const values = torch.linspace(-1, 1, Math.max(like.numel(), 1), { dtype: like.dtype });
  return values.narrow(0, 0, like.numel()).reshape(like.shape);
}

describe.each(MODELS)('%s', (name) => {
  const expected = (): Expected => torch.load<Expected>(at(`${name}-expected.pt`));
  // It reads the values of its argument, which samples of vmap do not have.
  const isBatched = name !== 'chooser';
  const stacked = (f: (x: Tensor) => Tensor, x: Tensor): Tensor =>
    isBatched ? torch.vmap(f)(x) : torch.stack(x.unbind().map((row) => f(row)));

  function load() {
    const loaded = torch.jit.load(at(`${name}.pt`));
    const params: Tensors = Object.fromEntries(loaded.namedParameters());
    const call = (p: Tensors, x: Tensor): Tensor => func.functionalCall(loaded, p, [x.unsqueeze(0)]).squeeze(0);
    const loss = (p: Tensors, x: Tensor): Tensor => call(p, x).square().sum();
    return { loaded, params, call, loss };
  }

  test('outputs', () => {
    const { x, y } = expected();
    expectClose(load().loaded(x), y, TOLERANCE);
  });

  test('jacrev and jacfwd of each sample', () => {
    const { params, call } = load();
    const { x, jacobians } = expected();
    const f = (x: Tensor): Tensor => call(params, x);
    expectClose(stacked(func.jacrev(f), x), jacobians, TOLERANCE);
    expectClose(stacked(func.jacfwd(f), x), jacobians, TOLERANCE);
  });

  test('gradients of each sample in the parameters', () => {
    const { params, loss } = load();
    const { x, gradients } = expected();
    const gradient = func.grad(loss);
    const found = isBatched
      ? torch.vmap(gradient, { inDims: [null, 0] })(params, x)
      : Object.fromEntries(
          Object.keys(params).map((key) => [key, torch.stack(x.unbind().map((row) => gradient(params, row)[key]))]),
        );
    for (const [key, gradient] of Object.entries(gradients)) expectClose(found[key], gradient, TOLERANCE, key);
  });

  test('a Hessian-vector product in the parameters, and the Hessian of one sample', () => {
    const { params, loss } = load();
    const { x, hvp, hessian } = expected();
    const tangents = Object.fromEntries(Object.entries(params).map(([key, p]) => [key, direction(p)]));
    const gradient = (p: Tensors): Tensors => func.grad(loss)(p, x.select(0, 0));
    const [, found] = func.jvp(gradient, [params], [tangents]) as [Tensors, Tensors];
    for (const [key, product] of Object.entries(hvp)) expectClose(found[key], product, TOLERANCE, key);
    const f = (x: Tensor): Tensor => loss(params, x);
    if (name === 'chooser') expectClose(func.jacrev(func.grad(f))(x.select(0, 0)), hessian, TOLERANCE);
    else expectClose(func.hessian(f)(x.select(0, 0)), hessian, TOLERANCE);
  });

  test('autograd gives the gradients of a batch', () => {
    const { loaded } = load();
    const { x, gradients } = expected();
    loaded(x).square().sum().backward();
    // The losses of the samples add up, except where the batch is one argument of a condition.
    if (!isBatched || name === 'branches') return;
    for (const [key, parameter] of loaded.namedParameters()) {
      expectClose(parameter.grad!, gradients[key].sum(0), 1e-11, key);
    }
  });
});

test('a condition on a value of a sample of vmap is an error, as in Python', () => {
  const module = torch.jit.load(at('chooser.pt'));
  expectError(
    () => torch.vmap((x: Tensor) => module(x))(torch.ones(4, 3, { dtype: 'float64' })),
    torch.RuntimeError,
    /<--- HERE[^]*calling \.item\(\) on a Tensor/,
  );
});
