/** Parameters, buffers, modes and submodules of scripted modules, training, compiling and writing them. */

import path from 'node:path';

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectError } from '../support/errors';
import { makeFolder } from '../support/files';
import { expectClose } from '../support/numbers';
import { writeScripts } from '../support/scripts';

const { func } = torch;
type Tensors = Record<string, Tensor>;

const folder = makeFolder();
const at = (name: string): string => path.join(folder, name);

beforeAll(
  () => writeScripts(folder, 'write_values', 'write_models', 'write_others', 'write_quantized', 'step', 'count'),
  600_000,
);

const input = (): Tensor => torch.linspace(-1, 1, 12, { dtype: 'float64' }).reshape([4, 3]);

describe('members', () => {
  test('have the names and the order of Python', async () => {
    const names = await writeScripts<Record<'modules' | 'parameters' | 'state' | 'text', unknown>>(folder, 'names');
    const module = torch.jit.load(at('tied.pt'));
    expect(module.namedModules().map(([name]) => name)).toEqual(names.modules);
    expect(module.namedParameters().map(([name]) => name)).toEqual(names.parameters);
    expect(Object.keys(module.stateDict())).toEqual(names.state);
    expect(Object.keys(module.stateDict({ names: 'python' }))).toEqual(names.state);
    expect(String(module)).toBe((names.text as string).replaceAll('RecursiveScriptModule', 'ScriptModule'));
  });

  test('tied parameters are one, and functionalCall replaces both', () => {
    const module = torch.jit.load(at('tied.pt'));
    expect(module.getParameter('a.weight')).toBe(module.getParameter('b.weight'));
    const x = torch.eye(2);
    const w = torch.tensor([[2, 0], [0, 3]]); // prettier-ignore
    const { weight, bias } = module.getSubmodule('table.x') as torch.nn.Linear;
    const found = func.functionalCall(module, { 'a.weight': w }, [x]);
    expectClose(found, x.matmul(w).tanh().matmul(w).matmul(weight.t()).add(bias!), 1e-6);
  });

  test('submodules are modules of their own, and cannot be replaced', () => {
    const module = torch.jit.load(at('tied.pt'));
    const tanh = module.getSubmodule('layers.1') as torch.jit.ScriptModule;
    expect(tanh(torch.tensor([0.5])).item()).toBe(Math.fround(Math.tanh(0.5)));
    const layers = module.getSubmodule('layers') as torch.jit.ScriptModule;
    expectError(() => layers(torch.ones(2)), torch.NotImplementedError, /missing the required "forward" function/);
    (module as unknown as Record<string, unknown>).a = new torch.nn.Linear(2, 2);
    expectError(() => module(torch.ones(1, 2)), TypeError, /the submodule 'a' of a scripted module was replaced/);
  });

  test('an absent parameter is null', () => {
    const linear = torch.jit.load(at('tied.pt')).getSubmodule('a') as torch.nn.Linear;
    expect(linear.bias).toBeNull();
  });
});

describe('functionalCall', () => {
  test('restores the parameters, also after an error', () => {
    const module = torch.jit.load(at('mlp.pt'));
    const [y, state] = [module(input()), module.stateDict()];
    const zeros = Object.fromEntries(module.namedParameters().map(([name, p]) => [name, torch.zerosLike(p)]));
    expect(func.functionalCall(module, zeros, [input()]).abs().max().item()).toBe(0);
    expectClose(module(input()), y, 0);
    const wrong = Object.fromEntries(module.namedParameters().map(([name]) => [name, torch.zeros(1, 1)]));
    expectError(() => func.functionalCall(module, wrong, [input()]), torch.RuntimeError, /<--- HERE/);
    expectClose(module(input()), y, 0);
    expect(Object.keys(module.stateDict())).toEqual(Object.keys(state));
  });

  test('a hook of the graph may call the module again', () => {
    const module = torch.jit.load(at('mlp.pt'));
    const expected = module(input());
    const inner: Tensor[] = [];
    const f = (x: Tensor): Tensor => {
      x.registerHook(() => void inner.push(module(input())));
      return func.functionalCall(
        module,
        { [module.namedParameters()[0][0]]: torch.zerosLike(module.parameters()[0]) },
        [x],
      );
    };
    f(input().requiresGrad_()).sum().backward();
    expectClose(inner[0], expected, 0);
  });
});

describe('training', () => {
  test('steps of Adam equal those of Python', () => {
    const expected = torch.load<{ state: Tensors; losses: number[] }>(at('step.pt'));
    const module = torch.jit.load(at('mlp.pt'));
    const optimizer = new torch.optim.Adam(module.parameters(), { lr: 0.1 });
    const x = input();
    for (const loss of expected.losses) {
      optimizer.zeroGrad();
      const found = module(x).square().sum();
      found.backward();
      optimizer.step();
      expect(found.item()).toBeCloseTo(loss, 12);
    }
    for (const [name, tensor] of Object.entries(module.stateDict()))
      expectClose(tensor, expected.state[name], 1e-12, name);
  });

  test('modes, buffers that are written and replaced, and random numbers are those of Python', () => {
    const expected = torch.load<{ outputs: Tensor[]; state: Tensors }>(at('count.pt'));
    const module = torch.jit.load(at('counter.pt'));
    expect(module.modules().map(({ training }) => training)).toEqual([true, true, true]);
    const x = torch.linspace(-1, 1, 6, { dtype: 'float64' }).reshape([3, 2]);
    torch.manualSeed(3);
    const outputs = torch.scope(() => [module(x), module(x), module.eval()(x)]);
    outputs.forEach((output, i) => expectClose(output.detach(), expected.outputs[i], 1e-12));
    expect(Object.keys(module.stateDict())).toEqual(Object.keys(expected.state));
    for (const [name, tensor] of Object.entries(module.stateDict()))
      expectClose(tensor, expected.state[name], 1e-12, name);
  });

  test('functionalCall returns a buffer that the script replaces', () => {
    const module = torch.jit.load(at('counter.pt')).eval();
    const buffers: Tensors = Object.fromEntries(module.namedBuffers().map(([name, b]) => [name, b.clone()]));
    func.functionalCall(module, buffers, [torch.ones(2, 2, { dtype: 'float64' })]);
    expect([buffers.count.item(), buffers.sum.tolist()]).toEqual([1, [2, 2]]);
    expect([module.getBuffer('count').item(), module.getBuffer('sum').tolist()]).toEqual([0, [0, 0]]);
  });

  test('to() converts, loadStateDict() loads', () => {
    const module = torch.jit.load(at('mlp.pt'));
    const y = module(input());
    expectClose(module.to('float32')(input().float()), y.float(), 1e-5);
    const other = torch.jit.load(at('mlp.pt'), { mapLocation: 'cpu' });
    torch.noGrad(() => other.parameters().forEach((p) => p.zero_()));
    other.loadStateDict(torch.jit.load(at('mlp.pt')).stateDict());
    expectClose(other(input()), y, 0);
  });

  test('hooks run', () => {
    const module = torch.jit.load(at('mlp.pt'));
    const seen: number[][] = [];
    module.registerForwardHook((_, args) => {
      seen.push((args as Tensor[])[0].shape);
    });
    module(input());
    expect(seen[0]).toEqual([4, 3]);
  });
});

describe('torch.compile', () => {
  test.each(['mlp', 'cnn', 'branches', 'lstm', 'forked'])('%s, and its derivatives', (name) => {
    const { x } = torch.load<{ x: Tensor }>(at(`${name}-expected.pt`));
    const module = torch.jit.load(at(`${name}.pt`));
    const compiled = torch.compile(module);
    const f = (x: Tensor): Tensor => module(x.unsqueeze(0)).square().sum();
    const gradient = torch.compile(torch.vmap(func.grad(f)));
    // Other numbers, and other sizes, than those that were recorded.
    for (const input of [x, x.mul(2), x.narrow(0, 0, 2), torch.cat([x, x.neg()])]) {
      expectClose(compiled(input), module(input), 1e-12);
      expectClose(gradient(input), torch.vmap(func.grad(f))(input), 1e-12);
    }
  });

  test('a condition on a value is looked at in every call', () => {
    const module = torch.jit.load(at('chooser.pt'));
    const compiled = torch.compile((x: Tensor) => module(x));
    for (const factor of [1, -1, 10, -10, 0.1, -0.1]) {
      const x = torch.ones(2, 3, { dtype: 'float64' }).mul(factor);
      expectClose(compiled(x), module(x), 1e-12);
    }
  });

  test('a condition on a size is one of the signature', () => {
    const module = torch.jit.load(at('branches.pt'));
    const compiled = torch.compile((x: Tensor) => module(x));
    for (const rows of [1, 2, 3, 4]) {
      const x = torch.ones(rows, 3, { dtype: 'float64' });
      expectClose(compiled(x), module(x), 1e-12);
    }
  });

  test('state that a script keeps is kept in every call', () => {
    const module = torch.jit.load(at('counter.pt')).eval();
    const compiled = torch.compile(module);
    const x = torch.ones(2, 2, { dtype: 'float64' });
    const outputs = [1, 2, 3].map(() => compiled(x).select(0, 0).select(0, 0).item());
    expect(outputs.map((value) => Math.round((1e9 * value) / outputs[0]) / 1e9)).toEqual([1, 2, 3]);
    expect(module.getBuffer('count').item()).toBe(3);
    expectError(
      () => torch.compile(torch.jit.load(at('counter.pt')), { fullgraph: true })(x),
      torch.RuntimeError,
      /assigns to its attributes/,
    );
  });

  test('asynchronous calls', async () => {
    const module = torch.jit.load(at('mlp.pt'));
    const compiled = torch.compile(module);
    const x = input();
    expectClose(await compiled.async(x), module(x), 1e-12);
    expectClose(await compiled.async(x.mul(2)), module(x.mul(2)), 1e-12);
  });
});

describe('scripts that were made in other ways', () => {
  test.each(['hooked', 'restored', 'frozen', 'function'])('%s', (name) => {
    const expected = torch.load<Tensors>(at('others.pt'))[name];
    const module = torch.jit.load(at(`${name}.pt`));
    expectClose(module(torch.ones(1, 2)), expected, 1e-6);
    const jacobian = torch.vmap(func.jacrev((x: Tensor) => module(x.unsqueeze(0)).squeeze(0)))(torch.ones(3, 2));
    expect(jacobian.shape).toEqual([3, expected.size(1), 2]);
  });

  test('hooks of the script run with the module, and not with its method', () => {
    const module = torch.jit.load(at('hooked.pt'));
    const x = torch.ones(1, 2);
    // after(before(x))
    expectClose(module(x), module.method('forward')(x.add(1)).mul(2), 1e-6);
  });

  test('quantized models are refused', () => {
    expectError(
      () => torch.jit.load(at('quantized.pt')),
      torch.ValueError,
      /data\.pkl': byte \d+: objects of the C\+\+ class quantized\.LinearPackedParamsBase are not supported/,
    );
  });
});

test('torch.jit.save writes what Python reads', async () => {
  const module = torch.jit.load(at('mlp.pt'));
  torch.noGrad(() => module.parameters().forEach((p) => p.mul_(0.5)));
  torch.jit.save(module, at('written.pt'), { extraFiles: { 'note.txt': 'halved' } });
  const note = await writeScripts<string>(folder, 'reload(folder, "written.pt")');
  expect(note).toBe('halved');
  const { y, state } = torch.load<{ y: Tensor; state: Tensors }>(at('reloaded.pt'));
  expectClose(module(input()).detach(), y, 1e-12);
  for (const [name, tensor] of Object.entries(module.stateDict())) expectClose(state[name], tensor, 0, name);
  expectClose(torch.jit.load(at('written.pt'))(input()).detach(), y, 1e-12);
  expectError(
    () => torch.jit.save(new torch.nn.Linear(1, 1) as never, at('x.pt')),
    TypeError,
    /must be a module of torch.jit.load/,
  );
});

test('torch.jit.load.async', async () => {
  const module = await torch.jit.load.async(at('mlp.pt'));
  expectClose(module(input()), torch.jit.load(at('mlp.pt'))(input()), 0);
  await expect(torch.jit.load.async(at('mlp.pt'), { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
});
