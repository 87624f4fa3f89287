/** Values of another realm (a `vm` context, a test runner): their `Object.prototype` and `Array.prototype` are others. */

import { runInNewContext } from 'node:vm';
import * as torch from '../lib';
import type { Tensor } from '../lib';
import { isOptions, isPlainObject } from '../lib/arguments';
import * as pytree from '../lib/pytree';

const { nn } = torch;
const { functionalCall, grad, jacrev, jvp, vjp } = torch.func;

/** Evaluates an expression in a new realm, with these variables. */
function foreign<T>(expression: string, variables: object = {}): T {
  return runInNewContext(`(${expression})`, variables) as T;
}

const x = torch.tensor([1, 2, 3], { dtype: 'float64' });

test('the values are of another realm', () => {
  expect(foreign('{}')).not.toBeInstanceOf(Object);
  expect(foreign('[]')).not.toBeInstanceOf(Array);
});

describe('plain objects', () => {
  const names = ['braces', 'Object.create(null)', 'a class', 'a Map', 'a Date', 'a RegExp', 'an array', 'a function'];
  const expressions = [
    '{ a: 1 }',
    'Object.create(null)',
    'new (class A {})()',
    'new Map()',
    'new Date()',
    '/x/',
    '[]',
    '() => 0',
  ];
  test.each(names.map((name, i) => [name, expressions[i]]))('%s', (_, expression) => {
    const here: unknown = eval(`(${expression})`);
    expect(isPlainObject(foreign(expression))).toBe(isPlainObject(here));
    expect(isPlainObject(here)).toBe(['{ a: 1 }', 'Object.create(null)'].includes(expression));
  });

  test('tensors, modules, devices and complex numbers are not options', () => {
    for (const value of [x, new nn.Linear(1, 1), torch.device('cpu'), new torch.Complex(1, 2)]) {
      expect(isOptions(value)).toBe(false);
    }
    expect(isOptions(foreign('{ re: 1, im: 2 }'))).toBe(false);
    expect(isOptions(foreign('{ dim: 0 }'))).toBe(true);
  });
});

describe('options', () => {
  test('of operators', () => {
    expect(x.sum(0, foreign('{ keepdim: true }')).shape).toEqual([1]);
    expect(torch.add(x, x, foreign('{ alpha: 2 }')).toArray()).toEqual([3, 6, 9]);
  });

  test('of creation functions', () => {
    expect(torch.zeros([2], foreign('{ dtype: "int32" }')).dtype).toBe('int32');
    expect(torch.tensor(foreign('[1, [2]].flat()'), foreign('{ dtype: "int16" }')).dtype).toBe('int16');
    expect(torch.asarray(foreign('[1, 2]'), foreign('{ dtype: "float64" }')).dtype).toBe('float64');
    expect(torch.signal.windows.hann(3, foreign('{ sym: false, dtype: "float64" }')).dtype).toBe('float64');
  });

  test('of conversions', () => {
    expect(x.to(foreign('{ dtype: "float32", device: { type: "cpu" } }')).dtype).toBe('float32');
    expect(x.to(foreign('{ type: "meta" }')).isMeta).toBe(true);
    expect(x.float(foreign('{ memoryFormat: "preserve_format" }')).dtype).toBe('float32');
  });

  test('of transforms', () => {
    const product = (a: Tensor, b: Tensor) => a.mul(b).sum();
    expect(grad(product, foreign<{ argnums: 1 }>('{ argnums: 1 }'))(x, x.mul(2)).toArray()).toEqual([1, 2, 3]);
    expect(grad(product, foreign<{ argnums: [0, 1] }>('{ argnums: [0, 1] }'))(x, x.mul(2))).toHaveLength(2);
    expect(jacrev((t: Tensor) => t.sin(), foreign<{ chunkSize: number }>('{ chunkSize: 1 }'))(x).shape).toEqual([3, 3]);
    const rows = torch.vmap((a: Tensor, b: Tensor) => a.mul(b), foreign('{ inDims: [0, null], outDims: 0 }'));
    expect(rows(x, torch.tensor(2)).toArray()).toEqual([2, 4, 6]);
    const [, , aux] = vjp((t: Tensor) => [t.sin(), t], x, foreign<{ hasAux: true }>('{ hasAux: true }'));
    expect(aux.toArray()).toEqual([1, 2, 3]);
  });

  test('of modules and of nn.functional', () => {
    expect(new nn.Linear(2, 3, foreign('{ bias: false, dtype: "float64" }')).bias).toBeNull();
    const module = new nn.Module();
    module.registerBuffer('b', torch.ones(2), foreign('{ persistent: false }'));
    expect(Object.keys(module.stateDict())).toEqual([]);
    expect(module.namedBuffers(foreign('{ prefix: "p" }')).map(([name]) => name)).toEqual(['p.b']);
    expect(
      nn.functional.dropout(x, foreign<torch.nn.functional.DropoutOptions>('{ p: 1, training: true }')).toArray(),
    ).toEqual([0, 0, 0]);
  });

  test('unknown ones are refused', () => {
    expect(() => grad((t: Tensor) => t.sum(), foreign<object>('{ argnum: 0 }'))).toThrow(
      "grad(): unknown option 'argnum'",
    );
    expect(() => nn.functional.dropout(x, foreign<object>('{ q: 1 }'))).toThrow("dropout(): unknown option 'q'");
  });
});

describe('pytrees', () => {
  type Params = { w: Tensor; rest: Tensor[] };
  const params = (): Params => foreign('{ w: x, rest: [x, y] }', { x, y: x.mul(2) });
  const loss = ({ w, rest: [a, b] }: Params) => w.mul(a).add(b).sum();

  test('the structure is the same as in this realm', () => {
    const here = pytree.flatten({ w: x, rest: [x, x] });
    expect(pytree.flatten(params()).leaves).toHaveLength(3);
    expect(pytree.specEquals(pytree.flatten(params()).spec, here.spec)).toBe(true);
    expect(pytree.broadcastPrefix(foreign('{ w: 0, rest: [1, 2] }'), here.spec)).toEqual([0, 1, 2]);
    expect(pytree.broadcastPrefix(foreign('{ w: 0, other: 1 }'), here.spec)).toBeNull();
  });

  test('as arguments', () => {
    const gradient = grad(loss)(params());
    expect(gradient.w.toArray()).toEqual([1, 2, 3]);
    expect(gradient.rest.map((t) => t.toArray())).toEqual([
      [1, 2, 3],
      [1, 1, 1],
    ]);
    const [, tangent] = jvp(loss, [params()], [params()]);
    expect(tangent.item()).toBe(2 * (1 + 4 + 9) + 2 * 6);
    expect(
      torch
        .vmap(loss, { inDims: foreign('[{ w: 0, rest: 0 }]') })(params())
        .toArray(),
    ).toEqual([3, 8, 15]);
  });

  test('as results', () => {
    const pair = (t: Tensor) => foreign<{ a: Tensor; b: Tensor[] }>('{ a: t.sin(), b: [t] }', { t });
    expect(torch.vmap(pair)(x).b[0].toArray()).toEqual([1, 2, 3]);
    expect(jacrev(pair)(x).b[0].toArray()).toEqual(torch.eye(3).toArray());
    const kept = torch.scope(() => pair(x.mul(2)));
    expect([kept.a.isDisposed, kept.b[0].isDisposed]).toEqual([false, false]);
  });

  test('as parameters, states and named inputs', () => {
    const net = new nn.Linear(3, 1, { dtype: 'float64' });
    const state = foreign<Record<string, Tensor>>('{ weight, bias }', {
      weight: torch.ones([1, 3], { dtype: 'float64' }),
      bias: torch.ones([1], { dtype: 'float64' }),
    });
    expect(functionalCall(net, state, x).toArray()).toEqual([7]);
    expect(functionalCall(net, foreign('[state]', { state }), x).toArray()).toEqual([7]);
    net.loadStateDict(state);
    expect(net(x).toArray()).toEqual([7]);
    const w = torch.ones([3], { requiresGrad: true });
    const { w: g } = torch.autograd.grad(w.mul(2).sum(), foreign<{ w: Tensor }>('{ w }', { w }));
    expect(g.toArray()).toEqual([2, 2, 2]);
  });

  test('lists of indices, sizes and tensors', () => {
    expect(x.index(foreign('[2, 0]')).toArray()).toEqual([3, 1]);
    expect(torch.ones(foreign<number[]>('[2, 3]')).shape).toEqual([2, 3]);
    expect(torch.cat(foreign<Tensor[]>('[x, x]', { x })).shape).toEqual([6]);
    expect(torch.tensor(foreign<number[][]>('[[1, 2], [3, 4]]')).sum().item()).toBe(10);
  });
});
