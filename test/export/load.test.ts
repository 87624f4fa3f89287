import path from 'node:path';

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { makeFolder } from '../support/files';
import { expectClose } from '../support/numbers';
import { fixture, withProgram } from '../support/pt2';

const { func } = torch;
const folder = makeFolder();

interface Result {
  y: Tensor;
  top: [Tensor, Tensor];
  bounds: Tensor;
}
type Arguments = [batch: { x: Tensor }, power: number, named: { mask: Tensor }];

const loadSample = (): torch.export.ExportedProgram<Arguments, Result> => torch.export.load(fixture('sample'));
const mask = torch.tensor([true, false]);
const sampleArguments = (x: Tensor): Arguments => [{ x }, 2, { mask }];

/** model.pt2 in our own operators. */
function reference(p: Record<string, Tensor>, x: Tensor): Tensor {
  return torch.nn.functional.linear(
    torch.nn.functional.linear(x, p['0.weight'], p['0.bias']).tanh(),
    p['2.weight'],
    p['2.bias'],
  );
}

describe('program.module()', () => {
  const module = torch.export.load(fixture('model')).module();
  const params: Record<string, Tensor> = Object.fromEntries(module.namedParameters());
  const x = torch.linspace(-1, 1, 10).reshape(5, 2);

  test('is a module whose parameters have the names of Python, in submodules', () => {
    expect(module).toBeInstanceOf(torch.nn.Module);
    expect(Object.keys(params)).toEqual(['0.weight', '0.bias', '2.weight', '2.bias']);
    expect(module.getSubmodule('0')).toBeInstanceOf(torch.nn.Module);
    expect(module.parameters().every((p) => p.requiresGrad && p.isLeaf)).toBe(true);
    expect(String(module)).toBe('ExportedModule(\n  (0): Module()\n  (2): Module()\n)');
  });

  test('computes the model, for every size of a dynamic dimension', () => {
    for (const size of [1, 2, 5])
      expectClose(module(x.narrow(0, 0, size)), reference(params, x.narrow(0, 0, size)), 1e-6);
  });

  test('works with functionalCall and under transforms', () => {
    const call = (p: Record<string, Tensor>, x: Tensor): Tensor =>
      func.functionalCall(module, p, [x.unsqueeze(0)]).squeeze();
    const known = (p: Record<string, Tensor>, x: Tensor): Tensor => reference(p, x).squeeze();
    const [found, expected] = [call, known].map((f) => torch.vmap(func.grad(f), { inDims: [null, 0] })(params, x));
    for (const name of Object.keys(params)) expectClose(found[name], expected[name], 1e-6, name);
    const [jacobians, knownJacobians] = [call, known].map((f) =>
      torch.vmap(func.hessian((x: Tensor) => f(params, x)))(x),
    );
    expectClose(jacobians, knownJacobians, 1e-6);
  });

  test('an ensemble: vmap over stacked parameters', () => {
    const stacked = Object.fromEntries(Object.entries(params).map(([name, p]) => [name, torch.stack([p, p.mul(2)])]));
    const f = (p: Record<string, Tensor>): Tensor => func.functionalCall(module, p, [x]);
    const found = torch.vmap(f)(stacked);
    expectClose(
      found.select(0, 1),
      reference(Object.fromEntries(Object.entries(params).map(([n, p]) => [n, p.mul(2)])), x),
      1e-6,
    );
  });

  test('runs compiled', () => {
    const frozen = torch.export.load(fixture('model')).module().requiresGrad_(false);
    const jacobian = torch.vmap(func.jacrev((x: Tensor) => frozen(x.unsqueeze(0)).squeeze(0)));
    const compiled = torch.compile(jacobian);
    for (let i = 0; i < 3; i++) expectClose(compiled(x.add(i)), jacobian(x.add(i)), 1e-6);
    expect(compiled.explain().map((entry) => entry.isCompiled)).toEqual([true]);
  });

  test('can be trained: its parameters are those of the program', () => {
    const program = torch.export.load(fixture('model'));
    const trained = program.module();
    const loss = trained(x).square().sum();
    loss.backward();
    torch.noGrad(() => trained.parameters().forEach((p) => void p.sub_((p.grad as Tensor).mul(0.01))));
    expect(trained(x).square().sum().item()).toBeLessThan(loss.item() as number);
    expectClose(program.module()(x), trained(x), 0);
    expect(program.stateDict['0.weight']).toBe(trained.namedParameters()[0][1]);
  });

  test('has its state: stateDict, loadStateDict and to', () => {
    const other = torch.export.load(fixture('model')).module();
    torch.noGrad(() => other.parameters().forEach((p) => void p.zero_()));
    other.loadStateDict(module.stateDict());
    expectClose(other(x), module(x), 0);
    other.to('float64');
    expect(other(x.to('float64')).dtype).toBe('float64');
    expectClose(other(x.to('float64')).float(), module(x), 1e-6);
    expect(Object.keys(other.stateDict({ names: 'python' }))).toEqual(Object.keys(params));
  });

  test('train and eval are errors, as in Python', () => {
    expect(() => module.train()).toThrow(torch.NotImplementedError);
    expect(() => module.eval()).toThrow('Calling eval() is not supported yet.');
  });

  test('no tensors of a call are left after it', () => {
    const call = (): void => torch.scope(() => void torch.noGrad(() => module(x)));
    call();
    const { tensors } = torch.memoryUsage();
    for (let i = 0; i < 10; i++) torch.noGrad(() => module(x)).dispose();
    expect(torch.memoryUsage().tensors).toBe(tensors);
  });
});

describe('a program with structures, control flow and writes', () => {
  test('takes and returns structures', () => {
    const x = torch.linspace(-1, 1, 6).reshape(3, 2);
    const { y, top, bounds } = loadSample().module()(...sampleArguments(x));
    expect([y.shape, top.map((t) => t.shape), bounds.shape]).toEqual([[3, 3], [[3, 2], [3, 2]], [2]]); // prettier-ignore
    expect(bounds.select(0, 0).item()).toBe(Infinity);
    expectClose(bounds.select(0, 1), top[0].detach().max(0).values.select(0, 1), 0);
  });

  test('writes to its buffers; those that are not persistent are not part of the state', () => {
    const program = loadSample();
    const module = program.module();
    expect(module.namedBuffers().map(([name]) => name)).toEqual([
      'calls',
      'scale',
      'layers.1.running_mean',
      'layers.1.running_var',
      'layers.1.num_batches_tracked',
    ]);
    expect(Object.keys(module.stateDict())).not.toContain('scale');
    expect(Object.keys(program.constants)).toEqual(['scale', 'table']);
    for (let i = 0; i < 3; i++) module(...sampleArguments(torch.ones(2, 2)));
    expect(module.getBuffer('calls').item()).toBe(3);
  });

  test('functionalCall writes to the buffers that it gets', () => {
    const module = loadSample().module();
    const buffers = Object.fromEntries(module.namedBuffers().map(([name, buffer]) => [name, buffer.clone()]));
    func.functionalCall(module, buffers, sampleArguments(torch.ones(2, 2)) as never);
    expect([buffers.calls.item(), module.getBuffer('calls').item()]).toEqual([1, 0]);
  });

  test('vmap selects the branch of each sample', () => {
    const module = loadSample().module();
    const buffers = Object.fromEntries(module.namedBuffers().map(([name, buffer]) => [name, buffer.clone()]));
    const f = (x: Tensor): Tensor => func.functionalCall(module, buffers, sampleArguments(x) as never).y;
    const xs = torch.stack([torch.ones(2, 2), torch.ones(2, 2).mul(-9), torch.zeros(2, 2)]);
    expectClose(torch.vmap(f)(xs), torch.stack(xs.unbind().map(f)), 1e-6);
  });

  test('checks arguments: structure, sizes, and values that are part of the program', () => {
    const module = loadSample().module() as unknown as (...args: unknown[]) => Result;
    const x = torch.ones(2, 2);
    expect(() => module({ x }, 2)).toThrow(
      /takes 2 arguments \(batch, power\) and an object with the keys mask, but got Object, number/,
    );
    expect(() => module({ z: x }, 2, { mask })).toThrow(
      'Expected input at batch to have an object with the keys x, but got one with z',
    );
    expect(() => module({ x: [x] }, 2, { mask })).toThrow('Expected input at batch.x to be a tensor, but got array');
    expect(() => module({ x }, 3, { mask })).toThrow('Expected input at power to be equal to 2, but got 3');
    expect(() => module({ x }, 2, { mask: mask.repeat(2) })).toThrow(
      'Expected input at mask.shape[0] to be equal to 2, but got 4',
    );
    expect(() => module({ x: x.select(0, 0) }, 2, { mask })).toThrow(
      /Unexpected number of dimensions in input at batch.x.shape/,
    );
    expect(() => module({ x: torch.ones(4097, 2) }, 2, { mask })).toThrow('to be <= 4096, but got 4097');
    const unchecked = loadSample().module({ checkGuards: false });
    expect(unchecked(...sampleArguments(torch.ones(4097, 2))).y.shape).toEqual([4097, 3]);
  });

  test('has a graph, a signature and ranges, and prints them', () => {
    const program = loadSample();
    expect(program.graph.nodes.map((node) => node.name)).toContain('topk');
    expect(program.graphModule.subgraphs.get('true_graph_0')?.nodes.at(-2)?.target).toBe('aten.sin.default');
    expect(program.graphSignature.inputSpecs[0]).toEqual({
      kind: 'parameter',
      name: 'p_layers_0_weight',
      target: 'layers.0.weight',
    });
    expect(Object.values(program.rangeConstraints)).toEqual([{ min: 0, max: 4096 }]);
    const text = String(program);
    for (const part of [
      'higher_order.cond',
      'batch_x: USER_INPUT',
      "b_scale: BUFFER target='scale' persistent=False",
      '4096]}',
    ]) {
      expect(text).toContain(part);
    }
  });
});

test('tensors of the program go to the device of the module', () => {
  const file = withProgram('model', path.join(folder, 'device.pt2'), ({ graph_module: { graph } }) => {
    const inputs = [
      { name: 'size', arg: { as_ints: [1] }, kind: 1 },
      { name: 'device', arg: { as_device: { type: 'cpu', index: null } }, kind: 2 },
    ];
    const outputs = [{ as_tensor: { name: 'one' } }];
    graph.nodes.push({ target: 'torch.ops.aten.ones.default', inputs, outputs, metadata: {} });
    graph.tensor_values.one = { ...graph.tensor_values.linear_1, sizes: [{ as_int: 1 }] };
    graph.outputs[0].as_tensor.name = 'one';
  });
  const module = torch.export.load(file, { mapLocation: 'meta' }).module();
  expect(module(torch.ones(2, 2, { device: 'meta' })).isMeta).toBe(true);
  expect(torch.export.load(file).module()(torch.ones(2, 2)).isMeta).toBe(false);
});

test.each([{ mmap: true }, { mmap: false }])('load and load.async read the same, %p', async (options) => {
  const x = torch.ones(3, 2);
  const expected = torch.export.load(fixture('model')).module()(x);
  expectClose(torch.export.load(fixture('model'), options).module()(x), expected, 0);
  expectClose((await torch.export.load.async(fixture('model'), options)).module()(x), expected, 0);
});

test('arguments of load are checked', async () => {
  expect(() => torch.export.load(fixture('model'), { map: true } as never)).toThrow(/unknown option 'map'/);
  expect(() => torch.export.load('/nowhere/model.pt2')).toThrow(/ENOENT/);
  await expect(torch.export.load.async(fixture('model'), { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
});
