import fs from 'node:fs';
import path from 'node:path';

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectError } from '../support/errors';
import { makeFolder } from '../support/files';
import { expectClose } from '../support/numbers';
import { fixture } from '../support/pt2';

const { nn } = torch;
const folder = makeFolder();
const at = (name: string): string => path.join(folder, name);
const sine = (x: Tensor): Tensor => x.sin();
const X = torch.tensor([1, 2]);
const exportAny = torch.export.export as (func: unknown, args: unknown, options?: unknown) => unknown;
const saveAny = torch.export.save as (program: unknown, file: unknown, options?: unknown) => void;

describe('the program', () => {
  class Net extends nn.Module {
    norm = new nn.BatchNorm1d(2);
    unused = new nn.Linear(1, 1, { bias: false });
    override forward(x: Tensor): Tensor {
      return this.norm(x).mul(2);
    }
  }

  test('has the parameters and buffers of the module, with the names of Python', () => {
    const net = new Net();
    const program = torch.export.export(net, [torch.rand(3, 2)]);
    expect(Object.keys(program.stateDict)).toEqual([
      ...['norm.weight', 'norm.bias', 'unused.weight', 'norm.running_mean', 'norm.running_var'],
      'norm.num_batches_tracked',
    ]);
    expect(program.stateDict['norm.weight']).toBe(net.norm.weight);
    expect(
      program
        .module()
        .namedParameters()
        .map(([name]) => name),
    ).toEqual([...['norm.weight', 'norm.bias', 'unused.weight']]);
  });

  test('leaves the module and the arguments as they were, also if the function throws', () => {
    const net = new Net();
    const x = torch.rand(3, 2);
    const before = [x, ...net.buffers()].map((tensor) => tensor.clone());
    const write = (x: Tensor): Tensor => {
      const y = net(x);
      x.zero_();
      return y;
    };
    class Writes extends nn.Module {
      net = net;
      fails = false;
      override forward(x: Tensor): Tensor {
        const y = write(x);
        if (this.fails) throw new Error('on purpose');
        return y;
      }
    }
    const module = new Writes();
    torch.export.export(module, [x]);
    module.fails = true;
    expect(() => torch.export.export(module, [x])).toThrow('on purpose');
    [x, ...net.buffers()].forEach((tensor, i) => expect(torch.equal(tensor, before[i])).toBe(true));
  });

  test('shares its weights with the module, and is saved with what they are at the time', () => {
    const net = new nn.Linear(2, 1);
    const program = torch.export.export(net, [X]);
    torch.noGrad(() => net.weight.fill_(3));
    torch.export.save(program, at('shared.pt2'));
    expectClose(torch.export.load(at('shared.pt2')).module()(X), net(X), 1e-6);
  });

  test('is of a compiled module as of the module', () => {
    const net = torch.compile(new nn.Linear(2, 1));
    const program = torch.export.export(net, [X]);
    expect(Object.keys(program.stateDict)).toEqual(['weight', 'bias']);
    expectClose(program.module()(X), net(X), 1e-6);
  });

  test('a program that was exported is exported again', () => {
    const first = torch.export.export(new nn.Linear(2, 1), [X]);
    const second = torch.export.export(first.module(), [X]);
    expect(Object.keys(second.stateDict)).toEqual(['weight', 'bias']);
    expectClose(second.module()(X), first.module()(X), 1e-6);
  });

  test('takes only the recorded shapes, structures and constants', () => {
    const module = torch.export.export((x: Tensor, [n]: number[]) => x.mul(n), [X, [3]]).module();
    expectClose(module(X, [3]), X.mul(3), 0);
    expect(() => module(torch.ones(3), [3])).toThrow('Expected input at arg_0.shape[0] to be equal to 2, but got 3');
    expect(() => module(X, [4])).toThrow('Expected input at arg_1[0] to be equal to 3, but got 4');
    expect(() => module(X, [])).toThrow('Expected input at arg_1 to have an array of 1 values, but got one of 0');
  });

  test('works under transforms, in training and with functionalCall', () => {
    const net = new nn.Sequential(new nn.Linear(2, 3), new nn.Tanh());
    const module = torch.export.export(net, [X]).module();
    expectClose(torch.func.jacrev((x: Tensor) => module(x))(X), torch.func.jacrev((x: Tensor) => net(x))(X), 1e-6);
    module(X).sum().backward();
    const gradients = net.parameters().map((p) => p.grad!.clone());
    net.parameters().forEach((p) => (p.grad = null));
    net(X).sum().backward();
    net.parameters().forEach((p, i) => expectClose(p.grad!, gradients[i], 1e-6));
  });
});

describe('what cannot be exported', () => {
  test.each<[string, unknown, RegExp]>([
    ['a number', 3, /^export\.export\(\): argument 'func' must be a function, not /],
    ['nothing', undefined, /^export\.export\(\): argument 'func' must be a function, not undefined/],
    ['a program', torch.export.load(fixture('model')), /argument 'func' must be a function, not ExportedProgram/],
  ])('%s in place of the function', (_, func, message) => {
    expectError(() => exportAny(func, [X]), TypeError, message);
  });

  test.each<[string, unknown, unknown, new (message: string) => Error, RegExp]>([
    ['a tensor', X, {}, TypeError, /argument 'args' must be an array of arguments, not Tensor/],
    ['nothing', undefined, {}, TypeError, /argument 'args' must be an array of arguments, not undefined/],
    // eslint-disable-next-line no-sparse-arrays -- it is the point
    ['holes', [, X], {}, torch.ValueError, /holes/],
    ['a function', [sine], {}, TypeError, /^export\.export\(\): args\[0\] is .*; a program has tensors, numbers/],
    ['a Map', [{ a: [new Map()] }], {}, TypeError, /args\[0\]\.a\[0\] is .*Map/],
    ['a huge bigint', [2n ** 64n], {}, TypeError, /args\[0\] is/],
    ['a sparse tensor', [torch.eye(2).toSparse()], {}, TypeError, /args\[0\] has the layout sparse_coo/],
    ['kwargs that are no object', [X], { kwargs: [1] }, TypeError, /option 'kwargs' must be a plain object, not/],
    ['a wrong kwarg', [X], { kwargs: { f: sine } }, TypeError, /option 'kwargs' at f is/],
    ['an unknown option', [X], { dynamic: true }, TypeError, /unknown option 'dynamic'/],
  ])('%s among the arguments', (_, args, options, type, message) => {
    expectError(() => exportAny(sine, args, options), type, message);
  });

  class Point {
    constructor(readonly x: Tensor) {}
  }
  torch.registerPytreeNode(Point, {
    flatten: ({ x }) => ({ children: [x], context: null }),
    unflatten: ([x]) => new Point(x as Tensor),
  });

  test.each<[string, (x: Tensor) => unknown, new (message: string) => Error, RegExp]>([
    [
      'values read in JavaScript',
      (x) => x.mul(x.sum().item()),
      torch.RuntimeError,
      /^torch\.export\.export: item\(\) reads values of a tensor in JavaScript, so a graph could not repeat it/,
    ],
    [
      'shapes of values',
      (x) => x.nonzero(),
      torch.RuntimeError,
      /the shape of the result of nonzero\(\) depends on values/,
    ],
    ['a Promise', (x) => Promise.resolve(x), TypeError, /export\.export\(\): the function must be synchronous/],
    ['a string', (x) => [x, 'text'], torch.ValueError, /the result has the string "text"/],
    ['a function', (x) => [x, sine], TypeError, /a value of the result is/],
    [
      'a class of pytrees',
      (x) => new Point(x),
      TypeError,
      /an instance of the class Point, which is not a type of pytrees in Python/,
    ],
    [
      'an error',
      () => {
        throw new RangeError('of the function');
      },
      RangeError,
      /^of the function$/,
    ],
    ['a reshaped argument', (x) => x.unsqueeze_(0), torch.RuntimeError, /unsqueeze_\(\) changes the shape/],
  ])('a function with %s', (_, func, type, message) => {
    const x = torch.tensor([1, 2]);
    expectError(() => torch.export.export(func, [x]), type, message);
  });

  test('an argument of a class of pytrees', () => {
    expectError(() => exportAny((p: Point) => p.x, [new Point(X)]), TypeError, /is not a type of pytrees in Python/);
  });

  test('inside of a transform, and of a recording', () => {
    const nested = (x: Tensor): Tensor => torch.export.export(sine, [x]).module()(x);
    expectError(() => torch.vmap(nested)(torch.ones(2, 2)), torch.RuntimeError, /cannot record inside a transform/);
    expectError(() => torch.fx.makeFx(nested)(X), torch.RuntimeError, /cannot record inside a transform/);
  });

  test('a lazy module without shapes, and one that replaces a parameter', () => {
    expectError(() => torch.export.export(new nn.LazyLinear(2), [X]), torch.RuntimeError, /'weight' has no shape yet/);
    class Replaces extends nn.Module {
      w = new nn.Parameter(torch.ones(2));
      override forward(x: Tensor): Tensor {
        this.w = new nn.Parameter(x);
        return x;
      }
    }
    const net = new Replaces();
    const { w } = net;
    expectError(() => torch.export.export(net, [X]), torch.RuntimeError, /the function replaces the parameter 'w'/);
    expect(net.w).toBe(w);
  });
});

describe('dynamic sizes', () => {
  const batch = [{ 0: 'batch' }];
  const [two, five] = [2, 5].map((n) => torch.linspace(-1, 1, 3 * n).reshape(n, 3));

  test('a program takes other sizes, which must agree', () => {
    const f = (x: Tensor, y: Tensor): Tensor => x.sub(y).mean(0);
    const program = torch.export.export(f, [two, two.add(1)], { dynamicShapes: [{ 0: 'n' }, { 0: 'n' }] });
    expect(program.rangeConstraints).toEqual({ s0: { min: 2, max: null } });
    expectClose(program.module()(five, five.mul(2)), f(five, five.mul(2)), 1e-6);
    expect(() => program.module()(five, two)).toThrow('Expected input at arg_1.shape[0] to be equal to 5, but got 2');
    expect(() => program.module()(five.t(), five.t())).toThrow(
      'Expected input at arg_0.shape[1] to be equal to 3, but got 5',
    );
    torch.export.save(program, at('dynamic.pt2'));
    expect(String(torch.export.load(at('dynamic.pt2')))).toBe(String(program));
  });

  test('the layout of arguments may be any dense one', () => {
    const x = two.t();
    const program = torch.export.export((x: Tensor) => x.mul(2), [x], { dynamicShapes: [{ 1: 'n' }] });
    expectClose(program.module()(five.t()), five.t().mul(2), 0);
  });

  test.each<[string, (x: Tensor) => unknown, RegExp]>([
    [
      'reads the size',
      (x) => x.div(x.shape[0]),
      /the function reads the size 'batch' in JavaScript, which may then not vary/,
    ],
    [
      'computes a size that is not a multiple of the dynamic size',
      (x) => torch.cat([x, x.select(0, 0).unsqueeze(0)]),
      /one graph does not hold for all sizes: a size or a stride of 'cat' is 3 for the size 2, and 4 for 3/,
    ],
    [
      'has an operator for each sample',
      (x) => x.unbind().reduce((a, b) => a.add(b)),
      /one graph does not hold for all sizes: the operators depend on the size/,
    ],
    [
      'makes a tensor of it',
      (x) => x.add(torch.tensor(Array.from({ length: x.numel() }, () => 1)).reshape(-1, 3)),
      /reads the size/,
    ],
  ])('a function that %s is refused', (_, func, message) => {
    expectError(() => torch.export.export(func, [two], { dynamicShapes: batch }), torch.RuntimeError, message);
  });

  test.each<[string, unknown, new (message: string) => Error, RegExp]>([
    [
      'a name',
      'batch',
      TypeError,
      /^export\.export\(\): option 'dynamicShapes' must have an array of 1 items for args, not /,
    ],
    ['too many items', [null, null], TypeError, /must have an array of 1 items for args/],
    [
      'an array for a tensor',
      [[0]],
      TypeError,
      /must have an object such as \{ 0: 'batch' \} for args\[0\], not array/,
    ],
    ['a number for a name', [{ 0: 5 }], TypeError, /dimension 0 of args\[0\] must have a name, not/],
    [
      'a dimension that there is not',
      [{ 2: 'batch' }],
      torch.ValueError,
      /args\[0\] has 2 dimensions, and no dimension 2/,
    ],
    ['a negative dimension', [{ '-1': 'batch' }], torch.ValueError, /no dimension -1/],
    ['two names', [{ 0: 'a', 1: 'b' }], torch.ValueError, /names 'a' and 'b'; one size may vary/],
    ['one name for two sizes', [{ 0: 'a', 1: 'a' }], torch.ValueError, /'a' is 2 and 3 in the arguments/],
  ])('%s is refused', (_, dynamicShapes, type, message) => {
    expectError(() => exportAny(sine, [two], { dynamicShapes }), type, message);
  });

  test('sizes of 0 and 1, and what is not a tensor', () => {
    const shapes = [{ 0: 'n' }];
    expectError(
      () => exportAny(sine, [torch.ones(1, 2)], { dynamicShapes: shapes }),
      torch.ValueError,
      /must be at least 2 in the arguments, not 1/,
    );
    expectError(
      () => exportAny((n: number) => torch.ones(n), [3], { dynamicShapes: shapes }),
      TypeError,
      /must have null for args\[0\]/,
    );
    expectError(
      () => exportAny(sine, [{ x: two }], { dynamicShapes: [{ y: { 0: 'n' } }] }),
      TypeError,
      /args\[0\] has no key 'y'/,
    );
  });
});

describe('save', () => {
  const program = torch.export.export(sine, [X]);

  test('replaces a file only when the new one is complete, and leaves nothing else behind', () => {
    torch.export.save(program, at('own.pt2'));
    const broken = torch.export.export(sine, [X]);
    broken.graph.insertBefore(broken.graph.nodes.at(-1)!, () =>
      broken.graph.callFunction(sine, [broken.graph.nodes[0]]),
    );
    expectError(
      () => torch.export.save(broken, at('own.pt2')),
      torch.ValueError,
      /^export\.save\(\): the node 'sine' \(sine\): it calls a function of JavaScript, which Python does not have$/,
    );
    expectClose(torch.export.load(at('own.pt2')).module()(X), X.sin(), 1e-6);
    expect(fs.readdirSync(folder).filter((name) => name.includes('tmp'))).toEqual([]);
  });

  test('changes of the graph are written', () => {
    const changed = torch.export.export(sine, [X]);
    const { graph } = changed;
    const sin = graph.nodes.find(({ target }) => target === 'aten.sin.default')!;
    graph.insertAfter(sin, () => {
      const doubled = graph.callFunction('aten.mul.Tensor', [sin, 2]);
      sin.replaceAllUsesWith(doubled);
      doubled.args = [sin, 2];
    });
    expect(() => torch.export.save(changed, at('changed.pt2'))).toThrow(
      /'mul' needs a meta with shape, strides and dtype/,
    );
    graph.nodes.find(({ name }) => name === 'mul')!.meta = sin.meta;
    torch.export.save(changed, at('changed.pt2'));
    expectClose(torch.export.load(at('changed.pt2')).module()(X), X.sin().mul(2), 1e-6);
  });

  test('an operator that PyTorch does not have is refused by name', () => {
    const changed = torch.export.export(sine, [X]);
    changed.graph.nodes.find(({ op }) => op === 'callFunction')!.target = 'aten.sine.default';
    expect(() => torch.export.save(changed, at('unknown.pt2'))).toThrow(
      /the node 'sin' \(aten\.sine\.default\): it is not an operator of PyTorch/,
    );
  });

  test.each<[string, unknown, unknown, new (message: string) => Error, RegExp]>([
    [
      'a module',
      program.module(),
      {},
      TypeError,
      /^export\.save\(\): argument 'program' must be an ExportedProgram, not/,
    ],
    ['nothing', undefined, {}, TypeError, /argument 'program' must be an ExportedProgram, not undefined/],
    ['an unknown option', program, { extra: {} }, TypeError, /unknown option 'extra'/],
    [
      'an extra file that is not a string',
      program,
      { extraFiles: { a: 1 } },
      TypeError,
      /option 'extraFiles': 'a' must be a string, not/,
    ],
    ['an array of texts', program, { extraFiles: ['a'] }, TypeError, /option 'extraFiles' must be an object of texts/],
    [
      'a name outside of the folder',
      program,
      { extraFiles: { '../a': '' } },
      torch.ValueError,
      /'\.\.\/a' is not the name/,
    ],
  ])('%s', (_, given, options, type, message) => {
    expectError(() => saveAny(given, at('x.pt2'), options), type, message);
    expect(fs.existsSync(at('x.pt2'))).toBe(false);
  });

  test('a folder that does not exist, and one in place of the file', () => {
    expect(() => torch.export.save(program, at('none/x.pt2'))).toThrow(/ENOENT/);
    expect(() => torch.export.save(program, folder)).toThrow(torch.ValueError);
  });

  test('a file that is written off the event loop is the same, and holds what was there at the call', async () => {
    const net = new nn.Linear(2, 1);
    const expected = net(X).detach();
    const linear = torch.export.export(net, [X]);
    torch.export.save(linear, at('sync.pt2'), { extraFiles: { 'notes/a.txt': 'hü' } });
    const saved = torch.export.save.async(linear, at('async.pt2'), { extraFiles: { 'notes/a.txt': 'hü' } });
    torch.noGrad(() => net.weight.zero_());
    await saved;
    expect(fs.readFileSync(at('async.pt2')).equals(fs.readFileSync(at('sync.pt2')))).toBe(true);
    expectClose(torch.export.load(at('async.pt2')).module()(X), expected, 1e-6);
    await expect(torch.export.save.async(linear, at('x.pt2'), { signal: AbortSignal.abort() })).rejects.toThrow();
    expect(fs.existsSync(at('x.pt2'))).toBe(false);
  });
});
