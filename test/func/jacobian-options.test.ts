/** What torch-func adds to PyTorch's Jacobians: chunks of columns, and the value in the same pass. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import type { Randomness } from '../../lib/func/vmap';
import { native } from '../../lib/native';

const { hessian, jacfwd, jacrev } = torch.func;

type Transform = (f: (x: Tensor) => Tensor, options: object) => (x: Tensor) => unknown;

const x = torch.tensor([0.3, -1.2, 2.5, 0.1], { dtype: 'float64' });
const w = torch.tensor([1.5, -0.5], { dtype: 'float64' });
let calls = 0;
const f = (x: Tensor, w: Tensor) => {
  calls++;
  return { a: x.sin().mul(w.sum()), b: x.mul(x).sum() };
};
const both = { argnums: [0, 1] } as const;

const values = (tree: unknown): unknown =>
  torch.isTensor(tree)
    ? { shape: tree.shape, values: tree.toArray() }
    : Object.fromEntries(Object.entries(tree as object).map(([key, value]) => [key, values(value)]));

function close(got: Tensor, expected: Tensor): void {
  expect(got.shape).toEqual(expected.shape);
  expect(torch.allclose(got, expected, { rtol: 1e-12, atol: 1e-12 })).toBe(true);
}

afterEach(() => {
  expect(native.levelDepth()).toBe(0);
});

describe('chunkSize', () => {
  const whole = jacfwd(f, both)(x, w);

  test.each([1, 2, 3, 4, 5, 6, 100])('jacfwd in chunks of %i columns', (chunkSize) => {
    const got = jacfwd(f, { ...both, chunkSize })(x, w);
    for (const key of ['a', 'b'] as const) for (const i of [0, 1]) close(got[key][i], whole[key][i]);
  });

  test.each([1, 3, 100])('hessian in chunks of %i', (chunkSize) => {
    const g = (x: Tensor) => x.pow(3).sum();
    close(hessian(g, { chunkSize })(x), torch.diag(x.mul(6)));
  });

  test('one column at a time needs no batching rule', () => {
    const g = (x: Tensor) => x.mul(x.sum().detach().item());
    expect(() => jacfwd(g)(x)).not.toThrow(); // the primal is not batched
    close(jacfwd(g, { chunkSize: 1 })(x), torch.eye(4, { dtype: 'float64' }).mul(x.sum()));
  });

  test.each([0, -1, 1.5])('%p is refused when the function is made', (chunkSize) => {
    const options = { chunkSize };
    expect(() => jacfwd(f, options)).toThrow('jacfwd: `chunkSize` should be greater than 0.');
    expect(() => hessian(f, options)).toThrow('hessian: `chunkSize` should be greater than 0.');
  });

  test('chunks inside vmap, and of a Jacobian that is differentiated', () => {
    const g = (x: Tensor) => x.pow(3);
    const batch = torch.stack([x, x.mul(2)]);
    close(torch.vmap(jacrev(g, { chunkSize: 3 }))(batch), torch.vmap(jacrev(g))(batch));
    const trace = (chunkSize: number | null) => torch.func.grad((x: Tensor) => jacrev(g, { chunkSize })(x).sum())(x);
    close(trace(3), x.mul(6));
    const leaf = x.clone().requiresGrad_();
    const [gradient] = torch.autograd.grad(jacrev(g, { chunkSize: 3 })(leaf).sum(), leaf);
    close(gradient, x.mul(6));
  });
});

describe('returnValue', () => {
  const expected = values(f(x, w));

  test('jacrev calls the function once', () => {
    calls = 0;
    const [jacobian, value] = jacrev(f, { ...both, returnValue: true })(x, w);
    expect(calls).toBe(1);
    expect(values(value)).toEqual(expected);
    close(jacobian.b[0], x.mul(2));
  });

  test.each([null, 1, 2])('jacfwd in chunks of %p', (chunkSize) => {
    const [jacobian, value] = jacfwd(f, { ...both, returnValue: true, chunkSize })(x, w);
    expect(values(value)).toEqual(expected);
    close(jacobian.b[0], x.mul(2));
  });

  test('hessian, with aux', () => {
    const g = (x: Tensor) => [x.pow(3).sum(), { twice: x.mul(2) }] as const;
    const [matrix, value, aux] = hessian(g, { hasAux: true, returnValue: true })(x);
    close(matrix, torch.diag(x.mul(6)));
    close(value, x.pow(3).sum());
    close(aux.twice, x.mul(2));
    const [again, onlyAux] = hessian(g, { hasAux: true })(x);
    close(again, matrix);
    close(onlyAux.twice, x.mul(2));
    const [third, onlyValue] = hessian((x: Tensor) => x.pow(3).sum(), { returnValue: true })(x);
    close(third, matrix);
    close(onlyValue, value);
  });

  test('inside vmap', () => {
    const batch = torch.stack([x, x.mul(2)]);
    const [jacobian, value] = torch.vmap((x: Tensor) => jacfwd((x: Tensor) => x.sin(), { returnValue: true })(x))(
      batch,
    );
    close(value, batch.sin());
    close(jacobian, torch.diagEmbed(batch.cos()));
  });
});

test('a random operator in a hessian follows randomness', () => {
  const g = (x: Tensor) =>
    x
      .mul(torch.rand(4, { dtype: 'float64' }))
      .pow(2)
      .sum();
  expect(() => hessian(g)(x)).toThrow(/randomness error mode/);
  expect(hessian(g, { randomness: 'same' })(x).shape).toEqual([4, 4]);
});

describe('debugUnwrap', () => {
  test('goes to the bottom, or one level down', () => {
    const seen: number[][] = [];
    torch.vmap((row: Tensor) =>
      torch.func.grad((row: Tensor) => {
        seen.push(torch.func.debugUnwrap(row).shape, torch.func.debugUnwrap(row, { recurse: false }).shape);
        return row.sum();
      })(row),
    )(torch.ones(5, 3));
    expect(seen).toEqual([[5, 3], [3]]);
  });

  test('gives a tensor that is not wrapped as it is', () => {
    expect(torch.func.debugUnwrap(x)).toBe(x);
  });
});

describe('randomness', () => {
  // The Jacobian is the diagonal matrix of the draws.
  const scaled = (x: Tensor): Tensor => x.mul(torch.rand(4, { dtype: 'float64' }));
  const draws = (randomness: Randomness, chunkSize: number | null): Tensor => {
    torch.manualSeed(7);
    return jacfwd(scaled, { randomness, chunkSize })(x).diagonal();
  };
  const chunkSizes = [null, 1, 2, 3, 4];

  test.each(chunkSizes)("'error', chunks of %p", (chunkSize) => {
    expect(() => draws('error', chunkSize)).toThrow('randomness error mode');
    const cubed = (x: Tensor): Tensor => scaled(x.pow(3)).sum();
    expect(() => hessian(cubed, { chunkSize })(x)).toThrow('randomness error mode');
  });

  test.each(chunkSizes)("'same' draws once for all columns, chunks of %p", (chunkSize) => {
    const got = draws('same', chunkSize);
    torch.manualSeed(7);
    close(got, torch.rand(4, { dtype: 'float64' }));
  });

  test.each(chunkSizes)("'different' draws for each column, chunks of %p", (chunkSize) => {
    const total = (x: Tensor): Tensor => x.sum().mul(torch.rand([], { dtype: 'float64' }));
    const row = jacfwd(total, { randomness: 'different', chunkSize })(x);
    expect(new Set(row.toArray() as number[]).size).toBe(4);
    const same = jacfwd(total, { randomness: 'same', chunkSize })(x);
    expect(new Set(same.toArray() as number[]).size).toBe(1);
  });

  test('another value is refused when the function is made', () => {
    const options = { randomness: 'bogus' as Randomness };
    const message = "Only allowed values for randomness are 'error', 'different', or 'same'. Got bogus";
    expect(() => jacfwd(scaled, options)).toThrow(message);
    expect(() => hessian(scaled, options)).toThrow(message);
    expect(() => jacfwd(scaled, { ...options, chunkSize: 1 })).toThrow(message);
  });
});

test('options are read when the function is made', () => {
  const g = (x: Tensor): Tensor => x.pow(2).sum();
  for (const transform of [jacrev, jacfwd, torch.func.grad, torch.func.gradAndValue] as unknown as Transform[]) {
    const options = { hasAux: false, returnValue: false };
    if (transform !== jacrev && transform !== jacfwd) delete (options as Partial<typeof options>).returnValue;
    const made = transform(g, options);
    const before = made(x);
    Object.assign(options, { hasAux: true, returnValue: true, argnums: 1, chunkSize: 0 });
    expect(values(made(x))).toEqual(values(before));
  }
});
