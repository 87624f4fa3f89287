/** What cannot be done with a tensor's value inside a transform, what can, and what the errors suggest. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectError } from '../support/errors';

const { RuntimeError, ValueError, vmap } = torch;
const { grad } = torch.func;
const x = torch.tensor([1, 2, 3]);
const m = torch.tensor([
  [1, 2, 3],
  [4, 5, 6],
]);
const positions = torch.tensor([2n, 0n]);

describe('0-d batched tensors where Python needs a number', () => {
  test('as an index, alone and beside others', () => {
    const at = (a: Tensor, i: Tensor): Tensor => a.index(i);
    expect(vmap(at, { inDims: [null, 0] })(x, positions).toArray()).toEqual([3, 1]);
    expect(vmap(at)(m, positions).toArray()).toEqual([3, 4]);
    const cube = torch.arange(24).view(2, 3, 4);
    const column = (a: Tensor, i: Tensor): Tensor => a.index(torch.slice(), i);
    expect(vmap(column)(cube, positions).toArray()).toEqual([
      [2, 6, 10],
      [12, 16, 20],
    ]);
    const corner = (i: Tensor): Tensor => x.index(i.sub(1));
    expect(vmap(vmap(corner))(torch.tensor([[1n], [3n]])).toArray()).toEqual([[1], [3]]);
  });

  test('as an index to write at, and under grad', () => {
    const put = (a: Tensor, i: Tensor): Tensor => a.clone().indexPut_([i], 0);
    expect(vmap(put)(m, positions).toArray()).toEqual([
      [1, 2, 0],
      [0, 5, 6],
    ]);
    const square = (a: Tensor, i: Tensor): Tensor => a.index(i).square();
    expect(vmap(grad(square))(m, positions).toArray()).toEqual([
      [0, 0, 6],
      [8, 0, 0],
    ]);
  });

  test('joined by torch.tensor and torch.stack, with their derivatives', () => {
    for (const join of [torch.tensor, (list: (Tensor | number)[]) => torch.stack(list.map((t) => torch.asTensor(t)))]) {
      const f = (t: Tensor): Tensor => join([t.sum(), 1, t.prod()]);
      expect(vmap(f)(m).toArray()).toEqual([
        [6, 1, 6],
        [15, 1, 120],
      ]);
      expect(vmap(torch.func.jacrev(f))(m.narrow(0, 0, 1)).toArray()).toEqual([
        [
          [1, 1, 1],
          [0, 0, 0],
          [6, 3, 2],
        ],
      ]);
    }
    const nested = vmap((t: Tensor) =>
      torch.tensor([
        [t.index(0), 0],
        [0, t.index(1)],
      ]),
    )(m);
    expect(nested.index(1).toArray()).toEqual([
      [4, 0],
      [0, 5],
    ]);
  });

  test('what the errors suggest works', () => {
    const chosen = vmap((t: Tensor) => torch.where(t.sum().gt(10), t, t.neg()))(m);
    expect(chosen.toArray()).toEqual([
      [-1, -2, -3],
      [4, 5, 6],
    ]);
    const masked = vmap((t: Tensor) => torch.where(t.gt(2), t, 0).sum())(m);
    expect(masked.toArray()).toEqual([3, 15]);
    expect(vmap((t: Tensor) => t.maskedFill(t.gt(2), 0).sum())(m).toArray()).toEqual([3, 0]);
    expect(vmap((t: Tensor) => t.eq(x).all())(m).toArray()).toEqual([true, false]);
    expect(vmap((t: Tensor) => t.sub(x).abs().le(1e-6).all())(m).toArray()).toEqual([true, false]);
    const window = (start: Tensor): Tensor => x.index(start.add(torch.arange(2)));
    expect(vmap(window)(torch.tensor([0n, 1n])).toArray()).toEqual([
      [1, 2],
      [2, 3],
    ]);
    const scale = x.sum().item(); // the same for all samples
    expect(
      vmap((t: Tensor) => t.mul(scale))(m)
        .index(0)
        .toArray(),
    ).toEqual([6, 12, 18]);
  });
});

describe('values that cannot be read', () => {
  const remedy = /Inside vmap a tensor stands for all samples at once\..*read before vmap and captured/;
  test.each<[string, (t: Tensor) => unknown]>([
    ['item()', (t) => t.sum().item()],
    ['toArray()', (t) => t.toArray()],
    ['data()', (t) => t.data()],
    ['a number argument', (t) => torch.full([2], t.sum() as never)],
    ['a bound of a slice', (t) => x.index(torch.slice(t.argmax() as never, null))],
    ['under grad inside', (t) => grad((s: Tensor) => s.mul(s.sum().item()).sum())(t)],
    ['through a grad level', (t) => grad((s: Tensor) => torch.tensor(s.toArray()).sum())(t)],
    ['under vmap inside', (t) => vmap((s: Tensor) => s.item())(t)],
  ])('%s', (_, body) => expectError(() => vmap(body)(m), RuntimeError, remedy));

  test.each<[string, (t: Tensor) => unknown]>([
    ['nonzero', (t) => t.nonzero()],
    ['a mask as index', (t) => t.index(t.gt(2))],
    ['maskedSelect', (t) => t.maskedSelect(t.gt(2))],
    ['where with a condition alone', (t) => torch.where(t.gt(2))],
    ['unique', (t) => torch.unique(t)],
  ])('a shape that depends on the values: %s', (_, body) =>
    expectError(
      () => vmap(body)(m),
      RuntimeError,
      /\nThe shape of the result would differ between samples\. .*torch\.where/,
    ),
  );

  test('a start that depends on the sample', () => {
    const narrow = (t: Tensor): Tensor => x.narrow(0, t as never, 1);
    expectError(() => vmap(narrow)(positions), RuntimeError, /\nTake the elements by their positions: x\.index\(start/);
  });

  test('outside vmap, and where nothing is mapped, they are read', () => {
    expect(grad((t: Tensor) => t.mul(t.sum().item()).sum())(x).toArray()).toEqual([6, 6, 6]);
    const shift = torch.tensor(5);
    expect(
      vmap((t: Tensor) => t.add(shift.item()))(m)
        .index(0)
        .toArray(),
    ).toEqual([6, 7, 8]);
  });
});

describe("JavaScript's own operators", () => {
  // Compiled at run time: the type checker refuses them, as it should.
  const evaluate = (expression: string) => new Function('x', `return ${expression}`) as (x: Tensor) => unknown;
  const refused = ['x + 1', '1 + x', 'x * 2', '-x', '+x', 'x < 1', 'x == 1', 'Number(x)', 'Math.sin(x)', 'isNaN(x)'];

  test.each(refused)('%s is an error that says what to write', (expression) => {
    const message = /^JavaScript's operators do not work on a Tensor: use x\.add\(y\), .*x\.item\(\)/;
    const f = evaluate(expression);
    expectError(() => f(torch.tensor(3)), TypeError, message);
    expectError(() => grad(f as (x: Tensor) => Tensor)(torch.tensor(3)), TypeError, message);
    expectError(() => vmap(f)(x), TypeError, message);
  });

  test('a text may show a tensor, and identity is identity', () => {
    expect(`${torch.tensor(3)}`).toBe('tensor(3.)');
    expect([torch.tensor(3)].join()).toBe('tensor(3.)');
    expect(evaluate('x == x && x === x && x != null')(x)).toBe(true);
    expect(vmap((t: Tensor) => (expect(`${t}`).toMatch(/^BatchedTensor/), t))(x).toArray()).toEqual([1, 2, 3]);
  });
});

describe('the loop for operators without a batching rule', () => {
  const first = (t: Tensor): Tensor => t.take(torch.tensor([0n]));
  const warnings = (): string[] => {
    const emit = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    try {
      vmap(first)(m);
      vmap(first)(m);
      return emit.mock.calls.map(([message]) => String(message));
    } finally {
      emit.mockRestore();
    }
  };
  afterEach(() => torch.func.setBatchingFallback('warn'));

  test('warns once, naming the operator; or not at all; or is an error', () => {
    expect(torch.func.getBatchingFallback()).toBe('warn');
    torch.func.setBatchingFallback('silent');
    expect(torch.func.getBatchingFallback()).toBe('silent');
    expect(warnings()).toEqual([]);
    torch.func.setBatchingFallback('warn');
    expect(warnings()).toEqual([expect.stringMatching(/not yet implemented the batching rule for aten::take\./)]);
    torch.func.setBatchingFallback('error');
    expect(torch.func.getBatchingFallback()).toBe('error');
    expectError(() => vmap(first)(m), RuntimeError, /^aten::take hit the vmap fallback .*\n.*setBatchingFallback/);
    expectError(() => vmap(vmap(first))(m.view(1, 2, 3)), RuntimeError, /^aten::take hit the vmap fallback/);
    torch.func.setBatchingFallback('warn');
    expect(vmap(first)(m).toArray()).toEqual([[1], [4]]);
  });

  test('takes no other mode', () => {
    for (const mode of ['off', true, undefined, null]) {
      const set = () => torch.func.setBatchingFallback(mode as never);
      expectError(
        set,
        ValueError,
        `setBatchingFallback: expected 'warn', 'error' or 'silent', but got ${String(mode)}`,
      );
    }
  });
});
