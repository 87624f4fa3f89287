import * as torch from '../lib';
import {
  broadcastPrefix,
  flatten,
  leafCount,
  specEquals,
  specToShortString,
  specToString,
  treeMap,
  unflatten,
} from '../lib/pytree';

const trees: [string, unknown, unknown[]][] = [
  ['a leaf', 1, [1]],
  ['null', null, [null]],
  ['undefined', undefined, [undefined]],
  ['an array', [1, [2, 3], []], [1, 2, 3]],
  ['an object, by insertion', { b: 1, a: [2, { c: 3 }] }, [1, 2, 3]],
  ['an object without prototype', Object.assign(Object.create(null), { x: 1 }), [1]],
  ['nothing', [], []],
  ['instances are leaves', [new Map(), new Date(0)], [new Map(), new Date(0)]],
];

describe('flatten and unflatten', () => {
  test.each(trees)('%s', (_, tree, leaves) => {
    const flat = flatten(tree);
    expect(flat.leaves).toEqual(leaves);
    expect(leafCount(flat.spec)).toBe(leaves.length);
    expect(unflatten(flat.leaves, flat.spec)).toEqual(tree);
  });
  test('tensors and typed arrays are leaves', () => {
    const x = torch.ones(2);
    const bytes = new Uint8Array(3);
    const { leaves } = flatten({ x, bytes });
    expect(leaves).toHaveLength(2);
    expect(leaves[0] === x && leaves[1] === bytes).toBe(true);
  });
  test('the wrong number of leaves', () => {
    const { spec } = flatten([1, { a: 2 }]);
    expect(() => unflatten([1], spec)).toThrow(torch.ValueError);
    expect(() => unflatten([1], spec)).toThrow(
      "treespec.unflatten(leaves): `leaves` has length 1 but the spec refers to a pytree that holds 2 items (TreeSpec(tuple, None, [*,\n  TreeSpec(dict, ['a'], [*])])).",
    );
  });
  test('a structure that contains itself', () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(() => flatten(cycle)).toThrow(torch.ValueError);
    expect(() => flatten(cycle)).toThrow(/contains itself/);
  });
  test('keys that mean something to objects', () => {
    const tree = JSON.parse('{"__proto__": 1, "constructor": 2}') as object;
    const { leaves, spec } = flatten(tree);
    const copy = unflatten(leaves, spec) as object;
    expect(Object.keys(copy)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
  });
});

describe('treeMap', () => {
  test('keeps the structure', () => {
    expect(treeMap({ a: [1, 2], b: 3 }, (x) => (x as number) * 2)).toEqual({ a: [2, 4], b: 6 });
    expect(treeMap(5, (x) => (x as number) + 1)).toBe(6);
  });
});

describe('specEquals', () => {
  const spec = (tree: unknown) => flatten(tree).spec;
  test('by kind, length, keys and their order', () => {
    expect(specEquals(spec([1, { a: 2 }]), spec([3, { a: 4 }]))).toBe(true);
    expect(specEquals(spec([1]), spec([1, 2]))).toBe(false);
    expect(specEquals(spec({ a: 1, b: 2 }), spec({ b: 2, a: 1 }))).toBe(false);
    expect(specEquals(spec([1]), spec(1))).toBe(false);
    expect(specEquals(spec([1]), spec({ 0: 1 }))).toBe(false);
  });
});

describe('broadcastPrefix', () => {
  const spec = flatten([1, { a: 2, b: [3, 4] }]).spec;
  test.each<[string, unknown, unknown]>([
    ['one leaf for all', 0, [0, 0, 0, 0]],
    ['one per argument', [0, null], [0, null, null, null]],
    ['deeper', [0, { a: 1, b: 2 }], [0, 1, 2, 2]],
    ['keys in another order', [0, { b: 2, a: 1 }], [0, 1, 2, 2]],
    ['to the end', [0, { a: 1, b: [2, 3] }], [0, 1, 2, 3]],
    ['too short', [0], null],
    ['too long', [0, 1, 2], null],
    ['a missing key', [0, { a: 1 }], null],
    ['another key', [0, { a: 1, c: 1 }], null],
    ['an array for an object', [0, [1, 2]], null],
    ['deeper than the structure', [[0], 1], null],
  ])('%s', (_, prefix, expected) => {
    expect(broadcastPrefix(prefix, spec)).toEqual(expected);
  });
});

describe('printing', () => {
  test('as PyTorch prints a TreeSpec', () => {
    expect(specToString(flatten([1, [2, 3]]).spec)).toBe(
      'TreeSpec(tuple, None, [*,\n  TreeSpec(tuple, None, [*,\n    *])])',
    );
    expect(specToString(flatten({ a: 1 }).spec)).toBe("TreeSpec(dict, ['a'], [*])");
    expect(specToString(flatten(1).spec)).toBe('*');
  });
  test('in short', () => {
    expect(specToShortString(flatten([1, { a: 2, b: [3] }]).spec)).toBe("(*, {'a': *, 'b': (*,)})");
    expect(specToShortString(flatten([]).spec)).toBe('()');
  });
});

describe('registerPytreeNode', () => {
  test('structures are the same where the contexts hold the same; the message shows them', () => {
    class Bag {
      constructor(readonly entries: Record<string, torch.Tensor>) {}
    }
    torch.registerPytreeNode(Bag, {
      flatten: ({ entries }: Bag) => ({ children: Object.values(entries), context: Object.keys(entries) }),
      unflatten: (children, names) =>
        new Bag(Object.fromEntries((names as string[]).map((name, i) => [name, children[i] as torch.Tensor]))),
    });
    const [out, vjpFn] = torch.func.vjp((x: torch.Tensor) => new Bag({ a: x.mul(2), b: x }), torch.ones(2));
    expect(vjpFn(out)[0].toArray()).toEqual([5, 5]);
    const x = torch.ones(2);
    expect(() => vjpFn(new Bag({ b: x, a: x }))).toThrow(
      "cotangents: Bag(*, *; [ 'b', 'a' ]), primal output: Bag(*, *; [ 'a', 'b' ])",
    );
    const sum = ({ entries }: Bag): torch.Tensor => entries.a.add(entries.b);
    const given = new Bag({ a: x, b: x });
    expect(torch.func.jvp(sum, [given], [given])[1].toArray()).toEqual([2, 2]);
    expect(() => torch.func.jvp(sum, [given], [new Bag({ a: x })])).toThrow("TreeSpec(Bag, [ 'a', 'b' ], [*,");
  });

  class Pair {
    constructor(
      public first: torch.Tensor,
      public second: torch.Tensor,
    ) {}
  }
  torch.registerPytreeNode(Pair, {
    flatten: (pair: Pair) => ({ children: [pair.first, pair.second], context: null }),
    unflatten: ([first, second]) => new Pair(first as torch.Tensor, second as torch.Tensor),
  });
  test('goes through every transform', () => {
    const pair = new Pair(torch.tensor([1, 2]), torch.tensor([3, 4]));
    const f = (p: Pair) => p.first.mul(p.second).sum();
    const g = torch.func.grad(f)(pair) as unknown as Pair;
    expect(g).toBeInstanceOf(Pair);
    expect(g.first.toArray()).toEqual([3, 4]);
    expect(
      torch
        .vmap((p: Pair) => p.first.mul(p.second))(pair)
        .toArray(),
    ).toEqual([3, 8]);
    const mapped = torch.vmap((p: Pair) => new Pair(p.second, p.first))(pair);
    expect(mapped).toBeInstanceOf(Pair);
    expect(mapped.first.toArray()).toEqual([3, 4]);
  });
  test('only once', () => {
    expect(() =>
      torch.registerPytreeNode(Pair, {
        flatten: () => ({ children: [], context: null }),
        unflatten: () => null as never,
      }),
    ).toThrow('Pair is already registered as pytree node.');
  });
});
