import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectError } from '../support/errors';

const { RuntimeError, ValueError } = torch;
const { grad, gradAndValue } = torch.func;
const x = torch.tensor([1, 2, 3]);
const sum = (t: Tensor) => t.sum();
const two = (a: Tensor, b: Tensor) => a.mul(b).sum();

describe('what grad refuses', () => {
  const P = 'grad_and_value(f)(*args)';
  const refused: [string, () => unknown, new (message: string) => Error, string][] = [
    [
      'non-integer argnums',
      () => grad(sum, { argnums: 0.5 })(x),
      RuntimeError,
      'argnums must be int or Tuple[int, ...], got: number',
    ],
    [
      'argnums that is text',
      () => grad(sum, { argnums: '0' as any })(x),
      RuntimeError,
      'argnums must be int or Tuple[int, ...], got: string',
    ],
    [
      'argnums that holds text',
      () => grad(two, { argnums: [0, '1' as any] })(x, x),
      RuntimeError,
      'argnum must be int, got: string',
    ],
    [
      'argnums out of range',
      () => grad(two, { argnums: 2 })(x, x),
      RuntimeError,
      'Got argnum=2, but only 2 positional inputs',
    ],
    [
      'negative argnums out of range',
      () => grad(two, { argnums: [-3] })(x, x),
      RuntimeError,
      'Got argnum=-3, but only 2 positional inputs',
    ],
    ['no argnums', () => grad(two, { argnums: [] })(x, x), RuntimeError, 'argnums must be non-empty'],
    [
      'argnums twice',
      () => grad(two, { argnums: [1, -1] })(x, x),
      RuntimeError,
      'argnums elements must be unique, got (1, 1)',
    ],
    ['no argument', () => (grad(sum) as any)(), RuntimeError, 'Got argnum=0, but only 0 positional inputs'],
    [
      'a number',
      () => (grad(sum) as any)(2),
      ValueError,
      'Thing passed to transform API must be Tensor, got number\nIt is argument 0.',
    ],
    [
      'a structure with null in it',
      () => grad((p: { a: Tensor; b: null }) => p.a.sum())({ a: x, b: null }),
      ValueError,
      "Thing passed to transform API must be Tensor, got null\nIt is 'b' of argument 0.",
    ],
    [
      'an int64 tensor',
      () => grad(sum)(torch.tensor([1n])),
      RuntimeError,
      'only Tensors of floating point dtype can require gradients\nIt is argument 0. Its dtype is int64.',
    ],
    [
      'a function of no value',
      () => grad((() => undefined) as any)(x),
      RuntimeError,
      `${P}: Expected f(*args) to return a Tensor, got undefined`,
    ],
    [
      'a function of a number',
      () => grad((() => 1) as any)(x),
      RuntimeError,
      `${P}: Expected f(*args) to return a Tensor, got number`,
    ],
    [
      'a function of an array',
      () => grad(((t: Tensor) => [t.sum()]) as any)(x),
      RuntimeError,
      `${P}: Expected f(*args) to return a Tensor, got array`,
    ],
    [
      'a function of a vector',
      () => grad((t: Tensor) => t)(x),
      RuntimeError,
      `${P}: Expected f(*args) to return a scalar Tensor, got tensor with 1 dims. Maybe you wanted to use the vjp or jacrev APIs instead?`,
    ],
    [
      'a function of one element',
      () => grad((t: Tensor) => t.sum(0, { keepdim: true }))(x),
      RuntimeError,
      `${P}: Expected f(*args) to return a scalar Tensor, got tensor with 1 dims. Maybe you wanted to use the vjp or jacrev APIs instead?`,
    ],
    [
      'a complex scalar',
      () => grad((t: Tensor) => t.sum().to('complex64'))(x),
      RuntimeError,
      'grad can be implicitly created only for real scalar outputs but got torch.complex64',
    ],
    [
      'hasAux without aux',
      () => grad(sum as any, { hasAux: true })(x),
      RuntimeError,
      `${P}: output of function f should be a tuple: (output, aux) if has_aux is True`,
    ],
    [
      'hasAux with three values',
      () => grad(((t: Tensor) => [t.sum(), t, t]) as any, { hasAux: true })(x),
      RuntimeError,
      `${P}: output of function f should be a tuple: (output, aux) if has_aux is True`,
    ],
    [
      'an aux of text',
      () => grad((t: Tensor) => [t.sum(), 'a'] as const, { hasAux: true })(x),
      RuntimeError,
      'Expected tensors, got unsupported type string',
    ],
    [
      'an aux of null',
      () => grad((t: Tensor) => [t.sum(), null] as const, { hasAux: true })(x),
      RuntimeError,
      'Expected tensors, got unsupported type null',
    ],
    ['no function', () => grad(3 as any), TypeError, "grad(): argument 'func' must be a function, not number"],
    [
      'an unknown option',
      () => grad(sum, { argnum: 1 } as any),
      TypeError,
      "grad(): unknown option 'argnum'; the options are argnums, hasAux",
    ],
    ['options that are none', () => grad(sum, 1 as any), TypeError, /options must be a plain object/ as any],
    [
      'a disposed tensor',
      () => {
        const gone = torch.ones(2);
        gone.dispose();
        return grad(sum)(gone);
      },
      RuntimeError,
      /disposed/ as any,
    ],
  ];
  test.each(refused)('%s', (_, body, type, message) => {
    expectError(body, type, message);
  });

  test('gradAndValue says the same', () => {
    expectError(() => gradAndValue((t: Tensor) => t)(x), RuntimeError, /^grad_and_value\(f\)\(\*args\): Expected f/);
    expectError(
      () => gradAndValue(null as any),
      TypeError,
      "gradAndValue(): argument 'func' must be a function, not null",
    );
  });

  test('what changes the graph from inside', () => {
    expectError(
      () => grad((t: Tensor) => t.requiresGrad_().sum())(x),
      RuntimeError,
      /Tensor\.requires_grad_\(\) .*inside of a function being transformed by a functorch transform/,
    );
    expectError(() => grad((t: Tensor) => (t.mul(2).retainGrad(), t.sum()))(x), RuntimeError, /retain_grad\(\) inside/);
    expectError(
      () => grad((t: Tensor) => (t.sum().backward(), t.sum()))(x),
      RuntimeError,
      /backward\(\) called inside a functorch transform/,
    );
  });

  test('writing to a captured tensor', () => {
    const captured = torch.ones(3);
    expectError(() => grad((t: Tensor) => captured.add_(t).sum())(x), RuntimeError, /mutate|in-place/i);
    expect(captured.toArray()).toEqual([1, 1, 1]);
  });
});

describe('a transformed function must be synchronous', () => {
  const asynchronous = async (t: Tensor) => t.sum();
  test('an async function, one that rejects, a thenable', () => {
    expectError(
      () => grad(asynchronous as any)(x),
      TypeError,
      'grad(): the function must be synchronous, but it returned a Promise; await before or after the call',
    );
    expectError(
      () =>
        grad((async () => {
          throw new Error('late');
        }) as any)(x),
      TypeError,
      /returned a Promise/,
    );
    expectError(() => grad((() => ({ then() {} })) as any)(x), TypeError, /returned a Promise/);
  });
  test('in every transform', () => {
    const { vjp, jvp, jacrev, jacfwd, hessian } = torch.func;
    const f = asynchronous as any;
    for (const body of [
      () => gradAndValue(f)(x),
      () => vjp(f, x),
      () => jvp(f, [x], [x]),
      () => jacrev(f)(x),
      () => jacfwd(f)(x),
      () => hessian(f)(x),
      () => torch.vmap(f)(x),
      () => torch.vmap(f, { chunkSize: 1 })(x),
    ]) {
      expectError(body, TypeError, /returned a Promise/);
    }
  });
});

describe('results', () => {
  test('keep the structure of the argument', () => {
    const g = grad((p: { w: Tensor; b: [Tensor, Tensor] }) => p.w.mul(p.b[0]).sum())({ w: x, b: [x, torch.ones(2)] });
    expect(Object.keys(g)).toEqual(['w', 'b']);
    expect(g.w.toArray()).toEqual([1, 2, 3]);
    expect(g.b[1].toArray()).toEqual([0, 0]);
  });
  test('a result that depends on nothing has gradients of zeros', () => {
    expect(grad((_: Tensor) => torch.tensor(1))(x).toArray()).toEqual([0, 0, 0]);
    expect(grad((t: Tensor) => t.argmax())(x).toArray()).toEqual([0, 0, 0]);
  });
  test('the transformed function has the name of the original', () => {
    function loss(t: Tensor) {
      return t.sum();
    }
    expect(grad(loss).name).toBe('loss');
    expect(torch.vmap(loss).name).toBe('loss');
    expect(torch.func.jacrev(loss).name).toBe('loss');
  });
  test('a wrapped tensor that escapes stays valid', () => {
    let escaped: Tensor | undefined;
    grad((t: Tensor) => {
      escaped = t.mul(2);
      return escaped.sum();
    })(x);
    expect(escaped!.toArray()).toEqual([2, 4, 6]);
    expect(escaped!.add(1).toArray()).toEqual([3, 5, 7]);
  });
  test('the argument itself does not start to require gradients', () => {
    const t = torch.tensor([1, 2]);
    expect(grad(sum)(t).requiresGrad).toBe(false);
    expect(t.requiresGrad).toBe(false);
  });
});
