/** Every kind of value in every place of what is written in TypeScript: a readable error, or a result. */

import { types } from 'node:util';

import * as torch from '../../lib';
import { disposed, leftovers, matrix, planted, vector, wrong } from '../support/bad-input';

const { autograd, func, nn } = torch;
type Tensor = torch.Tensor;
type Ctx = torch.autograd.FunctionCtx;

const cyclic: unknown[] = [];
cyclic.push(cyclic);

class Identity extends nn.Module {
  override forward(x: Tensor): Tensor {
    return x;
  }
}

/** A name, and what makes the value anew. */
const garbage: [string, () => unknown][] = [
  ['undefined', () => undefined],
  ['null', () => null],
  ['7', () => 7],
  ['-1', () => -1],
  ['NaN', () => NaN],
  ['Infinity', () => Infinity],
  ['1.5', () => 1.5],
  ['2^60', () => 2n ** 60n],
  ['-2^70', () => -(2n ** 70n)],
  ['a string', () => 'x'],
  ['a dotted string', () => 'a.b'],
  ['an empty string', () => ''],
  ['a symbol', () => Symbol('s')],
  ['a function', () => () => 1],
  ['a class', () => class Other {}],
  ['an async function', () => async () => Promise.resolve(1)],
  ['an object', () => ({})],
  ['an object without a prototype', () => Object.create(null) as object],
  ['an object that is no text', () => ({ toString: planted, valueOf: planted })],
  ['an array', () => [1]],
  ['an array of null', () => [null]],
  ['a cyclic array', () => cyclic],
  ['true', () => true],
  ['a Map', () => new Map()],
  ['a Promise', () => Promise.resolve(1)],
  ['a proxy that throws', () => new Proxy({}, { get: planted, ownKeys: planted, has: planted })],
  ['a proxy of a tensor', () => new Proxy(vector(), {})],
  ['no tensor', () => Object.create(torch.Tensor.prototype) as object],
  ['a disposed tensor', disposed],
  ['a tensor', vector],
  ['an empty tensor', () => torch.zeros([0])],
  ['a 0-d tensor', () => torch.tensor(3)],
  ['a complex tensor', () => torch.tensor({ re: 1, im: 2 })],
  ['a boolean tensor', () => torch.tensor([true, false])],
  ['a meta tensor', () => torch.ones([2, 2], { device: 'meta' })],
  ['a sparse tensor', () => torch.eye(2).toSparse()],
  ['an array of a tensor', () => [vector()]],
  ['a parameter', () => new nn.Parameter(vector())],
  ['a module', () => new Identity()],
  ['a proxy of a module', () => new Proxy(new Identity(), {})],
  ['a module that is none', () => Object.create(Identity.prototype) as object],
];

// What an engine says where nobody has looked at a value.
const UNREADABLE =
  /Cannot (read prop|set prop|convert|mix|destructure)|is not (a function|iterable|an object)|INTERNAL ASSERT|Node-API|was expected|private member|call stack|bad_alloc|std::/;

type Call = (value: unknown) => unknown;

/** What is wrong with how the calls end. */
function problems(calls: Readonly<Record<string, Call>>): string[] {
  const found: string[] = [];
  for (const [name, call] of Object.entries(calls)) {
    for (const [what, make] of garbage) {
      try {
        const result = call(make());
        if (result instanceof Promise) result.catch(() => undefined);
      } catch (error) {
        if (!types.isNativeError(error)) found.push(`${name} with ${what}: threw ${typeof error}`);
        else if (error.message.length < 4 || UNREADABLE.test(error.message)) {
          found.push(`${name} with ${what}: ${error.message.slice(0, 200)}`);
        }
      }
    }
    found.push(...leftovers().map((text) => `${name}: ${text}`));
  }
  return found;
}

const leaf = (): Tensor => torch.ones([2], { dtype: 'float64', requiresGrad: true });
const linear = () => new nn.Linear(2, 2);
const input = () => torch.ones([2, 2, 4]);

beforeAll(() => {
  process.on('warning', () => undefined);
});
afterEach(() => func.setBatchingFallback('warn'));

const classes = Object.entries(nn).filter(([name, value]) => typeof value === 'function' && /^[A-Z]/.test(name));
// The sizes that are in order are small: these two would only take long.
const isHuge = (value: unknown): boolean => value === 2n ** 60n;

test.each(classes)('nn.%s', (_, given) => {
  const Layer = wrong(given) as new (...args: unknown[]) => unknown;
  const use = (...args: unknown[]): unknown => {
    if (args.some(isHuge)) return undefined;
    const layer = new Layer(...args);
    if (!(layer instanceof nn.Module)) return layer;
    String(layer);
    layer.namedParameters();
    layer.stateDict();
    return layer(input()) as unknown;
  };
  const calls: Record<string, Call> = {
    first: (v) => use(v),
    second: (v) => use(2, v),
    third: (v) => use(2, 2, v),
    all: (v) => use(v, v, v, v),
    forward: (v) => (new Layer(2, 2, 2) as (x: unknown) => unknown)(v),
  };
  for (const name of ['bias', 'dtype', 'device', 'eps', 'affine', 'padding', 'reduction', 'inplace', 'weight']) {
    calls[`2, { ${name} }`] = (v) => use(2, { [name]: v });
    calls[`2, 2, 2, { ${name} }`] = (v) => use(2, 2, 2, { [name]: v });
  }
  const found = problems(calls).filter((text) => !/forward with .*: new Layer/.test(text));
  expect(found).toEqual([]);
});

test('the methods of a module', () => {
  const makers = [linear, () => new nn.Sequential(linear()), () => new nn.ModuleList([linear()])];
  makers.push(
    wrong(() => new nn.ModuleDict({ a: linear() })),
    wrong(() => new nn.BatchNorm1d(2)),
  );
  // These are called by the class itself.
  const inner = new Set(['constructor', '_apply', '_loadFromStateDict', 'forward', 'checkInputDim']);
  for (const make of makers) {
    const calls: Record<string, Call> = {};
    const names = new Set<string>();
    for (let type = wrong(make()); type !== null; type = Object.getPrototypeOf(type)) {
      if (type !== Object.prototype) for (const name of Object.getOwnPropertyNames(type)) names.add(name);
    }
    for (const name of names) {
      if (inner.has(name) || typeof wrong(make())[name] !== 'function') continue;
      calls[`${name}(v)`] = (v) => wrong(make())[name](v);
      calls[`${name}(v, v)`] = (v) => wrong(make())[name](v, v);
      calls[`${name}('weight', v)`] = (v) => wrong(make())[name]('weight', v);
      calls[`${name}({ weight: v })`] = (v) => wrong(make())[name]({ weight: v });
      calls[`${name}({}, { strict: v })`] = (v) => wrong(make())[name]({}, { strict: v });
    }
    expect(problems(calls)).toEqual([]);
  }
});

test('functions of modules', () => {
  const call = (...args: unknown[]): unknown => (func.functionalCall as Call & ((...a: unknown[]) => unknown))(...args);
  const x = () => [torch.ones(2)];
  expect(
    problems({
      'functionalCall(v)': (v) => call(v, {}, x()),
      'functionalCall(net, v)': (v) => call(linear(), v, x()),
      'functionalCall(net, { weight: v })': (v) => call(linear(), { weight: v }, x()),
      "functionalCall(net, { 'a.b': v })": (v) => call(linear(), { 'a.b': v }, x()),
      'functionalCall(net, { forward: v })': (v) => call(linear(), { forward: v }, x()),
      'functionalCall(net, [v])': (v) => call(linear(), [v], x()),
      'functionalCall(net, {}, v)': (v) => call(linear(), {}, v),
      'functionalCall(net, {}, [v])': (v) => call(linear(), {}, [v]),
      'functionalCall(net, {}, x, v)': (v) => call(linear(), {}, x(), v),
      'functionalCall(net, {}, x, { strict: v })': (v) => call(linear(), {}, x(), { strict: v }),
      'stackModuleState(v)': (v) => func.stackModuleState(wrong(v)),
      'stackModuleState([v])': (v) => func.stackModuleState(wrong([v])),
      'stackModuleState([net, v])': (v) => func.stackModuleState(wrong([linear(), v])),
      'replaceAllBatchNormModules_(v)': (v) => func.replaceAllBatchNormModules_(wrong(v)),
      'grad(v)(net)': (v) => (func.grad(wrong(v)) as unknown as Call)(linear()),
    }),
  ).toEqual([]);
});

test('a functional call that cannot write back has put everything back', () => {
  class Running extends nn.Module {
    first: Tensor = new nn.Buffer(torch.zeros(1));
    last = new nn.Parameter(torch.zeros(1));
    override forward(x: Tensor): Tensor {
      this.first = x.add(1);
      return x;
    }
  }
  const net = new Running();
  const { first, last } = net;
  const given = Object.freeze({ last: torch.ones(1), first: torch.ones(1) });
  expect(() => func.functionalCall(net, given, torch.ones(1))).toThrow(
    /functionalCall\(\): the module replaced the tensor 'first', but the object .* is read-only/,
  );
  expect([net.first === first, net.last === last]).toEqual([true, true]);
  // A parameter of a dotted name would pass for one of a submodule's.
  wrong(net)['a.b'] = new nn.Parameter(torch.ones(1));
  expect(() => net.stateDict()).toThrow(/parameter name can't contain "\."/);
});

test.each(Object.entries(nn.init))('nn.init.%s', (name, given) => {
  const fill = given as (...args: unknown[]) => unknown;
  const calls: Record<string, Call> = {
    [`${name}(v)`]: (v) => fill(v),
    [`${name}(x, v)`]: (v) => fill(matrix(), v),
    [`${name}(x, v, v)`]: (v) => fill(matrix(), v, v),
    [`${name}(x, { generator: v })`]: (v) => fill(matrix(), { generator: v }),
    [`${name}(x, { gain: v })`]: (v) => fill(matrix(), { gain: v }),
    [`${name}(weight of a convolution, v)`]: (v) => fill(torch.ones([3, 3, 3]), v),
  };
  expect(problems(calls)).toEqual([]);
});

test('share, fromShared, frombuffer, sharedData', () => {
  const token = vector().share();
  const buffer = new SharedArrayBuffer(16);
  const { share, sharedData } = torch.Tensor.prototype;
  const calls: Record<string, Call> = {
    'torch.share': (v) => torch.share(v),
    'torch.share of a list': (v) => torch.share([v, { v }]),
    'Tensor.share': (v) => share.call(v as Tensor),
    'Tensor.sharedData': (v) => sharedData.call(v as Tensor),
    fromShared: (v) => torch.fromShared(v),
    'fromShared of a token': (v) => torch.fromShared({ sharedTensor: wrong(v) }),
    'fromShared of a token with more': (v) => torch.fromShared({ ...token, more: v }),
    frombuffer: (v) => torch.frombuffer(wrong(v)),
    'frombuffer, dtype': (v) => torch.frombuffer(buffer, { dtype: wrong(v) }),
    'frombuffer, options': (v) => torch.frombuffer(buffer, wrong(v)),
  };
  for (const name of ['count', 'offset', 'requiresGrad']) {
    calls[`frombuffer, { ${name} }`] = (v) => torch.frombuffer(buffer, { dtype: 'float32', [name]: v });
  }
  expect(problems(calls)).toEqual([]);
});

test('setBatchingFallback, functionalize, registerPytreeNode, indexPut_', () => {
  class Node {
    constructor(readonly value: unknown) {}
  }
  const registered = (flatten: (node: Node) => unknown): typeof Node => {
    class Own extends Node {}
    torch.registerPytreeNode(Own, { flatten: flatten as never, unflatten: () => new Own(null) });
    return Own;
  };
  const map = (Type: typeof Node): unknown => (torch.vmap(() => torch.ones(1)) as unknown as Call)(new Type(matrix()));
  expect(
    problems({
      setBatchingFallback: (v) => func.setBatchingFallback(wrong(v)),
      functionalize: (v) => func.functionalize(wrong(v)),
      'functionalize with remove': (v) => func.functionalize((x: Tensor) => x, { remove: wrong(v) }),
      'functionalize of a function that returns it': (v) => func.functionalize(() => wrong(v))(),
      registerPytreeNode: (v) => torch.registerPytreeNode(wrong(v), wrong(v)),
      'registerPytreeNode with a class': (v) => torch.registerPytreeNode(class {}, wrong(v)),
      'flatten that returns it': (v) => map(registered(() => v)),
      'flatten that returns it as children': (v) => map(registered(() => ({ children: v, context: v }))),
      'indexPut_ with accumulate': (v) => vector().indexPut_([0], 1, wrong(v)),
      'indexPut_ with the option accumulate': (v) => vector().indexPut_([0], 1, { accumulate: wrong(v) }),
    }),
  ).toEqual([]);
});

describe('torch.autograd', () => {
  class Square extends autograd.Function {
    static override generateVmapRule = true;
    static override forward(x: Tensor): Tensor {
      return torch.mul(x, x);
    }
    static override setupContext(ctx: Ctx, [x]: [Tensor]): void {
      ctx.saveForBackward(x);
      ctx.saveForForward(x);
    }
    static override backward(ctx: Ctx, g: Tensor): Tensor {
      return torch.mul(torch.mul(ctx.savedTensors[0], g), 2);
    }
    static override jvp(ctx: Ctx, t: Tensor): Tensor {
      return torch.mul(torch.mul(ctx.savedTensors[0], t), 2);
    }
  }
  type Apply = (x: Tensor) => Tensor;
  const uses: [string, (f: Apply) => unknown][] = [
    ['apply', (f) => f(leaf())],
    ['backward', (f) => torch.sum(f(leaf())).backward()],
    ['func.grad', (f) => func.grad((x: Tensor) => torch.sum(f(x)))(torch.ones(2))],
    ['vmap', (f) => torch.vmap(f)(torch.ones(2))],
    ['jvp', (f) => func.jvp(f, [torch.ones(2)], [torch.ones(2)])],
    ['vmap of grad', (f) => torch.vmap(func.grad((x: Tensor) => torch.sum(f(x))))(torch.ones([2, 2]))],
  ];
  const methods = ['forward', 'setupContext', 'backward', 'vjp', 'jvp', 'vmap'] as const;
  test.each(methods)('a method %s that is it, or returns it', (method) => {
    const calls: Record<string, Call> = {};
    const changed = (implementation: unknown): Apply => {
      class Changed extends Square {}
      if (method === 'vmap') Changed.generateVmapRule = false;
      if (method === 'vjp') Changed.backward = autograd.Function.backward;
      Object.assign(Changed, { [method]: implementation });
      return (x) => Changed.apply(x);
    };
    for (const [name, use] of uses) {
      // A function of ours as a method is what it is.
      calls[`${method} in ${name}`] = (v) => (typeof v === 'function' ? undefined : use(changed(v)));
      calls[`result of ${method} in ${name}`] = (v) => use(changed(() => v));
    }
    expect(problems(calls)).toEqual([]);
  });

  test('apply, contexts and onceDifferentiable', () => {
    const inContext = (use: (ctx: Ctx) => void): Apply => {
      class Changed extends Square {
        static override setupContext(ctx: Ctx, inputs: [Tensor]): void {
          Square.setupContext(ctx, inputs);
          use(ctx);
        }
      }
      return (x) => Changed.apply(x);
    };
    const calls: Record<string, Call> = {
      'apply(v)': (v) => Square.apply(wrong(v)),
      'apply without a class': (v) => (Square.apply as unknown as () => unknown).call(v),
      'onceDifferentiable(v)': (v) => autograd.onceDifferentiable(() => v)(),
    };
    const names = ['saveForBackward', 'saveForForward', 'markDirty', 'markNonDifferentiable', 'setMaterializeGrads'];
    for (const name of names) {
      for (const [use, run] of uses) calls[`${name} in ${use}`] = (v) => run(inContext((ctx) => wrong(ctx)[name](v)));
    }
    expect(problems(calls)).toEqual([]);
    const { apply } = Square;
    expect(() => (apply as (x: Tensor) => Tensor)(leaf())).toThrow(/without its class: write Square.apply\(x\)/);
  });

  test.each<[string, unknown, RegExp]>([
    ['null', null, /jvp of \w+ returned null for output 0, which is differentiable/],
    ['an integer tensor', torch.tensor([1n, 2n]), /jvp of \w+ returned a tangent of an integer or boolean dtype/],
  ])('a tangent that is %s', (_, tangent, message) => {
    class Changed extends Square {
      static override jvp(): Tensor {
        return wrong(tangent);
      }
    }
    const f = (x: Tensor): Tensor => Changed.apply(x);
    expect(() => func.jvp(f, [torch.ones(2)], [torch.ones(2)])).toThrow(message);
    expect(() => func.jacfwd(f)(torch.ones(2))).toThrow(message);
    expect(leftovers()).toEqual([]);
  });

  test('hooks and nodes', () => {
    const backward = (register: (x: Tensor) => void): void => {
      const x = leaf();
      const y = x.sin();
      register(y);
      y.sum().backward();
    };
    expect(
      problems({
        'registerHook(v)': (v) => leaf().registerHook(wrong(v)),
        'result of a hook': (v) => backward((y) => y.registerHook(() => wrong(v))),
        'gradFn.registerHook(v)': (v) => leaf().sin().gradFn!.registerHook(wrong(v)),
        'gradFn.registerPrehook(v)': (v) => leaf().sin().gradFn!.registerPrehook(wrong(v)),
        'result of a hook on a node': (v) => backward((y) => y.gradFn!.registerHook(() => wrong(v))),
        'results of a hook on a node': (v) => backward((y) => y.gradFn!.registerHook(() => wrong([v]))),
        'result of a hook before a node': (v) => backward((y) => y.gradFn!.registerPrehook(() => wrong(v))),
        'registerPostAccumulateGradHook(v)': (v) => leaf().registerPostAccumulateGradHook(wrong(v)),
        'gradFn.equals(v)': (v) => leaf().sin().gradFn!.equals(wrong(v)),
      }),
    ).toEqual([]);
    expect(leaf().sin().gradFn!.equals(wrong({}))).toBe(false);
  });

  test('hooks on saved tensors', () => {
    const { savedTensorsHooks, saveOnCpu, disableSavedTensorsHooks } = autograd.graph;
    const same = (x: Tensor): Tensor => x;
    const run = (): void => leaf().sin().sum().backward();
    const hooked: Call = (body) => savedTensorsHooks(same, same, wrong(body));
    expect(
      problems({
        pack: (v) => savedTensorsHooks(wrong(v), same, run),
        unpack: (v) => savedTensorsHooks(same, wrong(v), run),
        'the result of pack': (v) => savedTensorsHooks(() => v, wrong(same), run),
        'the result of unpack': (v) => savedTensorsHooks(same, () => wrong(v), run),
        // Without a body they hold until the end of a block.
        'the body': (v) => (v === undefined ? undefined : hooked(v)),
        'the body of saveOnCpu': (v) => (v === undefined ? undefined : saveOnCpu(wrong(v))),
        'a message': (v) => disableSavedTensorsHooks(wrong(v), () => 1),
      }),
    ).toEqual([]);
  });

  test.each(['gradcheck', 'gradgradcheck'] as const)('%s', (name) => {
    const check = autograd[name] as (...args: unknown[]) => unknown;
    const calls: Record<string, Call> = {
      func: (v) => check(v, [leaf()]),
      inputs: (v) => check((x: unknown) => x, v),
      input: (v) => check((x: unknown) => x, [v]),
      'the result': (v) => check(() => v, [leaf()]),
      'the options': (v) => check((x: Tensor) => x.sin(), [leaf()], v),
    };
    for (const option of ['eps', 'atol', 'rtol', 'nondetTol', 'fastMode', 'checkForwardAd', 'gradOutputs']) {
      calls[option] = (v) => check((x: Tensor) => x.sin(), [leaf()], { [option]: v });
    }
    expect(problems(calls)).toEqual([]);
  });
});
