/** Errors that name what the user wrote, and advice that exists here. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';

const { vmap } = torch;
const { grad, jacrev, vjp, functionalCall } = torch.func;
const WRITE = /Make it from a mapped tensor, for example x\.newZeros\(3\), or build the result .* torch\.stack/;

const made = (write: (y: Tensor, x: Tensor) => unknown) => () =>
  vmap((x: Tensor) => {
    const y = torch.zeros(3);
    write(y, x);
    return y;
  })(torch.ones(2, 3));

const leaf = (): Tensor => torch.ones(3, { requiresGrad: true });
const parameters = (more: object): never => ({ x: torch.ones(3), ...more }) as never;
const sum = (p: { x: Tensor }): Tensor => p.x.sum();

const cases: [string, () => unknown, RegExp][] = [
  ['a mapped value added to a tensor made inside vmap', made((y, x) => y.index(0).add_(x.sum())), WRITE],
  ['a mapped value put into a tensor made inside vmap', made((y, x) => y.indexPut_([0], x.sum())), WRITE],
  ['a mapped value copied into a tensor made inside vmap', made((y, x) => y.copy_(x)), WRITE],
  [
    'backward twice',
    () => {
      const y = leaf().square().sum();
      y.backward();
      y.backward();
    },
    /Specify retainGraph=true if/,
  ],
  [
    'a write to a tensor that backward needs',
    () => {
      const y = leaf().exp();
      y.add_(1);
      y.sum().backward();
    },
    /instead\. Hint: .*setDetectAnomaly\(true, \{ checkNan: false \}\)\.\n.*y\.add\(1\) in place of y\.add_\(1\), or write to a copy/,
  ],
  ['an unused input', () => torch.autograd.grad(leaf().sum(), leaf()), /allowUnused=true/],
  ['null among parameters', () => grad(sum)(parameters({ n: null })), /got null\nIt is 'n' of argument 0\.$/],
  [
    'an integer among parameters',
    () => grad(sum)(parameters({ layers: [{ a: torch.ones(1) }, { 'a-b': torch.tensor([1n]) }] })),
    /\nIt is 'layers\[1\]\["a-b"\]' of argument 0\. Its dtype is int64\.$/,
  ],
  [
    'a boolean argument',
    () => jacrev((x: Tensor, y: Tensor) => x.mul(y), { argnums: [0, 1] })(torch.ones(2), torch.tensor([true, false])),
    /\nIt is argument 1\. Its dtype is bool\.$/,
  ],
  ['a number among the inputs of vjp', () => vjp(sum as never, parameters({ n: 1 })), /\nIt is 'n' of argument 0\.$/],
  [
    'too few inDims',
    () =>
      vmap((a: Tensor, _b: Tensor, _c: Tensor) => a, { inDims: [0, 0] })(torch.ones(3), torch.ones(3), torch.ones(3)),
    /inDims has 2 entries, but the function got 3 arguments\.$/,
  ],
  [
    'inDims of another structure',
    () => vmap((d: { a: Tensor }) => d.a, { inDims: [{ b: 0 }] })({ a: torch.ones(3) }),
    /inDims\[0\] is \{b: 0\}, but argument 0 is \{'a': \*\}\.$/,
  ],
  [
    'inDims as an object',
    () => vmap((d: { a: Tensor }) => d.a, { inDims: { a: 0 } })({ a: torch.ones(3) }),
    /write inDims: \[\{a: 0\}\]\.$/,
  ],
  [
    'a method as a parameter',
    () => functionalCall(new torch.nn.Linear(1, 1), { constructor: torch.ones(1) }, torch.ones(1)),
    /^attribute `constructor`: function Linear is not an instance of torch\.Tensor$/,
  ],
  [
    'a parameter __proto__',
    () => functionalCall(new torch.nn.Linear(1, 1), JSON.parse('{ "__proto__": 1 }') as never, torch.ones(1)),
    /It was given for '__proto__'/,
  ],
  [
    'a tensor sent to a thread',
    () => structuredClone([torch.ones(2)]),
    /a Tensor: send x\.share\(\) to another thread, and make the tensor there with torch\.fromShared\(token\)/,
  ],
  ['a parameter sent to a thread', () => structuredClone(new torch.nn.Parameter(torch.ones(2))), /a Tensor: send/],
  ['a generator sent to a thread', () => structuredClone(new torch.Generator()), /a torch\.Generator: send its/],
];

test.each(cases)('%s', (_, call, message) => {
  expect(call).toThrow(expect.objectContaining({ message: expect.stringMatching(message) }));
});

test('the same error outside of vmap has no advice for vmap', () => {
  expect(() => torch.zeros([]).add_(torch.ones(2))).toThrow(/doesn't match the broadcast shape \[2\]$/);
});

test('what was sent makes the same tensor again', () => {
  const x = torch.randn(2, 3, { dtype: 'float64' });
  const { data, shape, dtype } = structuredClone({ data: x.data(), shape: x.shape, dtype: x.dtype });
  expect(torch.fromTypedArray(data, shape, { dtype }).equal(x)).toBe(true);
});

test('options are own properties: additions to Object.prototype are ignored', () => {
  Object.defineProperty(Object.prototype, 'unknownOption', { value: 1, enumerable: true, configurable: true });
  try {
    expect(torch.ones(2, 3).sum(0, { keepdim: true }).shape).toEqual([1, 3]);
  } finally {
    delete (Object.prototype as { unknownOption?: number }).unknownOption;
  }
});

test('-0 keeps its sign in parameters and lists of floating-point numbers', () => {
  const signs = (x: Tensor): boolean[] => x.signbit().toArray() as boolean[];
  expect(signs(torch.tensor([NaN, 1]).nanToNum(-0))).toEqual([true, false]);
  expect(signs(torch._foreachMul([torch.ones(1), torch.ones(1)], [-0, 0])[0])).toEqual([true]);
  expect(signs(torch.where(torch.tensor([true]), torch.tensor(-0), torch.tensor(1)))).toEqual([true]);
  expect(torch.tensor([1n]).div(-0).item()).toBe(-Infinity);
  expect(torch.tensor([1n]).sub(-0).dtype).toBe('int64');
});
