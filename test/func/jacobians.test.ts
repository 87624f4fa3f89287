import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { native } from '../../lib/native';
import { expectError } from '../support/errors';

const { RuntimeError, ValueError } = torch;
const { jacrev, jacfwd, hessian } = torch.func;
const x = torch.tensor([1, 2, 3]);
const z = torch.tensor([new torch.Complex(1, 2)]);
const sin = (t: Tensor) => t.sin();
type Refused = [string, () => unknown, new (message: string) => Error, string | RegExp];

describe('what jacrev refuses', () => {
  const refused: Refused[] = [
    [
      'chunkSize 0, when it is made',
      () => jacrev(sin, { chunkSize: 0 }),
      ValueError,
      'jacrev: `chunkSize` should be greater than 0.',
    ],
    [
      'a non-integer chunkSize',
      () => jacrev(sin, { chunkSize: 1.5 }),
      ValueError,
      'jacrev: `chunkSize` should be greater than 0.',
    ],
    [
      'a complex input',
      () => jacrev(sin)(z),
      RuntimeError,
      'jacrev: Expected all inputs to be real but received complex tensor at flattened input idx: 0',
    ],
    [
      'a complex input that is not selected',
      () => jacrev((t: Tensor, _: Tensor) => t)(x, z),
      RuntimeError,
      'jacrev: Expected all inputs to be real but received complex tensor at flattened input idx: 1',
    ],
    [
      'a complex output',
      () => jacrev((t: Tensor) => t.to('complex64'))(x),
      RuntimeError,
      'jacrev: Expected all outputs to be real but received complex tensor at flattened input idx: 0',
    ],
    [
      'a boolean output',
      () => jacrev((t: Tensor) => t.gt(0))(x),
      RuntimeError,
      'vjp(f, ...): All outputs of f must be floating-point or complex Tensors, got Tensor with dtype torch.bool',
    ],
    [
      'no output',
      () => jacrev((() => null) as any)(x),
      RuntimeError,
      /^vjp\(f, \*primals\): Expected f to be a function that has non-empty output/,
    ],
    [
      'an int64 input',
      () => jacrev(sin)(torch.tensor([1n])),
      RuntimeError,
      'only Tensors of floating point dtype can require gradients\nIt is argument 0. Its dtype is int64.',
    ],
    [
      'a number',
      () => jacrev(sin as any)(1),
      ValueError,
      'Thing passed to transform API must be Tensor, got number\nIt is argument 0.',
    ],
    [
      'argnums out of range',
      () => jacrev(sin, { argnums: 1 })(x),
      RuntimeError,
      'Got argnum=1, but only 1 positional inputs',
    ],
    [
      'hasAux without aux',
      () => jacrev(sin as any, { hasAux: true })(x),
      RuntimeError,
      'vjp(f, *primals): output of function f should be a tuple: (output, aux) if has_aux is True',
    ],
    [
      'an unknown option',
      () => jacrev(sin, { chunksize: 1 } as any),
      TypeError,
      /^jacrev\(\): unknown option 'chunksize'/,
    ],
    [
      'no function',
      () => jacrev(undefined as any),
      TypeError,
      "jacrev(): argument 'func' must be a function, not undefined",
    ],
  ];
  test.each(refused)('%s', (_, body, type, message) => expectError(body, type, message));
});

describe('what jacfwd and hessian refuse', () => {
  const refused: Refused[] = [
    [
      'a complex input',
      () => jacfwd(sin)(z),
      RuntimeError,
      'jacfwd: Expected all inputs to be real but received complex tensor at flattened input idx: 0',
    ],
    [
      'a complex output',
      () => jacfwd((t: Tensor) => t.to('complex64'))(x),
      RuntimeError,
      'jacfwd: Expected all outputs to be real but received complex tensor at flattened input idx: 0',
    ],
    [
      'a random operator',
      () => jacfwd((t: Tensor) => t.mul(torch.rand(3)))(x),
      RuntimeError,
      /^vmap: called random operation while in randomness error mode/,
    ],
    ['an unknown randomness', () => jacfwd(sin, { randomness: 'some' as any })(x), RuntimeError, /randomness.*some/i],
    [
      'a number',
      () => jacfwd(sin as any)(1),
      TypeError,
      'jacfwd: Expected the selected arguments to hold only Tensors, got number',
    ],
    [
      'an int64 input',
      () => jacfwd(sin)(torch.tensor([1n])),
      ValueError,
      'Expected primal to be floating point or complex, but got: torch.int64',
    ],
    [
      'argnums out of range',
      () => jacfwd(sin, { argnums: 3 })(x),
      RuntimeError,
      'Got argnum=3, but only 1 positional inputs',
    ],
    ['hessian of a complex input', () => hessian(sin)(z), RuntimeError, /^jacfwd: Expected all inputs to be real/],
    [
      'hessian of no function',
      () => hessian('f' as any),
      TypeError,
      "hessian(): argument 'func' must be a function, not string",
    ],
  ];
  test.each(refused)('%s', (_, body, type, message) => expectError(body, type, message));
});

describe('structures', () => {
  const f = (a: Tensor, p: { w: Tensor }) => ({ u: a.mul(p.w.sum()), v: [p.w.mul(2)] });
  test.each([
    ['jacrev', jacrev],
    ['jacfwd', jacfwd],
  ] as [string, any][])('%s: output tree of input trees', (_, jacobian) => {
    const w = torch.ones(2, 2);
    const single = jacobian(f, { argnums: 1 })(x, { w });
    expect(single.u.w.shape).toEqual([3, 2, 2]);
    expect(single.v[0].w.shape).toEqual([2, 2, 2, 2]);
    const both = jacobian(f, { argnums: [1, 0] })(x, { w });
    expect(both.u[0].w.shape).toEqual([3, 2, 2]);
    expect(both.u[1].shape).toEqual([3, 3]);
    expect(both.v[0][1].shape).toEqual([2, 2, 3]);
  });
  test('the forward pass of jacrev runs once', () => {
    let calls = 0;
    jacrev((t: Tensor) => (calls++, t.exp()), { chunkSize: 1 })(x);
    expect(calls).toBe(1);
  });
});

describe('of tensors without elements', () => {
  const float64 = { dtype: 'float64' } as const;
  const square = torch.zeros([0, 0], float64);
  const functions: Record<string, [(t: Tensor) => Tensor, Tensor, number[]]> = {
    det: [(t) => torch.linalg.det(t), square, []],
    slogdet: [(t) => torch.linalg.slogdet(t)[1], square, []],
    mm: [(t) => t.mm(torch.zeros([0, 3], float64)), torch.zeros([2, 0], float64), [2, 3]],
    vecdot: [(t) => torch.linalg.vecdot(t, t), torch.zeros([0], float64), []],
    pinv: [(t) => torch.linalg.pinv(t), torch.zeros([3, 0], float64), [0, 3]],
    choleskySolve: [(t) => torch.choleskySolve(t, torch.zeros([0, 0], float64)), torch.zeros([0, 2], float64), [0, 2]],
    pixelShuffle: [(t) => torch.nn.functional.pixelShuffle(t, 2), torch.zeros([0, 4, 1, 2], float64), [0, 1, 2, 4]],
    pixelUnshuffle: [(t) => torch.nn.functional.pixelUnshuffle(t, 2), torch.zeros([0, 1, 2, 4], float64), [0, 4, 1, 2]],
    'fill, and a number as the output': [(t) => torch.fill(t, 1).sum(), torch.zeros([0], float64), []],
  };
  test.each(Object.keys(functions))('%s', (name) => {
    const [f, input, output] = functions[name];
    for (const chunkSize of [null, 1, 2]) {
      expect(jacfwd(f, { chunkSize })(input).shape).toEqual([...output, ...input.shape]);
      expect(jacrev(f, { chunkSize })(input).shape).toEqual([...output, ...input.shape]);
      for (const nested of [
        jacfwd(jacfwd(f, { chunkSize }), { chunkSize }),
        jacfwd(jacrev(f, { chunkSize }), { chunkSize }),
        jacrev(jacfwd(f, { chunkSize }), { chunkSize }),
        jacrev(jacrev(f, { chunkSize }), { chunkSize }),
      ]) {
        expect(nested(input).shape).toEqual([...output, ...input.shape, ...input.shape]);
      }
    }
    const both = torch.stack([input, input]);
    expect(torch.vmap(jacfwd(f))(both).shape).toEqual([2, ...output, ...input.shape]);
    expect(torch.vmap(jacrev(f))(both).shape).toEqual([2, ...output, ...input.shape]);
  });

  test('beside a tensor with elements', () => {
    const f = (a: Tensor, b: Tensor): Tensor => a.sum().add(b.mul(b).sum());
    const [none, some] = jacfwd(f, { argnums: [0, 1] })(torch.zeros([0]), torch.tensor([3]));
    expect(none.shape).toEqual([0]);
    expect(some.toArray()).toEqual([6]);
  });
});

describe('exceptions at depth', () => {
  const thrown = new Error('from the function');
  const fails = () => {
    throw thrown;
  };
  const chains: [string, () => unknown][] = [
    ['grad of vmap of jacrev', () => torch.func.grad(torch.vmap(jacrev(fails as any)) as any)(torch.ones(2, 2))],
    ['hessian of hessian', () => hessian(hessian(fails as any))(x)],
    [
      'vmap of jvp of vmap',
      () => torch.vmap((t: Tensor) => torch.func.jvp(torch.vmap(fails as any) as any, [t], [t]))(torch.ones(2, 2)),
    ],
    ['jacfwd of jacfwd of jacfwd', () => jacfwd(jacfwd(jacfwd(fails as any)))(x)],
    ['vjp inside noGrad', () => torch.noGrad(() => torch.func.vjp(fails as any, x))],
    ['vmap in chunks', () => torch.vmap(fails as any, { chunkSize: 1 })(x)],
  ];
  test.each(chains)('%s: the error comes through, the stack is empty', (_, body) => {
    expectError(body, Error, 'from the function');
    // And everything still works.
    expect(
      torch.func
        .grad((t: Tensor) => t.pow(2).sum())(x)
        .toArray(),
    ).toEqual([2, 4, 6]);
  });
  test('an exception inside that the function catches', () => {
    const f = (t: Tensor) => {
      try {
        torch.vmap((s: Tensor) => s.view(7))(t);
      } catch {
        return t.pow(2).sum();
      }
      return t.sum();
    };
    expect(torch.func.grad(f)(x).toArray()).toEqual([2, 4, 6]);
  });
  test('whatever is thrown, not only errors', () => {
    for (const value of [undefined, null, 0, 'text', { a: 1 }]) {
      let caught: unknown = 'nothing';
      try {
        torch.func.grad((_: Tensor) => {
          throw value;
        })(x);
      } catch (error) {
        caught = error;
      }
      expect(caught).toBe(value);
    }
  });
  test('endless recursion through a transform', () => {
    const f = (t: Tensor): Tensor => torch.func.grad(f)(t);
    // By its name: what V8 throws itself belongs to the realm that is running.
    let name = '';
    try {
      f(torch.tensor(1));
    } catch (error) {
      name = (error as Error).name;
    }
    expect(name).toBe('RangeError');
    expect(native.levelDepth()).toBe(0);
    expect(torch.isGradEnabled()).toBe(true);
  });
});
