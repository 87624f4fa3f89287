/** Wrong functions and wrong arguments for every transform, alone and nested. */

import * as torch from '../../../lib';
import { type Case, disposed, integers, matrix, planted, vector, wrong } from '../../support/bad-input';

type Fn = (...args: unknown[]) => unknown;
type Transform = (func: Fn) => (x: torch.Tensor) => unknown;

/** Every transform as a function of one tensor that calls `func` with one tensor. */
export const transforms: Record<string, Transform> = {
  grad: (func) => (x) => torch.func.grad(wrong(func))(...wrong([x])),
  vjp: (func) => (x) => torch.func.vjp(func, x),
  jvp: (func) => (x) => torch.func.jvp(func, [x], [torch.onesLike(x)]),
  vmap: (func) => (x) => torch.func.vmap(func)(x.dim() === 0 ? x.unsqueeze(0) : x),
  jacrev: (func) => (x) => torch.func.jacrev(wrong(func))(...wrong([x])),
  jacfwd: (func) => (x) => torch.func.jacfwd(wrong(func))(...wrong([x])),
};
const names = Object.keys(transforms);

const f = torch.func;
const sum: Fn = (x) => (x as torch.Tensor).sum();
const cyclic: unknown[] = [];
cyclic.push(cyclic);
const cyclicObject: Record<string, unknown> = {};
cyclicObject.self = cyclicObject;
const proxy = (trap: string): unknown => new Proxy({}, { [trap]: planted });
const thenable = { then: (): void => undefined };
const deep = (depth: number): unknown => {
  let tree: unknown = vector();
  for (let i = 0; i < depth; i++) tree = [tree];
  return tree;
};

/** What a function may wrongly return; vmap takes some of it as outputs that are not mapped. */
const results: [string, () => unknown, string, RegExp][] = [
  ['undefined', () => undefined, 'RuntimeError|ValueError', /undefined/],
  ['null', () => null, 'RuntimeError|ValueError', /null/],
  ['a number', () => 1, 'RuntimeError|ValueError', /number/],
  ['a string', () => 'x', 'RuntimeError|ValueError', /string/],
  ['a symbol', () => Symbol('s'), 'RuntimeError|ValueError', /symbol/],
  ['a function', () => () => 1, 'RuntimeError|ValueError', /function/],
  ['a Map', () => new Map(), 'RuntimeError|ValueError', /Map/],
  ['a list of a number', () => [1], 'RuntimeError|ValueError', /number|array/],
  ['a nested null', () => ({ a: [null] }), 'RuntimeError|ValueError', /null|object/i],
  ['a Promise', () => Promise.resolve(vector()), 'TypeError', /returned a Promise/],
  ['a rejected Promise', () => Promise.reject(new Error('late')), 'TypeError', /returned a Promise/],
  ['a thenable', () => thenable, 'TypeError', /returned a Promise/],
  [
    'a generator object',
    function* () {
      yield 1;
    },
    'RuntimeError|ValueError',
    /Generator|object/i,
  ],
  ['what an async function gives', async () => Promise.resolve(vector()), 'TypeError', /returned a Promise/],
  ['a cyclic list', () => cyclic, 'RuntimeError|ValueError', /contains itself|array/],
  ['a cyclic object', () => cyclicObject, 'RuntimeError|ValueError', /contains itself|object/i],
  ['a list with a hole', () => new Array(3), 'RuntimeError|ValueError', /holes|array/],
  ['a disposed tensor', disposed, 'RuntimeError', /disposed/],
  [
    'its argument, disposed',
    wrong((x: torch.Tensor) => {
      x.dispose();
      return x;
    }),
    'RuntimeError',
    /disposed/,
  ],
  ['a Proxy whose ownKeys throws', () => proxy('ownKeys'), 'Planted|RuntimeError', /planted|object|Proxy/i],
  ['a Proxy whose get throws', () => proxy('get'), 'Planted', /planted/],
  [
    'an object whose getter throws',
    () => ({
      get a() {
        return planted();
      },
    }),
    'Planted|RuntimeError',
    /planted|object/i,
  ],
  [
    'Object.create(Tensor.prototype)',
    () => Object.create(torch.Tensor.prototype) as unknown,
    'RuntimeError|ValueError',
    /Tensor/,
  ],
  ['a Proxy of a tensor', wrong((x: torch.Tensor) => new Proxy(x, {})), 'RuntimeError|ValueError|TypeError', /Tensor/],
  [
    'an object with a strange constructor',
    () => Object.assign(Object.create({}), { constructor: { name: Symbol('n') } }) as unknown,
    'RuntimeError|ValueError',
    /object/,
  ],
];

/** What a function may throw, which must come through as it is. */
const thrown: [string, unknown][] = [
  ['an Error', new Error('mine')],
  ['a string', 'mine'],
  ['undefined', undefined],
  ['null', null],
  ['a frozen object', Object.freeze({ mine: true })],
  ['a symbol', Symbol('mine')],
  ['a number', 0],
];

/** Runs what throws anything, and throws an Error that says whether it was the very thing. */
function expectThrown(call: () => unknown, value: unknown): never {
  try {
    call();
  } catch (error) {
    if (error === value) planted();
    throw error;
  }
  throw new Error('did not throw');
}

const returning: Case[] = names.flatMap((name) =>
  results.map(([what, func, errorNames, message]): Case => {
    const call = (): unknown => {
      try {
        return transforms[name](func)(vector());
      } catch (error) {
        // One of several classes, so that one table serves all transforms.
        if (error instanceof Error && new RegExp(`^(${errorNames})$`).test(error.name) && message.test(error.message))
          planted();
        throw error;
      }
    };
    return [`${name} of a function that returns ${what}`, call, 'Planted', /planted/];
  }),
);

const throwing: Case[] = names.flatMap((name) =>
  thrown.map(([what, value]): Case => [
    `${name} of a function that throws ${what}`,
    () =>
      expectThrown(
        () =>
          transforms[name](() => {
            throw value;
          })(vector()),
        value,
      ),
    'Planted',
    /planted/,
  ]),
);

/** Every ordered triple: the error crosses three levels. */
const nested: Case[] = names.flatMap((a) =>
  names.flatMap((b) =>
    names.map((c): Case => {
      const value = Object.freeze(new Error('three levels down'));
      const inner: Fn = (x) => {
        (x as torch.Tensor).sin();
        throw value;
      };
      const step =
        (name: string, func: Fn): Fn =>
        (x) =>
          transforms[name](func)(x as torch.Tensor);
      const call = (): unknown => step(a, step(b, step(c, inner)))(torch.ones([2, 2, 2]));
      return [`a throw inside ${a}(${b}(${c}))`, () => expectThrown(call, value), 'Planted', /planted/];
    }),
  ),
);

const notFunctions: Case[] = names.flatMap((name) =>
  [undefined, null, 1, 'sin', {}, [], vector(), Symbol('f')].map((value): Case => [
    `${name} of ${value === null ? 'null' : typeof value === 'object' ? value.constructor.name : typeof value}`,
    () => transforms[name](value as never)(vector()),
    'TypeError',
    /argument 'func' must be a function/,
  ]),
);

const g =
  (options: unknown, ...args: unknown[]) =>
  () =>
    f.grad(wrong(sum), options as never)(...wrong(args));
const v =
  (options: unknown, ...args: unknown[]) =>
  () =>
    f.vmap(sum, options as never)(...args);
const j =
  (options: unknown, ...args: unknown[]) =>
  () =>
    f.jacrev(wrong(sum), options as never)(...wrong(args));

const argumentsAndOptions: Case[] = [
  ['grad without arguments', g({}), 'RuntimeError', /argnum=0, but only 0 positional inputs/],
  ['grad of a number', g({}, 1), 'ValueError', /must be Tensor, got number/],
  ['grad of a string', g({}, 'x'), 'ValueError', /got string/],
  ['grad of integers', g({}, integers()), 'RuntimeError', /floating point/],
  ['grad of a disposed tensor', g({}, disposed()), 'RuntimeError', /disposed/],
  ['grad of a list with a disposed tensor', g({}, [disposed()]), 'RuntimeError', /disposed/],
  ['grad of a cyclic list', g({}, cyclic), 'ValueError', /contains itself/],
  ['grad of a cyclic object', g({}, cyclicObject), 'ValueError', /contains itself/],
  ['grad of a list 2000 deep', g({}, deep(2000)), 'ValueError', /nested too deeply/],
  ['grad of 2^32 - 1 holes', g({}, new Array(2 ** 32 - 1)), 'ValueError', /holes/],
  ['grad of a Proxy whose ownKeys throws', g({}, proxy('ownKeys')), 'Planted', /planted/],
  ['grad of a Proxy whose getPrototypeOf throws', g({}, proxy('getPrototypeOf')), 'Planted', /planted/],
  [
    'grad of an object whose getter throws',
    g(
      {},
      {
        get a() {
          return planted();
        },
      },
    ),
    'Planted',
    /planted/,
  ],
  ['grad with argnums NaN', g({ argnums: NaN }, vector()), 'RuntimeError', /argnums must be int/],
  ['grad with argnums 0.5', g({ argnums: 0.5 }, vector()), 'RuntimeError', /argnums must be int/],
  ['grad with argnums 2^53', g({ argnums: 2 ** 53 }, vector()), 'RuntimeError', /argnum=9007199254740992/],
  ['grad with argnums of bigint', g({ argnums: 0n }, vector()), 'RuntimeError', /argnums must be int/],
  ['grad with argnums -2', g({ argnums: -2 }, vector()), 'RuntimeError', /argnum=-2/],
  ['grad with argnums []', g({ argnums: [] }, vector()), 'RuntimeError', /argnums must be non-empty/],
  ['grad with argnums twice', g({ argnums: [0, -1] }, vector()), 'RuntimeError', /unique/],
  ['grad with argnums of strings', g({ argnums: ['0'] }, vector()), 'RuntimeError', /argnum must be int/],
  ['grad with an unknown option', g({ argnum: 0 }, vector()), 'TypeError', /unknown option 'argnum'/],
  ['grad with a number as options', g(5, vector()), 'TypeError', /options must be a plain object/],
  ['grad with a tensor as options', g(vector(), vector()), 'TypeError', /options must be a plain object/],
  [
    'grad with options that throw',
    g(
      {
        get argnums() {
          return planted();
        },
      },
      vector(),
    ),
    'Planted',
    /planted/,
  ],
  ['grad with an options Proxy that throws', g(proxy('ownKeys'), vector()), 'Planted', /planted/],
  ['grad with hasAux of a lone tensor', g({ hasAux: true }, vector()), 'RuntimeError', /tuple: \(output, aux\)/],
  ['grad of a vector result', () => f.grad((x: torch.Tensor) => x)(vector()), 'RuntimeError', /scalar Tensor/],
  [
    'vjp with cotangents of another structure',
    () => f.vjp((x: torch.Tensor) => x, vector())[1](wrong([vector()])),
    'RuntimeError',
    /structure of cotangents/,
  ],
  [
    'vjp with cotangents of another shape',
    () => f.vjp((x: torch.Tensor) => x.sin(), vector())[1](torch.ones([2])),
    'RuntimeError',
    /[Ss]hape/,
  ],
  [
    'vjp with a number as cotangent',
    () => f.vjp((x: torch.Tensor) => x.sin(), vector())[1](wrong(1)),
    'TypeError',
    /Tensors or null/,
  ],
  [
    'vjp with a disposed cotangent',
    () => f.vjp((x: torch.Tensor) => x.sin(), vector())[1](disposed()),
    'RuntimeError',
    /disposed/,
  ],
  [
    'vjp without retained graph, twice',
    () => {
      const [, fn] = f.vjp((x: torch.Tensor) => x.sin(), vector());
      fn(vector(), { retainGraph: false });
      fn(vector());
    },
    'RuntimeError',
    /second time/,
  ],
  ['jvp without a list', () => f.jvp(sum, wrong(vector()), wrong(vector())), 'RuntimeError', /primals to be a tuple/],
  ['jvp of nothing', () => f.jvp(sum, [], []), 'RuntimeError', /at least one Tensor/],
  ['jvp of other structures', () => f.jvp(sum, [vector()], wrong([])), 'RuntimeError', /same python structure/],
  ['jvp of other shapes', () => f.jvp(sum, [vector()], [torch.ones([2])]), 'RuntimeError', /shape|size/],
  ['jvp of integers', () => f.jvp(sum, [integers()], [integers()]), 'ValueError', /floating point/],
  ['jvp of a disposed tangent', () => f.jvp(sum, [vector()], [disposed()]), 'RuntimeError', /disposed/],
  ['jvp of numbers', () => f.jvp(sum, [1], [1]), 'RuntimeError', /only contain Tensors, got number/],
  ['vmap without arguments', v({}), 'ValueError', /got no inputs/],
  ['vmap of a number', v({}, 1), 'ValueError', /input is of type number/],
  ['vmap of a scalar', v({}, torch.tensor(1)), 'ValueError', /dimensionality 0/],
  ['vmap of different sizes', v({}, vector(), matrix()), 'ValueError', /same size in the mapped dimension/],
  ['vmap of nothing mapped', v({ inDims: [null] }, vector()), 'ValueError', /at least one Tensor/],
  ['vmap with inDims NaN', v({ inDims: NaN }, vector()), 'ValueError', /inDims/],
  ['vmap with inDims 2^53', v({ inDims: 2 ** 53 }, vector()), 'ValueError', /inDim=9007199254740992/],
  ['vmap with inDims of a string', v({ inDims: '0' }, vector()), 'ValueError', /inDims/],
  ['vmap with inDims of a half', v({ inDims: [0.5] }, vector()), 'ValueError', /inDim=0\.5/],
  ['vmap with inDims of other structure', v({ inDims: [0, 0] }, vector()), 'ValueError', /not compatible/],
  ['vmap with cyclic inDims', v({ inDims: cyclic }, vector()), 'ValueError', /inDims\[0\] is .*, but argument 0 is \*/],
  ['vmap with cyclic outDims', v({ outDims: cyclic }, matrix()), 'ValueError', /contains itself/],
  ['vmap with outDims NaN', v({ outDims: NaN }, matrix()), 'ValueError', /outDims/],
  ['vmap with outDims too large', v({ outDims: 5 }, matrix()), 'IndexError', /Dimension out of range/],
  ['vmap with outDims -5', v({ outDims: -5 }, matrix()), 'IndexError', /Dimension out of range/],
  ['vmap with outDims null', v({ outDims: null }, matrix()), 'ValueError', /BatchedTensor when outDim is null/],
  ['vmap with inDims of a null-prototype object', v({ inDims: Object.create(null) }, vector()), 'ValueError', /inDims/],
  ['vmap with an unknown randomness', v({ randomness: 'some' }, vector()), 'RuntimeError', /randomness.*Got some/],
  ['vmap with a symbol as randomness', v({ randomness: Symbol('r') }, vector()), 'RuntimeError', /randomness/],
  ['vmap with chunkSize 0', v({ chunkSize: 0 }, vector()), 'ValueError', /chunkSize/],
  ['vmap with chunkSize NaN', v({ chunkSize: NaN }, vector()), 'ValueError', /chunkSize/],
  ['vmap of random numbers', () => f.vmap((_: unknown) => torch.rand([2]))(vector()), 'RuntimeError', /randomness/],
  ['vmap of item()', () => f.vmap((x: torch.Tensor) => torch.tensor(x.item()))(vector()), 'RuntimeError', /\.item\(\)/],
  ['vmap of toArray()', () => f.vmap((x: torch.Tensor) => torch.tensor(x.toArray()))(vector()), 'RuntimeError', /./],
  ['vmap of data()', () => f.vmap((x: torch.Tensor) => torch.tensor(x.data()))(vector()), 'RuntimeError', /./],
  [
    'vmap that writes into a captured tensor',
    () => {
      const y = torch.zeros([]);
      return f.vmap((x: torch.Tensor) => y.add_(x))(vector());
    },
    'RuntimeError',
    /in-place|inplace|broadcast shape/,
  ],
  [
    'vmap of a dynamic shape',
    () => f.vmap((x: torch.Tensor) => x.nonzero())(matrix()),
    'RuntimeError',
    /dynamic shape/,
  ],
  ['jacrev with chunkSize -1', j({ chunkSize: -1 }, vector()), 'ValueError', /chunkSize/],
  ['jacrev of complex numbers', j({}, torch.ones([2], { dtype: 'complex64' })), 'RuntimeError', /to be real/],
  [
    'jacrev of an integer result',
    () => f.jacrev((x: torch.Tensor) => x.long())(vector()),
    'RuntimeError',
    /floating-point/,
  ],
  ['jacrev of a cyclic argument', j({}, cyclic), 'ValueError', /contains itself/],
  ['jacfwd of a number', () => f.jacfwd(wrong(sum))(...wrong([1])), 'TypeError', /only Tensors, got number/],
  [
    'jacfwd with an unknown randomness',
    () => f.jacfwd(wrong(sum), { randomness: 'x' } as never)(...wrong([vector()])),
    'RuntimeError',
    /randomness/,
  ],
  ['hessian of nothing', () => f.hessian(wrong(sum))(), 'RuntimeError', /argnum=0/],
  [
    'requiresGrad_ inside grad',
    () =>
      f.grad((x: torch.Tensor) => {
        torch.ones([1]).requiresGrad_();
        return x.sum();
      })(vector()),
    'RuntimeError',
    /requires_grad_\(\)/,
  ],
  [
    'backward inside grad',
    () =>
      f.grad((x: torch.Tensor) => {
        x.sum().backward();
        return x.sum();
      })(vector()),
    'RuntimeError',
    /backward\(\) called inside/,
  ],
  [
    'a level that the function leaves open',
    () =>
      f.grad((x: torch.Tensor) =>
        torch.scope(() => {
          throw new Error(String(x.dim()));
        }),
      )(vector()),
    'Error',
    /1/,
  ],
  [
    'endless recursion inside vmap(jacrev)',
    () => {
      const g2 = (x: torch.Tensor): torch.Tensor => g2(x.sin());
      return f.vmap(f.jacrev(g2))(matrix());
    },
    'RangeError',
    /call stack/,
  ],
  [
    'endless recursion through grad',
    () => {
      const g2 = (x: torch.Tensor): torch.Tensor => f.grad(g2)(x.sin()) as torch.Tensor;
      return g2(torch.tensor(1));
    },
    'RangeError',
    /call stack/,
  ],
  [
    'endless recursion through vmap',
    () => {
      const g2 = (x: torch.Tensor): torch.Tensor => f.vmap(g2)(x.unsqueeze(0));
      return g2(torch.tensor(1));
    },
    'RangeError',
    /call stack/,
  ],
];

export const wrongTransforms = [...argumentsAndOptions, ...notFunctions, ...returning, ...throwing];
export const nestedThrows = nested;
