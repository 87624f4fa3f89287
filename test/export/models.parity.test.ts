/** Models of every kind, exported with Python: outputs and derivatives equal those of torch.func. */

import path from 'node:path';

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { makeFolder } from '../support/files';
import { expectClose } from '../support/numbers';
import { python } from '../support/parity/files';

const { func } = torch;
type Tensors = Record<string, Tensor>;
type Dtype = 'float64' | 'float32';

interface Expected {
  x: Tensor;
  y: Tensor;
  jacobians: Tensor;
  gradients: Tensors;
  hvp: Tensors;
  hessian: Tensor;
}

const MODELS = [
  ...[
    'mlp',
    'cnn',
    'resnet',
    'lstm',
    'gru',
    'encoder',
    'attention',
    'mixture',
    'bag',
    'fourier',
    'stateful',
    'dynamic',
  ],
];

const TOLERANCES: Record<Dtype, number> = { float64: 1e-12, float32: 1e-6 };

const folders: Record<Dtype, string> = { float64: makeFolder(), float32: makeFolder() };

beforeAll(async () => {
  const code = (dtype: string): string => `
import sys
sys.path.insert(0, ${JSON.stringify(__dirname)})
import models
models.write(folder, "${dtype}")`;
  for (const dtype of ['float64', 'float32'] as const) await python(folders[dtype], code(dtype));
  const folder = folders.float64;
  for (const name of [...MODELS, ...MODELS.map((name) => `${name}-decomposed`)]) {
    torch.export.save(torch.export.load(path.join(folder, `${name}.pt2`)), path.join(folder, `${name}-again.pt2`));
  }
  await python(folder, code('float64').replace('models.write(folder, "float64")', 'models.check(folder)'));
}, 600_000);

/** A tensor from -1 to 1: the direction of Hessian-vector products. */
function direction(like: Tensor): Tensor {
  const values = torch.linspace(-1, 1, Math.max(like.numel(), 1), { dtype: like.dtype });
  return values.narrow(0, 0, like.numel()).reshape(like.shape);
}

describe.each(['float64', 'float32'] as const)('%s', (dtype) => {
  const tolerance = TOLERANCES[dtype];
  const at = (name: string): string => path.join(folders[dtype], name);

  const files = dtype === 'float64' ? MODELS.flatMap((name) => [name, `${name}-decomposed`]) : MODELS;
  describe.each(files)('%s', (file) => {
    const name = file.replace('-decomposed', '');
    const expected = (): Expected => torch.load<Expected>(at(`${file}-expected.pt`));

    function load() {
      const module = torch.export.load(at(`${file}.pt2`)).module();
      const params: Tensors = Object.fromEntries(module.namedParameters());
      const fixed: Tensors = Object.fromEntries(module.namedBuffers());
      // Buffers that the model writes to are those of the call.
      const call = (params: Tensors, buffers: Tensors, x: Tensor): Tensor => {
        const fresh = Object.fromEntries(Object.entries(buffers).map(([key, buffer]) => [key, buffer.clone()]));
        return func.functionalCall(module, { ...params, ...fresh }, [x.unsqueeze(0)]).squeeze(0);
      };
      const loss = (params: Tensors, buffers: Tensors, x: Tensor): Tensor => call(params, buffers, x).square().sum();
      return { module, params, fixed, call, loss };
    }

    /** One copy of each buffer for each sample. */
    const forEach = (x: Tensor, buffers: Tensors): Tensors =>
      Object.fromEntries(Object.entries(buffers).map(([key, b]) => [key, b.expand([x.size(0), ...b.shape])]));

    // The mixture chooses its expert for one sample at a time.
    const outputs = (module: (x: Tensor) => Tensor, x: Tensor): Tensor =>
      name === 'mixture' ? torch.cat(x.split(1).map((row) => module(row))) : module(x);

    test('its outputs are those of the model', () => {
      const { x, y } = expected();
      expectClose(outputs(load().module, x), y, tolerance);
    });

    test('Python runs the program that is written again', () => {
      const { y } = expected();
      if (dtype === 'float64') expectClose(torch.load<Tensor>(at(`${file}-again.pt`)), y, tolerance);
    });

    test('a checkpoint of its weights loads into it', () => {
      const { module } = load();
      const checkpoint = torch.load<Tensors>(at(`${name}.pt`));
      torch.noGrad(() => module.parameters().forEach((parameter) => void parameter.zero_()));
      module.loadStateDict(checkpoint);
      expect(Object.keys(module.stateDict({ names: 'python' })).sort()).toEqual(Object.keys(checkpoint).sort());
      const { x, y } = expected();
      expectClose(outputs(module, x), y, tolerance);
    });

    test('vmap(jacrev) and vmap(jacfwd) over samples', () => {
      const { params, fixed, call } = load();
      const { x, jacobians } = expected();
      const f = (buffers: Tensors, x: Tensor): Tensor => call(params, buffers, x);
      const buffers = forEach(x, fixed);
      expectClose(torch.vmap(func.jacrev(f, { argnums: 1 }))(buffers, x), jacobians, tolerance);
      expectClose(torch.vmap(func.jacfwd(f, { argnums: 1 }))(buffers, x), jacobians, tolerance);
    });

    test('per-sample gradients', () => {
      const { params, fixed, loss } = load();
      const { x, gradients } = expected();
      const found = torch.vmap(func.grad(loss), { inDims: [null, 0, 0] })(params, forEach(x, fixed), x);
      for (const [key, gradient] of Object.entries(gradients)) expectClose(found[key], gradient, tolerance, key);
    });

    test('a Hessian-vector product in the weights, and the Hessian of one sample', () => {
      const { params, fixed, loss } = load();
      const { x, hvp, hessian } = expected();
      const tangents = Object.fromEntries(Object.entries(params).map(([key, p]) => [key, direction(p)]));
      const gradient = (p: Tensors): Tensors => func.grad(loss)(p, fixed, x.select(0, 0));
      const [, found] = func.jvp(gradient, [params], [tangents]) as [Tensors, Tensors];
      for (const [key, product] of Object.entries(hvp)) expectClose(found[key], product, tolerance, key);
      expectClose(func.hessian((x: Tensor) => loss(params, fixed, x))(x.select(0, 0)), hessian, tolerance);
    });
  });
});
